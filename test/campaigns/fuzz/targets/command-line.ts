import { array, constantFrom, oneof, string, tuple } from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../../../../daemon/cli/program.ts';
import type { Context } from '../../../../daemon/cli/context.ts';
import { loadSettings } from '../../../../daemon/config/settings.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { hold, textOf, type Target } from '../target.ts';

const COMMANDS = [
  'secrets set',
  'secrets list',
  'secrets show',
  'secrets remove',
  'secrets import',
  'workspaces create',
  'workspaces list',
  'orgs create',
  'compute-envs create',
  'compute-envs update',
  'runs list',
  'runs show',
  'runs purge',
  'runs receipt',
  'runs prune',
  'status',
  'config set',
  'config get',
  'config list',
  'use',
  'vault status',
  'vault rekey',
  'vault export',
  'vault import',
  'iam render',
  'completion',
  'daemon status',
  'daemon logs',
  'audit',
  'sweep',
  'shim',
  'doctor',
  'secrets',
  'help',
  'nonesuch',
].map((text) => text.split(' '));
const argument = oneof(
  constantFrom(
    'FOO_KEY',
    '@NEEDLE@',
    'local/main',
    '--workspace',
    '--user',
    '--json',
    '--yes',
    '--from',
    'json',
    'dotenv',
    '--from-file',
    'file',
    '--platform',
    'hpc',
    'aws-batch',
    '--help',
    '--version',
    '--force',
    '--days',
    '30',
    '-f',
    '--',
    '-',
    '',
    '--head-options',
    "'x",
    '--recipient',
    'age1x',
    '--passphrase-file',
    '--name=x',
    'bash',
    '--account',
    '123456789012',
    '--executor',
    'slurm',
  ),
  string({ maxLength: 12 }),
);

/**
 * Arguments of all commands but `run`, separated by NUL. No daemon answers, and the settings are those of an empty home.
 * Arguments that name a path outside are dropped, because some commands write to their arguments.
 */
export const commandLine: Target = {
  name: 'command-line',
  share: 15,
  arbitrary: tuple(constantFrom(...COMMANDS), array(argument, { maxLength: 5 })).map(([command, args]) =>
    [...command, ...args].join('\0'),
  ),
  open: async ({ directory, needle }) => {
    const settings = await loadSettings({ NF_ESCROW_HOME: join(directory, 'home') });
    const work = join(directory, 'work');
    mkdirSync(work);
    writeFileSync(join(work, 'file'), needle);
    const absent = (): Promise<never> =>
      Promise.reject(new EscrowError('daemon-unavailable', 'No daemon answers.'));
    const context = {
      settings,
      assertSettings: () => undefined,
      version: '0.0.0',
      command: ['/nf-escrow'],
      daemon: absent,
      daemonIfRunning: () => Promise.resolve(undefined),
      takeOver: absent,
      serve: absent,
      nextflow: absent,
      importing: () => import('../../../../daemon/cli/io/import-sources.ts'),
      writeSetting: () => Promise.resolve(),
      writeShim: (place: string) => Promise.resolve(place),
      awsCredentials: absent,
      policies: () => import('../../../../daemon/aws/iam/iam-policies.ts'),
      examine: () => Promise.resolve([]),
    } as unknown as Context;
    return {
      run: async (input) => {
        const words = input.toString('utf8').split('\0');
        const args = words
          .filter((one) => !/^\/|\.\.|=\//.test(one))
          .map((one, place) => (isMistaken(words, place) ? textOf(Buffer.from(one), needle) : one));
        const before = process.cwd();
        let output = '';
        const keep = (chunk: string | Uint8Array): boolean => {
          output += Buffer.from(chunk as string).toString();
          return true;
        };
        process.chdir(work);
        // An own property hides the method of the class. Deleting it restores the method.
        for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { write: keep });
        try {
          await (await buildProgram(context, args)).parseAsync(args, { from: 'user' });
        } catch (error) {
          // commander's errors have an exit status, which main.ts handles.
          if (!(error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'))
            throw error;
        } finally {
          for (const stream of [process.stdout, process.stderr]) Reflect.deleteProperty(stream, 'write');
          process.chdir(before);
          process.exitCode = undefined;
        }
        hold(!/^ +at .*\.js:/m.test(output), 'no stack trace is printed');
        return output;
      },
    };
  },
};

/** Returns whether an argument is a value that the user passed by mistake after the name in `secrets set`. */
function isMistaken(words: readonly string[], place: number): boolean {
  const [first, second, name, ...more] = words;
  const isSet = first === 'secrets' && second === 'set' && name?.startsWith('-') === false;
  return isSet && place === 3 && more.length === 1;
}
