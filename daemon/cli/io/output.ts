import { systemCode } from '../../errors.ts';

/** Writes a line to standard output. */
export function print(line: string): void {
  write(`${line}\n`);
}

let guarded = false;

/** Writes to standard output, as it is. */
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

export function printJson(data: unknown): void {
  print(JSON.stringify(data, null, 2));
}

/** Columns as wide as their widest cell. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  for (const row of [header, ...rows]) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
