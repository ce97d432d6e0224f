// All that nf-escrow prints goes through here, where what could steer a terminal is escaped; the prompts beside this file
// use the same. Nextflow writes to the terminal itself.
import { EscrowError, systemCode } from '../../errors.ts';
import { escapeJson, escapeLines, escapeText } from '../../system/escape-text.ts';
import { TerminalText } from './terminal-text.ts';

/** Writes a line to standard output. */
export function print(line: string): void {
  write(`${escapeText(line)}\n`);
}

/** Writes lines of our own, a help text, to standard output. */
export function printLines(text: string): void {
  write(`${escapeLines(text)}\n`);
}

let guarded = false;

/** Writes to standard output, as it is: for what is not to be read by people. */
export function write(chunk: string | Uint8Array): void {
  if (!guarded) process.stdout.on('error', endQuietly);
  guarded = true;
  process.stdout.write(chunk);
}

/** Who reads us may have enough (`| head`): then there is no more to say, and that is no error. */
function endQuietly(error: Error): void {
  if (systemCode(error) === 'EPIPE') process.exit();
  throw error;
}

export function outputIsTerminal(): boolean {
  return process.stdout.isTTY;
}

/** Shows what others wrote: on a terminal with controls escaped, else byte for byte. */
export async function show(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const escaped = outputIsTerminal() ? new TerminalText() : undefined;
  for await (const chunk of chunks) write(escaped?.take(chunk) ?? chunk);
  if (escaped !== undefined) write(escaped.end());
}

export function printJson(data: unknown): void {
  write(`${jsonText(data)}\n`);
}

/** JSON for files and pipes that someone may look at. */
export function jsonText(data: unknown): string {
  return escapeJson(JSON.stringify(data, null, 2));
}

/** Columns as wide as their widest cell. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [header, ...rows].map((row) => row.map(escapeText));
  const widths = header.map((_, column) =>
    lines.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0),
  );
  for (const row of lines) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Writes a line about what goes on to standard error. */
export function warn(text: string): void {
  printError(`nf-escrow: ${text}`);
}

/** Writes a line to standard error. */
export function printError(line: string): void {
  writeError(`${escapeText(line)}\n`);
}

let errorGuarded = false;

/** Writes lines of our own to standard error. */
export function writeError(text: string): void {
  // A terminal that has gone takes no message; the exit status still counts.
  if (!errorGuarded) process.stderr.on('error', () => undefined);
  errorGuarded = true;
  process.stderr.write(escapeLines(text));
}

/** Says what went wrong, with its hint. */
export function reportError(error: Error): void {
  warn(error.message);
  if (error instanceof EscrowError) printError(`           ${error.hint}`);
}

/** Says what nobody has caught, with its stack: a mistake of ours. */
export function reportCrash(error: Error): void {
  warn(`${error.name}: ${error.message}`);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  for (const frame of frames) printError(frame);
}
