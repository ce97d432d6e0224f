// npm run figures:slurm [-- end [far]|idle [SECONDS]]: starts a Slurm (as root) and measures runs with head jobs.
//   end   time from the end of a head job to the purge, without and with the plugin's events, on a local file system and
//         on one without change notifications (bindfs, like a network file system). `far` measures only the latter.
//   idle  CPU time of the daemon during SECONDS (600) while 20 head jobs run, and how often it queries Slurm.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBuilt, ensureJava, ensureNextflow, ensurePlugin, ensureSlurm } from './set-up.mjs';
import { node, root, runDriver, say, which } from './steps.mjs';

const ENDS = 11;
const RUNS = 20;
const TICKS = 100; // USER_HZ
const main = join(root, 'dist/daemon/main.js');

runDriver(async () => {
  if (!process.argv.includes('--built')) ensureBuilt();
  if (!ensureSlurm() || process.getuid() !== 0)
    throw new Error('The figures need root and an installed Slurm.');
  const { makeSlurm } = await import(join(root, 'dist/test/support/slurm.js'));
  const slurm = makeSlurm();
  // Mounted before the nodes start: each node then copies the mounts into its mount namespace.
  const far = process.argv.includes('idle')
    ? []
    : [mountFar(), mountFar()].filter((one) => one !== undefined);
  await slurm.start();
  try {
    if (process.argv.includes('idle')) await idle(slurm);
    else await ends(slurm, far);
  } finally {
    await slurm.stop();
    for (const { below, state } of far) {
      spawnSync('umount', ['--lazy', state]);
      rmSync(below, { recursive: true, force: true });
    }
  }
});

