// Writes the figures of the group `peers` into docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { root } from '../steps.mjs';

const PAGE = join(root, 'docs/performance.md');
const START = '<!-- Figures: written by npm run bench -- --only peers --page -->';
const END = '<!-- End of figures -->';

/** Replaces the figures in the page. */
export function writeFigures(results, { node }) {
  const [before, rest] = readFileSync(PAGE, 'utf8').split(START);
  const [, after] = rest?.split(END) ?? [];
  if (after === undefined) throw new Error(`docs/performance.md has no "${START}" with "${END}" after it.`);
  const cases = results.filter(({ programs }) => programs !== undefined);
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Linux ${release().split('.').slice(0, 2).join('.')}, Node.js ${node}`;
  const text = [START, '', `Measured on: ${machine}.`, ...cases.flatMap(describeCase), '', END].join('\n');
  writeFileSync(PAGE, `${before}${text}${after}`);
}

function describeCase({ case: title, programs }) {
  const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  return [
    '',
    `### ${title[0].toUpperCase()}${title.slice(1)}`,
    '',
    '| Program | Median | Interquartile range | Ratio to the baseline |',
    '| --- | --: | --: | --: |',
    ...programs.map(
      ({ name, median, low, high, ratio }) =>
        `| ${name} | ${ms(median)} | ${ms(low)} to ${ms(high)} | ${ratio.toFixed(ratio < 10 ? 2 : 0)} |`,
    ),
  ];
}
