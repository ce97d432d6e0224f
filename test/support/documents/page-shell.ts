import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { launcher, Sandbox, until } from '../sandbox.ts';

/** A command to run, with what it reads from standard input. */
export interface Step {
  readonly text: string;
  readonly input: string;
}

/** What a command printed, and how it ended. */
export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined if the shell ended before or during the command. */
  readonly status: number | undefined;
}

/** A page that takes longer hangs. */
const LIMIT_SECONDS = 300;

/**
 * Creates a sandbox in which the commands of a page run as in the shell of a new user: the default directories, and
 * `nf-escrow` and `nextflow` on PATH.
 */
export function newUser(t: Test, nextflow?: string): Sandbox {
  const box = new Sandbox(t, nextflow);
  const bin = join(box.directory, 'bin');
  const runtime = join(box.directory, 'run');
  for (const directory of [bin, runtime]) mkdirSync(directory, { mode: 0o700 });
  symlinkSync(launcher, join(bin, 'nf-escrow'));
  const programs = [bin, dirname(box.env['NF_ESCROW_NEXTFLOW'] ?? ''), box.env['PATH'] ?? ''];
  for (const name of ['NF_ESCROW_HOME', 'NF_ESCROW_NEXTFLOW', 'DISPLAY', 'SSH_CONNECTION'])
    Reflect.deleteProperty(box.env, name);
  Object.assign(box.env, {
    NF_ESCROW_NODE: process.execPath,
    PATH: programs.join(':'),
    USER: 'you',
    XDG_RUNTIME_DIR: runtime,
  });
  return box;
}

/** Starts the daemon of a sandbox. Under load, the start can take longer than a command waits. */
export async function startDaemon(box: Sandbox): Promise<void> {
  await until('the daemon has started', async () => (await box.escrow(['daemon', 'start'])).status === 0);
}

/** Runs commands one after the other in one shell, so that variables and the current directory are kept. */
export async function runInShell(box: Sandbox, steps: readonly Step[]): Promise<Result[]> {
  const directory = join(box.directory, 'steps');
  mkdirSync(directory);
  const file = (index: number, kind: string): string => join(directory, `${String(index)}.${kind}`);
  for (const [index, { text, input }] of steps.entries()) {
    writeFileSync(file(index, 'sh'), `${text}\n`);
    writeFileSync(file(index, 'in'), input);
  }
  // Single quotes: the paths of a sandbox contain no quotes.
  const lines = steps.map((_, index) => {
    const [script, input, out, err, status] = ['sh', 'in', 'out', 'err', 'status'].map((kind) =>
      file(index, kind),
    );
    return `source '${script ?? ''}' <'${input ?? ''}' >'${out ?? ''}' 2>'${err ?? ''}'; echo $? >'${status ?? ''}'`;
  });
  writeFileSync(join(directory, 'all.sh'), `${lines.join('\n')}\n`);
  await box.startProgram('timeout', [String(LIMIT_SECONDS), 'bash', join(directory, 'all.sh')]).ended;
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined; // the shell ended earlier
    }
  };
  return steps.map((_, index) => {
    const status = read(file(index, 'status'));
    return {
      stdout: read(file(index, 'out')) ?? '',
      stderr: read(file(index, 'err')) ?? '',
      status: status === undefined ? undefined : Number(status),
    };
  });
}
