// npm run fuzz -- [--inputs N] [--seed S] [--target NAME] [--only INDEX]: fuzzes every parser of untrusted input
// (test/campaigns/fuzz/) and prints a table. With --processes N, starts N real processes of nf-escrow instead. The same seed gives the same inputs. Failing inputs are written to a
// temporary directory; after the fix they belong in test/campaigns/fuzz/corpora/TARGET/.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureDependencies } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      target: { type: 'string' },
      only: { type: 'string' },
      processes: { type: 'string' },
    },
  });
  ensureDependencies();
  ensureBuilt();
  const isReal = values.processes !== undefined;
  const size = isReal ? `--processes ${values.processes}` : `--inputs ${values.inputs}`;
  say(`fuzzing with ${size} --seed ${values.seed}`);
  const rows = [];
  let directory;
  const { inputs, ...ofProcesses } = values;
  const args = Object.entries(isReal ? ofProcesses : values).flatMap(([name, value]) => [`--${name}`, value]);
  const main = isReal ? 'processes' : 'main';
  const child = spawn(node, [`dist/test/campaigns/fuzz/${main}.js`, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line);
    if (result.hang !== undefined) {
      say(`input ${result.hang} of ${result.target} hangs`);
      continue;
    }
    rows.push(result);
    print(result);
    for (const { index, what, input } of result.failures) {
      directory ??= mkdtempSync(join(tmpdir(), 'nf-escrow-fuzz-'));
      const file = join(directory, `${result.target}.${index}`);
      writeFileSync(file, Buffer.from(input, 'base64'));
      say(`input ${index} of ${result.target} (${file}): ${what}`);
    }
  }
  const status = await ended;
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  print({
    target: 'all',
    inputs: sum('inputs'),
    refused: sum('refused'),
    failures: rows.flatMap(({ failures }) => failures),
    slowestMs: Math.max(...rows.map(({ slowestMs }) => slowestMs)),
    seconds: sum('seconds'),
  });
  if (status !== 0) say(`the fuzzers exited with ${status}`);
  return status === 0 && rows.every(({ failures }) => failures.length === 0) ? 0 : 1;
});

let headed = false;

function print({ target, inputs, refused, failures, slowestMs, seconds }) {
  if (!headed)
    process.stdout.write(
      '| target | inputs | refused | failures | slowest (ms) | time (s) |\n| --- | --: | --: | --: | --: | --: |\n',
    );
  headed = true;
  const cells = [target, inputs, refused, failures.length, Math.round(slowestMs), Math.round(seconds)];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
