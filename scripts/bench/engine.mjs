// Benchmarks without Nextflow: end of a run, resource use of the daemon, speed of the vault.
import { spawn } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root, say } from '../steps.mjs';
import { ANSWER_VERSION, median, program } from './place.mjs';
import { usage } from './usage.mjs';

const ENDS = 40;
const RUNS = 100;
const WATCH_MS = 20_000;
const VALUES = 10_000;

/** Measures the time from the head's last action to an empty runs directory. */
export async function end(bench) {
  say('end of the head to an empty runs directory');
  const fake = join(bench.home, 'nextflow');
  writeFileSync(
    fake,
    `#!/bin/bash\n${ANSWER_VERSION}\ntouch started-here\nwhile [ ! -e go ]; do sleep 0.01; done\necho \${EPOCHREALTIME/./} >ended\n`,
    { mode: 0o755 },
  );
  const runs = join(bench.home, 'state/runs');
  const taken = [];
  for (let index = 0; index < ENDS; index += 1) {
    for (const name of ['started-here', 'go', 'ended']) rmSync(join(bench.launch, name), { force: true });
    const child = spawn(program, ['run', 'x'], {
      cwd: bench.launch,
      env: { ...bench.env, NF_ESCROW_NEXTFLOW: fake },
      stdio: 'ignore',
    });
    const over = new Promise((resolve) => child.on('exit', resolve));
    while (!existsSync(join(bench.launch, 'started-here'))) await turn();
    writeFileSync(join(bench.launch, 'go'), '');
    while (readdirSync(runs).length > 0) await turn();
    const purgedAt = Date.now();
    await over;
    taken.push(purgedAt - Number(readFileSync(join(bench.launch, 'ended'), 'utf8')) / 1000);
  }
  return {
    figure: 'end of head to empty runs directory',
    ours: median(taken),
    worst: Math.max(...taken),
    wanted: 'median under 100 ms',
    met: median(taken) < 100,
  };
}

/** Measures the memory and CPU use of an idle daemon and of one with many live runs. */
export async function watching(bench) {
  say(`the daemon at rest, and with ${RUNS} live runs`);
  bench.escrow(['daemon', 'stop']);
  bench.escrow(['daemon', 'start']);
  await sleep(3000);
  const { process: daemon } = await bench.call('GET', '/v1/daemon');
  if (!readFileSync(`/proc/${daemon.pid}/cmdline`, 'latin1').includes(join(root, 'bin/start.cjs')))
    throw new Error('The daemon under measurement was not started by bin/nf-escrow.');
  const rest = await usage(daemon.pid, WATCH_MS / 4);
  const fake = join(bench.home, 'holding');
  writeFileSync(fake, `#!/bin/bash\n${ANSWER_VERSION}\nwhile [ ! -e go ]; do sleep 0.5; done\n`, {
    mode: 0o755,
  });
  rmSync(join(bench.launch, 'go'), { force: true });
  const env = { ...bench.env, NF_ESCROW_NEXTFLOW: fake };
  for (let index = 0; index < RUNS; index += 1) bench.escrow(['run', '--detach', 'x'], '', env);
  await sleep(2000);
  const live = await usage(daemon.pid, WATCH_MS);
  writeFileSync(join(bench.launch, 'go'), '');
  while (readdirSync(join(bench.home, 'state/runs')).length > 0) await sleep(100);
  return [
    { figure: 'daemon at rest: memory (MB)', value: rest.megabytes, ...below(rest.megabytes, 90) },
    { figure: 'daemon at rest: share of a core (%)', value: rest.percent, wanted: '-' },
    {
      figure: `daemon with ${RUNS} live runs: memory (MB)`,
      value: live.megabytes,
      ...below(live.megabytes, 115),
    },
    {
      figure: `daemon with ${RUNS} live runs: share of a core (%)`,
      value: live.percent,
      ...below(live.percent, 2),
    },
  ];
}

function below(value, limit) {
  return { wanted: `under ${limit}`, met: value < limit };
}

/** Compares encrypting, decrypting and rekeying many values with one bare AES-256-GCM encryption of each. */
export async function vault() {
  say(`encrypting, decrypting and rekeying ${VALUES} values`);
  const load = (path) => import(pathToFileURL(join(root, 'dist/daemon', path)).href);
  const [{ openLedger }, { Keys }, { Vault }, { rekey }, { SecretValue }, { userScope }, { machineUser }] =
    await Promise.all(
      [
        'ledger/sqlite/open.js',
        'vault/keys/keys.js',
        'vault/vault.js',
        'vault/keys/rekey.js',
        'vault/secret-value.js',
        'access/scopes.js',
        'access/principal.js',
      ].map(load),
    );
  const directory = mkdtempSync('/tmp/nf-escrow-bench-');
  try {
    const ledger = await openLedger(join(directory, 'ledger.db'));
    const safe = new Vault(
      ledger,
      new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }),
    );
    const user = machineUser();
    const scope = await userScope(ledger.db, user);
    const names = Array.from({ length: VALUES }, (_, index) => `KEY_${index}`);
    const values = new Map(names.map((name) => [name, new SecretValue(randomBytes(32))]));
    const bare = await timed(() => {
      for (const value of values.values()) encrypt(value.open());
    });
    const sealed = await timed(() => safe.setAll(user, scope, values, 'refuse'));
    const versions = await safe.versions(ledger.db, scope);
    const opened = await timed(async () => {
      for (const { secretId, version } of versions) await safe.open(secretId, version);
    });
    const moved = await timed(() => rekey(ledger, safe, user, 'file', undefined));
    await ledger.close();
    return [
      ['encrypting, in one transaction', sealed],
      ['decrypting, one at a time', opened],
      ['rekeying', moved],
    ].map(([name, ours]) => ({
      figure: `${name}: ${VALUES} values (peer: bare AES-256-GCM)`,
      ours,
      theirs: bare,
      ratio: ours / bare,
      wanted: '-',
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function timed(work) {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function encrypt(bytes) {
  const cipher = createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12));
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}
