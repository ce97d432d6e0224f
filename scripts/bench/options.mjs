// The options of npm run bench.
import { parseArgs } from 'node:util';

const OPTIONS = {
  only: { type: 'string' },
  json: { type: 'string' },
  page: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** Returns the usage for a table of groups. */
export function usage(groups) {
  return `Usage: npm run bench -- [--only GROUP[,GROUP...]] [--json FILE] [--page]

Measures figures and prints a table and one line of JSON.

  --only GROUP[,GROUP...]  Groups to measure (default: all)
  --json FILE              Also write the JSON to a file
  --page                   Write the figures of the group peers into docs/performance.md
  --help                   Print this text

Groups: ${Object.keys(groups).join(', ')}.
The group engine stands for all that need no Nextflow.
`;
}

/** Returns the options with the names of the requested groups. Throws for input that is not valid. */
export function readOptions(args, groups) {
  const { values } = parseArgs({ args, options: OPTIONS });
  const all = Object.keys(groups);
  const engine = all.filter((name) => !groups[name].needsNextflow);
  const selected = (values.only ?? all.join(','))
    .split(',')
    .flatMap((name) => (name === 'engine' ? engine : [name]));
  const unknown = selected.find((name) => !all.includes(name));
  if (unknown !== undefined)
    throw new Error(`Unknown group "${unknown}". Groups: engine, ${all.join(', ')}.`);
  return { ...values, groups: all.filter((name) => selected.includes(name)) };
}