class Place {
  constructor(slurm, nextflow, state) {
    this.home = mkdtempSync('/tmp/nf-escrow-figures-');
    this.launch = join(this.home, 'launch');
    mkdirSync(this.launch);
    this.bin = join(this.home, 'bin');
    mkdirSync(this.bin);
    this.asked = join(this.home, 'asked');
    writeFileSync(
      join(this.bin, 'squeue'),
      `#!/bin/sh\ndate +%s.%N >>'${this.asked}'\nexec /usr/bin/squeue "$@"\n`,
    );
    chmodSync(join(this.bin, 'squeue'), 0o755);
    this.state = state ?? join(this.home, 'state');
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(NODE_|NXF_|NF_ESCROW|npm_)/.test(name),
    );
    this.env = {
      ...Object.fromEntries(inherited),
      ...slurm.env,
      PATH: `${this.bin}:${process.env.PATH}`,
      HOME: this.home,
      NF_ESCROW_HOME: this.state,
      NF_ESCROW_NEXTFLOW: nextflow,
      NXF_OFFLINE: 'true',
      NXF_ANSI_LOG: 'false',
    };
    this.escrow('secrets', 'set', 'FOO_KEY');
    this.escrow('compute-envs', 'create', 'queue', '--platform', 'hpc', '--head-job', '--default');
  }

  escrow(...args) {
    const { status, stdout, stderr } = spawnSync(node, [main, ...args], {
      cwd: this.launch,
      env: this.env,
      input: 'a-value-of-the-figures',
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`nf-escrow ${args.join(' ')}: ${status} ${stderr}`);
    return stdout;
  }

  runs() {
    return JSON.parse(this.escrow('runs', 'list', '--json', '--limit', '100')).runs;
  }

  remove() {
    this.escrow('daemon', 'stop');
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Creates a fake nextflow whose last action writes the time of its end. */
function fakeNextflow(directory) {
  const path = join(directory, 'fake');
  writeFileSync(path, '#!/bin/bash\nsleep 1\ndate +%s.%N >ended\n', { mode: 0o755 });
  return path;
}

/** Creates a launcher of the real Nextflow that does the same: its shell waits for the JVM. */
function realNextflow(directory, nextflow) {
  const path = join(directory, 'nextflow');
  const text = readFileSync(nextflow, 'utf8').replace(
    'exec "${command[@]}"',
    '"${command[@]}"; status=$?; date +%s.%N >ended; exit $status',
  );
  writeFileSync(path, text, { mode: 0o755 });
  symlinkSync(join(dirname(nextflow), 'jars'), join(directory, 'jars'));
  return path;
}

/** Mounts a state directory on a file system without change notifications; undefined when bindfs is missing. */
function mountFar() {
  if (!which('bindfs')) return undefined;
  const below = mkdtempSync('/tmp/nf-escrow-figures-');
  const state = join(below, 'state');
  for (const path of [join(below, 'real'), state]) mkdirSync(path, { mode: 0o700 });
  const { status } = spawnSync('bindfs', ['--no-allow-other', join(below, 'real'), state]);
  return status === 0 ? { below, state } : undefined;
}

async function ends(slurm, far) {
  ensureJava();
  ensurePlugin();
  const real = ensureNextflow();
  const bin = mkdtempSync('/tmp/nf-escrow-figures-');
  const cases = [];
  for (const system of ['local disk', ...(far.length > 0 ? ['network-like (FUSE)'] : [])])
    for (const [name, nextflow] of [
      ['without events', fakeNextflow(bin)],
      ['with events', existsSync(join(bin, 'nextflow')) ? join(bin, 'nextflow') : realNextflow(bin, real)],
    ])
      cases.push({ system, name, nextflow });
  process.stdout.write(
    '| end of a head job to purged | file system | median | worst | runs |\n| --- | --- | --- | --- | --- |\n',
  );
  for (const { system, name, nextflow } of cases) {
    if (process.argv.includes('far') && system === 'local disk') continue;
    say(`${name}, ${system}`);
    const state = system === 'local disk' ? undefined : far[name === 'without events' ? 0 : 1].state;
    const place = new Place(slurm, nextflow, state);
    if (name === 'without events') place.env.NXF_PLUGINS_DEFAULT = 'false';
    writeFileSync(
      join(place.launch, 'main.nf'),
      "process HI { secret 'FOO_KEY'\n script: 'true' }\nworkflow { HI() }\n",
    );
    try {
      const taken = [];
      for (let count = 0; count < ENDS; count += 1) taken.push(await endOf(place));
      const sorted = taken.sort((one, other) => one - other).map((ms) => `${(ms / 1000).toFixed(2)} s`);
      process.stdout.write(
        `| ${name} | ${system} | ${sorted[sorted.length >> 1]} | ${sorted.at(-1)} | ${ENDS} |\n`,
      );
    } finally {
      place.remove();
    }
  }
  rmSync(bin, { recursive: true, force: true });
}

/** Returns the milliseconds from the last action of a run's head to its purge. */
async function endOf(place) {
  const ended = join(place.launch, 'ended');
  rmSync(ended, { force: true });
  place.escrow('run', '--detach', 'main.nf');
  await sleep(Math.random() * 2000); // avoids aligning with the daemon's polling
  let run;
  do await sleep(500);
  while ((run = place.runs()[0]).state !== 'purged');
  if (run.outcome !== 'succeeded') throw new Error(`${run.outcome}: ${run.outcomeEvidence}`);
  return Date.parse(run.purgedAt) - Number(readFileSync(ended, 'utf8')) * 1000;
}

async function idle(slurm) {
  const seconds = Number(process.argv.find((word) => /^[0-9]+$/.test(word)) ?? 600);
  const place = new Place(slurm, join(root, 'test/support/bin/nextflow'));
  place.env.NXF_PLUGINS_DEFAULT = 'false';
  try {
    for (let count = 0; count < RUNS; count += 1)
      place.escrow('run', '--detach', 'while [ ! -e go ]; do sleep 5; done');
    while (place.runs().some(({ state }) => state !== 'running')) await sleep(1000);
    await sleep(15_000);
    const { pid } = JSON.parse(place.escrow('daemon', 'status', '--json')).process;
    await sleep(5000);
    say(`measuring ${RUNS} watched runs for ${seconds} s`);
    const cpu = () => {
      const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return [11, 12, 13, 14].map((index) => Number(fields[index]) / TICKS); // the last two: child processes (squeue)
    };
    rmSync(place.asked, { force: true });
    const before = cpu();
    const start = performance.now();
    await sleep(seconds * 1000);
    const elapsed = (performance.now() - start) / 1000;
    const after = cpu();
    const [user, system, itsUser, itsSystem] = after.map((value, index) => value - before[index]);
    const percent = (value) => `${((100 * value) / elapsed).toFixed(2)} %`;
    const asked = readFileSync(place.asked, 'utf8').trim().split('\n').map(Number);
    const pauses = asked.slice(1).map((time, index) => time - asked[index]);
    process.stdout.write(
      `daemon, ${RUNS} watched head jobs, ${elapsed.toFixed(0)} s: ${percent(user + system)} of a core (${(user + system).toFixed(2)} s); its squeue processes ${percent(itsUser + itsSystem)}\n` +
        `squeue was called ${asked.length} times, every ${Math.min(...pauses).toFixed(1)} to ${Math.max(...pauses).toFixed(1)} s\n`,
    );
    writeFileSync(join(place.launch, 'go'), '');
    while (place.runs().some(({ state }) => state !== 'purged')) await sleep(1000);
    if (statSync(join(place.state, 'runs')).nlink > 2) throw new Error('a run directory remains');
  } finally {
    place.remove();
  }
}
