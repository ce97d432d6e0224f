import { array, constantFrom, oneof, string } from 'fast-check';
import { splitRunOptions } from '../../../../daemon/cli/launch/run-options.ts';
import { splitWords } from '../../../../daemon/cli/io/split-words.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { buildRunArguments, readCommandLine } from '../../../../daemon/nextflow/launcher/arguments.ts';
import { readRunLine } from '../../../../daemon/nextflow/launcher/configuration.ts';
import { launcherOptions, runOptions } from '../../../../daemon/nextflow/launcher/options.ts';
import { expectedLog } from '../../../../daemon/nextflow/logs/log.ts';
import { hold, textOf, type Target } from '../target.ts';

const OURS = [
  '--workspace',
  '--compute-env',
  '--only-secret',
  '--user-secret',
  '--no-secrets',
  '--detach',
  '--explain',
  '--json',
  '--nextflow',
  '--help',
  '--',
];
const word = oneof(
  constantFrom(...OURS, ...Object.keys(launcherOptions), ...Object.keys(runOptions)),
  constantFrom(
    'main.nf',
    '-',
    'run',
    'last',
    '--input=x',
    '--x',
    '-process.queue',
    '-process.queue=long',
    '-e.X=1',
    'local/main',
    'FOO_KEY',
    '',
    '"',
    "'a b'",
  ),
  string({ maxLength: 20 }),
);

/** Arguments of `nf-escrow run` and `nf-escrow nextflow`, separated by NUL. */
export const runArguments: Target = {
  name: 'run-arguments',
  share: 120,
  arbitrary: array(word, { maxLength: 9 }).map((words) => words.join('\0')),
  open: ({ needle }) => ({
    run: (input) => {
      const args = textOf(input, needle).split('\0');
      const refused: EscrowError[] = [];
      const attempt = (work: () => void): void => {
        try {
          work();
        } catch (error) {
          if (!(error instanceof EscrowError)) throw error;
          refused.push(error);
        }
      };
      attempt(() => {
        const { rest } = splitRunOptions(args);
        hold(
          rest.length <= args.length &&
            args.slice(args.length - rest.length).every((one, at) => one === rest[at]),
          "Nextflow's arguments are passed verbatim",
        );
        const { arguments: line } = buildRunArguments(rest);
        hold(
          line.includes('run') && [...line].sort().join('\0') === [...rest, 'run'].sort().join('\0'),
          'no argument is lost or added',
        );
      });
      attempt(() => {
        const line = readCommandLine(args, (path) => path.endsWith('.nf'));
        hold(
          line === undefined || line.arguments.join('\0') === args.join('\0'),
          'a command line is kept verbatim',
        );
      });
      attempt(() => void readRunLine(args));
      attempt(() => void expectedLog('/launch', args, {}));
      attempt(() => {
        const text = args.join(' ');
        const words = splitWords(text).join('');
        hold(words.replace(/[\s'"]/g, '') === text.replace(/[\s'"]/g, ''), 'no character is lost');
      });
      return refused.filter(({ code }) => code !== 'usage').map(({ message }) => message);
    },
  }),
};
