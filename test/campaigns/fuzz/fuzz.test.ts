import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { untapped } from '../../support/sandbox.ts';
import { targets } from './targets.ts';

/** `npm run fuzz` tries as many as are wanted; here every saved input, and some new ones of each kind. */
const INPUTS = 4000;

interface Line {
  readonly hang?: number;
  readonly target: string;
  readonly inputs: number;
  readonly slowestMs: number;
  readonly failures: readonly { readonly index: number; readonly what: string; readonly input: string }[];
}

void t.test('nothing that somebody else wrote crashes us, holds us up, or has us tell a value', async (t) => {
  const seed = String(randomBytes(4).readUInt32BE() >>> 1);
  t.comment(`npm run fuzz -- --inputs ${String(INPUTS)} --seed ${seed}`);
  const main = join(import.meta.dirname, 'main.js');
  const [command, args] = untapped(process.execPath, [main, '--inputs', String(INPUTS), '--seed', seed]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  t.equal(status, 0, err);
  const lines = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
  t.same(
    lines.map(({ target }) => target),
    targets.map(({ name }) => name),
    'every target was fed',
  );
  for (const { target, inputs, hang, failures } of lines) {
    t.equal(hang, undefined, `${target}: no input hangs`);
    t.same(failures, [], `${target}: ${String(inputs)} inputs`);
  }
});
