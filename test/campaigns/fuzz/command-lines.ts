import { array, constant, constantFrom, oneof, string, tuple, type Arbitrary } from 'fast-check';
import type { Command } from 'commander';
import type { Context } from '../../../daemon/cli/context.ts';
import { RUN_OPTIONS } from '../../../daemon/cli/launch/run-options.ts';
import { buildProgram } from '../../../daemon/cli/program.ts';

/** A command of the program, as far as its arguments are concerned. */
interface Shape {
  readonly words: readonly string[];
  readonly options: readonly { readonly long: string; readonly takesValue: boolean }[];
}

/** Wait for signals, for a person or for events, or change more than the state directory. */
const NOT_RUN: readonly string[] = ['daemon install', 'daemon logs', 'runs watch'];

const RUN = RUN_OPTIONS.map((long) => ({ long, takesValue: true }));

/** Returns every command, so that a new one is included. Those without a subcommand as well: `secrets`. */
async function readShapes(): Promise<Shape[]> {
  const shapes: Shape[] = [];
  const add = (command: Command, words: readonly string[]): void => {
    const options = command.options.flatMap(({ long, required, optional }) =>
      !long ? [] : [{ long, takesValue: required || optional }],
    );
    const isRun = words[0] === 'run'; // its options are not commander's
    if (words.length > 0 && !NOT_RUN.includes(words.join(' ')))
      shapes.push({ words, options: isRun ? RUN : options });
    for (const each of command.commands) add(each, [...words, each.name()]);
  };
  add(await buildProgram({ version: '0.0.0' } as Context), []);
  return [...shapes, { words: ['nonesuch'], options: [] }, { words: ['help', 'secrets'], options: [] }];
}

/** Values that are valid somewhere, and values that are valid nowhere. `@NEEDLE@` is replaced by a secret value. */
const value = oneof(
  constantFrom(
    ...[
      'FOO_KEY',
      'BAR',
      '_',
      '__X',
      'local/main',
      'local',
      'local/',
      'Lab/Rna',
      'hpc',
      'aws-batch',
      'slurm',
      'slrm',
    ],
    ...[
      '1',
      '0',
      '-1',
      '1.5',
      '1e9',
      '99999999999999999999',
      'abc',
      'true',
      'running',
      'runing',
      'wait:5',
      'bash',
    ],
    ...[
      'file',
      'file.json',
      'nothing',
      '.',
      '-',
      '',
      ' ',
      'json',
      'dotenv',
      'nextflow',
      'keepRunsDays',
      'onLost',
    ],
    ...[
      '123456789012',
      'eu-west-1',
      's3://work/x',
      'arn:aws:iam::123456789012:role/x',
      'age1x',
      "'x",
      '"',
      '%s',
      '\\',
    ],
  ),
  string({ maxLength: 12 }),
  string({ unit: 'binary', maxLength: 6 }),
);
const common = oneof(
  value,
  constantFrom('--yes', '--json', '--help', '-h', '--', '-f', '-x', '--version', '--days'),
);

/** Options of the command, also misspelled, without their value, or with the value of another one. */
function argumentsOf({ options }: Shape): Arbitrary<string[]> {
  const known = constantFrom(...options.map(({ long }) => long), '--json');
  const written = oneof(
    tuple(known, value),
    tuple(known, value).map(([name, text]) => [`${name}=${text}`]),
    known.map((name) => [name]),
    known.map((name) => [`${name.slice(0, 4)}${name.slice(5)}`]),
    common.map((word) => [word]),
    common.map((word) => [word]),
  );
  return array(written, { maxLength: 4 }).map((groups) => groups.flat());
}

const shapes = await readShapes();

function linesOf(all: readonly Shape[]): Arbitrary<string[]> {
  return constantFrom(...all).chain((shape) =>
    tuple(constant(shape.words), argumentsOf(shape)).map(([words, args]) => [...words, ...args]),
  );
}

/** Command lines of all commands. */
export const allCommandLines: Arbitrary<string[]> = linesOf(shapes);

/** Command lines of all commands but `run` and `nextflow`, whose arguments are Nextflow's. */
export const commandLines: Arbitrary<string[]> = linesOf(
  shapes.filter(({ words: [first] }) => first !== 'run' && first !== 'nextflow'),
);

/** Returns whether an argument can name a path outside of the working directory. */
export function namesOutside(argument: string): boolean {
  return /^\/|\.\.|=\/|\0/.test(argument);
}
