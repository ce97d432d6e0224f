// Starts real processes of nf-escrow with generated command lines, environments and inputs:
//
//   processes.js --processes N --seed S [--only INDEX]
//
// Each has to end with a status that the documents name, without a stack trace, an internal error or the secret value. They run in
// one temporary state directory, with a nextflow that does nothing. Prints a line of JSON.
import { constantFrom, oneof, sample, string, tuple, type Arbitrary } from 'fast-check';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launcher } from '../../support/sandbox.ts';
import { allCommandLines, namesOutside } from './command-lines.ts';
import { NEEDLE } from './target.ts';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

/** Everything but 70, which is an internal error. 130: Ctrl-C at a prompt. */
const STATUSES: readonly unknown[] = [0, 1, 64, 69, 75, 77, 78, 130];
/** A process that takes longer hangs. A loaded machine does not reach it. */
const LIMIT_MS = 120_000;
const TOGETHER = 4;
const STACK = /^ +at .+(?::\d+:\d+|\(node:|<anonymous>)|node:internal|^\w*Error(?: \[\w+\])?: /m;

interface Case {
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly input: string;
  readonly output: string;
}

const variable = constantFrom<readonly [string, string]>(
  ['NF_ESCROW_WORKSPACE', 'lab'],
  ['NF_ESCROW_COMPUTE_ENV', 'nonesuch'],
  ['NF_ESCROW_KEEP_RUNS_DAYS', 'x'],
  ['NF_ESCROW_RUNS_DIR', 'relative'],
  ['NF_ESCROW_RUNS_DIR', '/proc/nope'],
  ['NF_ESCROW_NEXTFLOW', '/no/nextflow'],
  ['NF_ESCROW_HOME', '/proc/nope'],
  ['NF_ESCROW_HOME', 'relative'],
  ['NF_ESCROW_HOME', `/tmp/${'x'.repeat(120)}/${'y'.repeat(300)}`],
  ['HOME', ''],
  ['HOME', '/dev/null'],
  ['TMPDIR', '/nope'],
  ['XDG_RUNTIME_DIR', '/nope'],
  ['NXF_HOME', '/proc/nope'],
  ['NXF_SECRETS_FILE', 'file.json'],
  ['NO_COLOR', '1'],
  ['LC_ALL', 'xx'],
  ['PATH', '/nope'],
);
const cases: Arbitrary<Case> = tuple(
  allCommandLines,
  oneof({ weight: 3, arbitrary: constantFrom([]) }, { weight: 1, arbitrary: variable.map((one) => [one]) }),
  oneof(constantFrom('', 'y\n', '{}', '[', `{"FOO_KEY":"${NEEDLE}"}`, NEEDLE), string({ maxLength: 20 })),
  constantFrom('', '', '', '', '>/dev/full', '>&-', '2>&-', '</dev/null'),
).map(([args, env, input, output]) => ({
  args: args.map((one) => one.replaceAll('\0', '')).filter((one) => !namesOutside(one)),
  env,
  input,
  output,
}));

const directory = mkdtempSync(join(tmpdir(), 'nfe-'));
const needle = `needle.${randomBytes(12).toString('hex')}`;
const work = join(directory, 'work');
mkdirSync(work);
writeFileSync(join(directory, 'owner'), String(process.pid)); // as a sandbox of the tests
writeFileSync(join(work, 'file'), needle);
writeFileSync(join(work, 'file.json'), `{"FOO_KEY": "${needle}"}`, { mode: 0o600 });
writeFileSync(join(directory, 'nextflow'), '#!/bin/sh\nexit 0\n');
chmodSync(join(directory, 'nextflow'), 0o755);
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_|TAP|_TAPJS|NXF_|NF_ESCROW|XDG_)/.test(name)),
  ),
  HOME: directory,
  NF_ESCROW_HOME: join(directory, 'state'),
  NF_ESCROW_NEXTFLOW: join(directory, 'nextflow'),
  NF_ESCROW_NODE: process.execPath,
  NF_ESCROW_IDLE_SECONDS: '60',
  NXF_HOME: join(directory, 'nxf'),
  NXF_PLUGINS_DEFAULT: 'false',
};

/** Returns what a process did wrong, or undefined. */
async function run({ args, env, input, output }: Case): Promise<string | undefined> {
  const child = spawn('/bin/sh', ['-c', `exec "$0" "$@" ${output}`, launcher, ...args], {
    cwd: work,
    env: { ...environment, ...Object.fromEntries(env) },
    stdio: 'pipe',
    detached: true,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.on('error', () => undefined); // a command that fails does not read its input
  child.stdin.end(input.replaceAll(NEEDLE, needle));
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  // 'close' may not come if a process that the command started keeps the output.
  const status = await new Promise((resolve) => {
    child.on('exit', (code, signal) => setTimeout(resolve, 20, signal ?? code));
  });
  clearTimeout(limit);
  if (status === 'SIGKILL') return 'hangs';
  if (text.includes(needle)) return `reveals a value: ${text.slice(0, 400)}`;
  if (STACK.test(text)) return `prints a stack trace: ${text.slice(0, 800)}`;
  return STATUSES.includes(status) ? undefined : `ends with ${String(status)}: ${text.slice(0, 400)}`;
}

const count = Number(values.processes);
const all = sample(cases, { seed: Number(values.seed), numRuns: count }).map((one, index) => ({
  one,
  index,
}));
const left = values.only === undefined ? all : all.slice(Number(values.only), Number(values.only) + 1);
const failures: { readonly index: number; readonly what: string; readonly input: string }[] = [];
const started = performance.now();
let slowestMs = 0;
let inputs = 0;
const worker = async (): Promise<void> => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const begun = performance.now();
    const what = await run(next.one);
    inputs += 1;
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    if (what === undefined) continue;
    const input = Buffer.from(JSON.stringify(next.one)).toString('base64');
    failures.push({ index: next.index, what, input });
  }
};
await Promise.all(Array.from({ length: TOGETHER }, worker));
spawn(launcher, ['daemon', 'stop'], { env: environment, stdio: 'ignore' }).on('exit', () => {
  rmSync(directory, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `${JSON.stringify({ target: 'processes', inputs, refused: 0, failures, slowestMs, seconds })}\n`,
  );
});
