import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { untapped } from '../../support/sandbox.ts';
import { targets } from './targets.ts';

/** Numbers of new inputs, in addition to all saved ones, and of processes. `npm run fuzz` runs more. */
const INPUTS = 4000;
const PROCESSES = 60;

interface Line {
  readonly hang?: number;
  readonly target: string;
  readonly inputs: number;
  readonly slowestMs: number;
  readonly failures: readonly { readonly index: number; readonly what: string; readonly input: string }[];
}

/** Runs a program of this directory with a new seed, and returns the lines that it prints. */
async function fuzz(t: Test, name: string, option: string, count: number): Promise<Line[]> {
  const seed = String(randomBytes(4).readUInt32BE() >>> 1);
  t.comment(`npm run fuzz -- ${option} ${String(count)} --seed ${seed}`);
  const main = join(import.meta.dirname, name);
  const [command, args] = untapped(process.execPath, [main, option, String(count), '--seed', seed]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  t.equal(status, 0, err);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

void t.test('no untrusted input causes a crash, a hang or the disclosure of a value', async (t) => {
  const lines = await fuzz(t, 'main.js', '--inputs', INPUTS);
  t.same(
    lines.map(({ target }) => target),
    targets.map(({ name }) => name),
    'runs every target',
  );
  for (const { target, inputs, hang, failures } of lines) {
    t.equal(hang, undefined, `${target}: no input hangs`);
    t.same(failures, [], `${target}: ${String(inputs)} inputs`);
  }
});

void t.test(
  'no command line ends in a stack trace, an internal error or the disclosure of a value',
  async (t) => {
    t.match(await fuzz(t, 'processes.js', '--processes', PROCESSES), [{ inputs: PROCESSES, failures: [] }]);
  },
);
