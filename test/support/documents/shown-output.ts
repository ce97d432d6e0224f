/** Parts of an output that differ between runs, and what each is replaced by. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  // On a terminal, times are relative.
  [/\d{4}-\d\d-\d\dT[\d:.]+Z|\bjust now\b|\b\d+ (?:second|minute)s? ago\b/g, 'TIME'],
  [/\br\d{6,}[a-z0-9]+/g, 'RUN'],
  [/\[[0-9a-f]{2}\/[0-9a-f]{6}\]/g, '[TASK]'],
  [/revision: [0-9a-f]+/g, 'revision: HASH'],
  [/version \d+\.\d+\.\d+/g, 'version N'],
  [/\d+ files?, \d+ tasks?, \d+ (?:KiB|B|bytes)/g, 'FILES'],
  [/\b\d+ ms\b/g, 'N ms'],
];
/** A run name of Nextflow: an adjective and the name of a scientist. */
const NAME = /\b[a-z]+_[a-z]+\b/g;

/** Returns the lines of a page that an output does not contain. `…` is any text. A line that consists of it is ignored. */
export function missingLines(shown: readonly string[], output: string, home: string): string[] {
  const lines = output.split('\n').map((line) => plain(line, home));
  return shown
    .filter((line) => !/^(?:\? .*|…|)$/.test(line.trim()))
    .filter((line) => {
      const parts = plain(line, home).split('…');
      const [first = '', ...rest] = parts;
      return !lines.some((actual) => {
        if (rest.length === 0) return actual === first;
        return actual.startsWith(first) && actual.endsWith(rest.at(-1) ?? '');
      });
    });
}

function plain(line: string, home: string): string {
  const replaced = VARYING.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), line);
  return replaced.replaceAll(home, '/home/you').replaceAll(NAME, 'NAME').replaceAll(/\s+/g, ' ').trim();
}
