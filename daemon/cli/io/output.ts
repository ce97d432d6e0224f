// All output of nf-escrow goes through this module, which escapes terminal control characters. The prompts in this directory
// escape them as well. Nextflow writes to the terminal directly.
import { EscrowError, systemCode } from '../../errors.ts';
import { describeSystemError } from '../../system/files/path-error.ts';
import { escapeJson, escapeLines, escapeText } from '../../system/escape-text.ts';
import { TerminalText } from './terminal-text.ts';

/** Writes a line to standard output. */
export function print(line: string): void {
  write(`${escapeText(line)}\n`);
}

/** Prints a message for people. In a pipe, it goes to standard error, because programs read standard output. */
export function printNote(text: string): void {
  if (outputIsTerminal()) print(text);
  else printError(text);
}

/** Writes trusted lines, such as a help text, to standard output. */
export function printLines(text: string): void {
  write(`${escapeLines(text)}\n`);
}

let guarded = false;

/** Writes to standard output without escaping. For output that programs read. */
export function write(chunk: string | Uint8Array): void {
  if (!guarded) process.stdout.on('error', endWithoutOutput);
  guarded = true;
  try {
    process.stdout.write(chunk);
  } catch (error) {
    endWithoutOutput(error); // Node writes to files and devices synchronously
  }
}

/** Exits without an error if the reader closes the pipe, as in `| head`. Any other error, such as a full disk, is one. */
function endWithoutOutput(error: unknown): never {
  if (systemCode(error) === 'EPIPE') process.exit();
  warn(`Cannot write to standard output: ${describeSystemError(error)}.`);
  process.exit(1);
}

export function outputIsTerminal(): boolean {
  return process.stdout.isTTY;
}

/** Returns the size of the terminal that output goes to. A terminal that reports no size has zeros. */
export function terminalSize(): { readonly columns: number; readonly rows: number } {
  const { columns = 0, rows = 0 } = process.stdout as Partial<typeof process.stdout>;
  return { columns, rows };
}

/** Prints untrusted output: escaped on a terminal, else byte for byte. */
export async function show(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const escaped = outputIsTerminal() ? new TerminalText() : undefined;
  for await (const chunk of chunks) write(escaped?.take(chunk) ?? chunk);
  if (escaped !== undefined) write(escaped.end());
}

export function printJson(data: unknown): void {
  write(`${jsonText(data)}\n`);
}

/** Prints JSON in one line, for streams of objects. */
export function writeJsonLine(data: unknown): void {
  write(`${escapeJson(JSON.stringify(data))}\n`);
}

/** Returns indented JSON with control characters escaped. */
export function jsonText(data: unknown): string {
  return escapeJson(JSON.stringify(data, null, 2));
}

/** Writes a message to standard error, prefixed with the program name. */
export function warn(text: string): void {
  printError(`nf-escrow: ${text}`);
}

/** Writes a line to standard error. */
export function printError(line: string): void {
  writeError(`${escapeText(line)}\n`);
}

let errorGuarded = false;

/** Writes trusted lines to standard error. */
export function writeError(text: string): void {
  // A closed terminal accepts no message. The exit status still counts.
  if (!errorGuarded) process.stderr.on('error', () => undefined);
  errorGuarded = true;
  try {
    process.stderr.write(escapeLines(text));
  } catch {
    // As above: Node writes to files and devices synchronously.
  }
}

/** Prints an error with its hint. */
export function reportError(error: Error): void {
  warn(error.message);
  if (error instanceof EscrowError) printError(`           ${error.hint}`);
}

/** Prints an uncaught error with its stack. It is a bug in nf-escrow, unless the operating system reported it. */
export function reportCrash(error: Error): void {
  if (systemCode(error) !== undefined) {
    warn(`${error.message}.`);
    return;
  }
  warn(`${error.name}: ${error.message}`);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  for (const frame of frames) printError(frame);
}
