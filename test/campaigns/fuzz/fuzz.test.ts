import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { untapped } from '../../support/sandbox.ts';
import { targets } from './targets.ts';

/** Number of new inputs, in addition to all saved ones. `npm run fuzz` runs more. */
const INPUTS = 4000;

interface Line {
  readonly hang?: number;
  readonly target: string;
  readonly inputs: number;
  readonly slowestMs: number;
  readonly failures: readonly { readonly index: number; readonly what: string; readonly input: string }[];
}

void t.test('no untrusted input causes a crash, a hang or the disclosure of a value', async (t) => {
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
    'runs every target',
  );
  for (const { target, inputs, hang, failures } of lines) {
    t.equal(hang, undefined, `${target}: no input hangs`);
    t.same(failures, [], `${target}: ${String(inputs)} inputs`);
  }
});
