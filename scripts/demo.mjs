// npm run demo: sets a secret, runs a pipeline that uses it in a real Nextflow, and verifies that no file contains it.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureDependencies, ensureJava, ensureNextflow, ensurePlugin } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

const PIPELINE = `process GREET {
  secret 'DEMO_PASSWORD'

  output:
  stdout

  script:
  """
  printf 'the task received %s bytes with the SHA-256 hash ' "\\\${#DEMO_PASSWORD}"
  printf %s "\\$DEMO_PASSWORD" | sha256sum
  """
}

workflow {
  GREET() | view
}
`;

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  ensurePlugin();
  const nextflow = ensureJava() === undefined ? undefined : ensureNextflow();
  if (nextflow === undefined) throw new Error('The demo needs Java 17 or later and Nextflow.');
  const home = mkdtempSync('/tmp/nf-escrow-demo-');
  const env = {
    ...process.env,
    NF_ESCROW_HOME: join(home, 'state'),
    NF_ESCROW_NEXTFLOW: nextflow,
    NF_ESCROW_NODE: node,
    NXF_OFFLINE: 'true',
    NXF_ANSI_LOG: 'false',
  };
  delete env.NXF_SECRETS_FILE;
  const launch = join(home, 'launch');
  mkdirSync(launch);
  const escrow = (args, input) => {
    process.stdout.write(`\n$ nf-escrow ${args.join(' ')}\n`);
    const { status } = spawnSync(join(root, 'bin/nf-escrow'), args, {
      cwd: launch,
      env,
      input,
      stdio: [input === undefined ? 'ignore' : 'pipe', 1, 2],
    });
    if (status !== 0) throw new Error(`nf-escrow ${args[0]} failed with status ${status}`);
  };
  try {
    writeFileSync(join(launch, 'main.nf'), PIPELINE);
    const value = randomBytes(18).toString('base64');
    escrow(['secrets', 'set', 'DEMO_PASSWORD'], value);
    escrow(['secrets', 'list']);
    escrow(['run', '--explain', 'main.nf']);
    escrow(['run', 'main.nf']);
    escrow(['runs', 'receipt', 'r']);
    escrow(['status']);
    escrow(['daemon', 'stop']);
    say(`SHA-256 hash of the value: ${createHash('sha256').update(value).digest('hex')}`);
    const left = filesWith(home, value);
    if (left.length > 0) throw new Error(`the value is still in ${left.join(', ')}`);
    say('searched every file that the demo created: none contains the value');
  } finally {
    spawnSync(join(root, 'bin/nf-escrow'), ['daemon', 'stop'], {
      env,
      stdio: 'ignore',
    });
    rmSync(home, { recursive: true, force: true });
  }
});

function filesWith(directory, value) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => readFileSync(path).includes(value));
}
