// Benchmarks without Nextflow: response times of the API while many runs are watched, and the cold start of the daemon.
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say } from '../steps.mjs';
import { startRuns } from './live-runs.mjs';
import { median, program } from './place.mjs';

const RUNS = 1000;
const RATE = 500;
const SECONDS = 20;
/** Requests of this time are not counted: V8 compiles meanwhile. A daemon optimizes once it is under load. */
const WARM_UP_SECONDS = 5;
const P99_MS = 10;
const STARTS = 11;
const START_MS = 400;

/** Measures the cold start first: recovery of the runs belongs to another benchmark. */
export async function requests(bench) {
  const start = await coldStart(bench);
  say(`${RATE} requests a second to a daemon that watches ${RUNS} runs`);
  const runs = await startRuns(bench, RUNS);
  const { watching } = await bench.call('GET', '/v1/daemon');
  const results = [];
  for (const path of ['/v1/runs', '/v1/health']) results.push(await responseTime(bench, path, watching));
  await runs.end();
  return [start, ...results];
}

/** Measures `daemon start` without its last step, from the start of the program to the first response. */
async function coldStart(bench) {
  say('cold start of the daemon to its first response');
  const taken = [];
  for (let index = 0; index <= STARTS; index += 1) {
    bench.escrow(['daemon', 'stop']);
    const begun = performance.now();
    const child = spawn(program, ['daemon', 'start'], { cwd: bench.launch, env: bench.env, stdio: 'ignore' });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    while (!(await responds(bench))) await sleep(2);
    taken.push(performance.now() - begun);
    await exited;
  }
  const times = taken.slice(1); // the first start creates the ledger
  return {
    figure: `cold start of the daemon to its first response (median of ${STARTS})`,
    ours: median(times),
    worst: Math.max(...times),
    wanted: `below ${START_MS} ms`,
    met: median(times) < START_MS,
  };
}

async function responds(bench) {
  try {
    await bench.call('GET', '/v1/health');
    return true;
  } catch {
    return false; // nobody listens yet
  }
}

async function responseTime(bench, path, watching) {
  await load(bench, path, WARM_UP_SECONDS);
  const { taken, late } = await load(bench, path, SECONDS);
  const ours = percentile(taken, 0.99);
  return {
    figure: `GET ${path} at ${RATE} requests/s, ${watching} watched runs: p99 (p50 ${median(taken).toFixed(1)} ms; p99 of the generator's delay ${percentile(late, 0.99).toFixed(1)} ms)`,
    ours,
    worst: Math.max(...taken),
    wanted: `below ${P99_MS} ms`,
    met: ours < P99_MS,
  };
}

/** Sends requests from another process and returns their times. */
async function load(bench, path, seconds) {
  const socketPath = join(bench.home, 'state', hostname(), 'daemon.sock');
  const args = [join(root, 'scripts/bench/load.mjs'), socketPath, path, String(RATE), String(seconds)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  const times = JSON.parse(text);
  if (times.taken.length !== RATE * seconds || times.failures.length > 0)
    throw new Error(`${path}: ${times.taken.length} responses, ${times.failures.join(', ')}`);
  return times;
}

function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1];
}
