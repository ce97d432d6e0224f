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
 * Arguments of every command but `run`, with a NUL between two, up to the daemon: here none answers. The settings are
 * those of an empty home. Arguments that name a path of this machine are left out: some commands write there.
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
      Promise.reject(new EscrowError('daemon-unavailable', 'None answers here.'));
    const context = {
      settings,
      assertSettings: () => undefined,
      version: '0.0.0',
      program: '/nf-escrow',
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
        let told = '';
        const keep = (chunk: string | Uint8Array): boolean => {
          told += Buffer.from(chunk as string).toString();
          return true;
        };
        process.chdir(work);
        // Their own are those of their class: what is set here hides them, and is taken away again.
        for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { write: keep });
        try {
          await buildProgram(context).parseAsync(args, { from: 'user' });
        } catch (error) {
          // commander's own errors carry their status; main.ts knows that.
          if (!(error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'))
            throw error;
        } finally {
          for (const stream of [process.stdout, process.stderr]) Reflect.deleteProperty(stream, 'write');
          process.chdir(before);
          process.exitCode = undefined;
        }
        hold(!/^ +at .*\.js:/m.test(told), 'no stack is printed');
        return told;
      },
    };
  },
};

/** Whether an argument is a value, given where a name alone should be: others are names of files and the like. */
function isMistaken(words: readonly string[], place: number): boolean {
  const [first, second, name, ...more] = words;
  const isSet = first === 'secrets' && second === 'set' && name?.startsWith('-') === false;
  return isSet && place === 3 && more.length === 1;
}
