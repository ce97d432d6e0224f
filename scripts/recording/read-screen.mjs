/** A control sequence (CSI), another escape sequence, or one character. */
const TOKENS =
  /\x1b\[([?>=]?[\d;]*)([@-~])|\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78A-Z])|([^])/gu; // eslint-disable-line no-control-regex

/**
 * Returns the lines that a terminal shows after an output. Understands what a shell and nf-escrow write: line feeds, returns,
 * backspaces, movements of the cursor in a line and between lines, and erasure. Colors are ignored.
 */
export function readScreen(output) {
  const lines = [[]];
  let [row, column] = [0, 0];
  const lineAt = (index) => {
    while (lines.length <= index) lines.push([]);
    return lines[index];
  };
  const moves = {
    A: (count) => (row = Math.max(0, row - count)),
    B: (count) => (row += count),
    C: (count) => (column += count),
    D: (count) => (column = Math.max(0, column - count)),
    G: (count) => (column = count - 1),
  };
  const erase = (kind) => {
    const line = lineAt(row);
    if (kind === 2) line.length = 0;
    else if (kind === 1) line.fill(' ', 0, column + 1);
    else line.length = Math.min(line.length, column);
  };
  for (const [, parameters, final, character] of output.matchAll(TOKENS)) {
    const number = Number.parseInt(parameters ?? '', 10);
    if (final === 'K') erase(Number.isNaN(number) ? 0 : number);
    else if (final === 'J') lines.length = erase(0) ?? row + 1;
    else if (final !== undefined) moves[final]?.(Number.isNaN(number) ? 1 : number);
    else if (character === '\n') row += 1;
    else if (character === '\r') column = 0;
    else if (character === '\b') column = Math.max(0, column - 1);
    else if (character !== undefined && character >= ' ') {
      const line = lineAt(row);
      while (line.length < column) line.push(' ');
      line[column] = character;
      column += 1;
    }
    lineAt(row);
  }
  return lines.map((line) => line.join('').trimEnd());
}
