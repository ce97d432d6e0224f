// Benchmarks without Nextflow: what listeners of server-sent events cost the daemon.
import { request } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { root, say } from '../steps.mjs';
import { appendEvents } from './append-events.mjs';
import { startRuns } from './live-runs.mjs';
import { usage } from './usage.mjs';

const LISTENERS = 1000;
const RUNS = 100;
const COMMITS = 20;
const MEGABYTES = 60;
/** Fewer than the connections that the kernel queues for a socket. */
const AT_ONCE = 100;
const WARM_UP = 5000;
const SETTLE_MS = 3000;

const load = (module) => import(pathToFileURL(join(root, 'dist/daemon', module)).href);

export async function events(bench) {
  say(`${LISTENERS} listeners of events of ${RUNS} runs`);
  return [...(await memory(bench)), await reads(bench)];
}

/** Measures the resident memory of the daemon before and after the listeners have connected and received events. */
async function memory(bench) {
  bench.escrow(['daemon', 'stop']);
  bench.escrow(['daemon', 'start']);
  const runs = await startRuns(bench, RUNS);
  // The heap of a new process grows with the first requests, whatever they are.
  for (let index = 0; index < WARM_UP; index += 1) await bench.call('GET', '/v1/health');
  const { process: daemon } = await bench.call('GET', '/v1/daemon');
  await sleep(SETTLE_MS);
  const before = (await usage(daemon.pid, 0)).megabytes;
  const counts = { marked: 0, peak: 0 };
  const clients = [];
  for (let index = 0; index < LISTENERS; index += AT_ONCE)
    clients.push(...(await connect(bench, runs.ids, AT_ONCE, counts)));
  const database = new Database(join(bench.home, 'state', 'ledger.db'), { timeout: 10_000 });
  const begun = performance.now();
  for (let commit = 1; commit <= COMMITS; commit += 1) {
    await appendEvents(bench, database, runs.ids);
    for (const deadline = performance.now() + 60_000; counts.marked < commit * LISTENERS; await sleep(2))
      if (performance.now() > deadline) throw new Error(`${counts.marked} of the events were received`);
    counts.peak = Math.max(counts.peak, (await usage(daemon.pid, 0)).megabytes);
  }
  const taken = (performance.now() - begun) / COMMITS;
  database.close();
  await sleep(SETTLE_MS);
  const after = (await usage(daemon.pid, 0)).megabytes;
  for (const client of clients) client.destroy();
  await runs.end();
  const value = Math.max(counts.peak, after) - before;
  return [
    {
      figure: `memory for ${LISTENERS} listeners of ${RUNS} runs: peak while they receive events (MB; ${(after - before).toFixed(1)} MB at rest)`,
      value,
      wanted: `under ${MEGABYTES} MB`,
      met: value < MEGABYTES,
    },
    { figure: `one event of each of ${RUNS} runs to ${LISTENERS} listeners`, ours: taken, wanted: '-' },
  ];
}

/** Opens connections and waits for the first bytes of each. Counts the events of `appendEvents`. */
async function connect(bench, ids, count, counts) {
  const socketPath = join(bench.home, 'state', hostname(), 'daemon.sock');
  const clients = [];
  const received = Array.from({ length: count }, (_, index) => {
    const path = `/v1/runs/${ids[index % ids.length]}/events`;
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath, path, agent: false }, (incoming) => {
        if (incoming.statusCode !== 200) reject(new Error(`status ${incoming.statusCode}`));
        incoming.setEncoding('utf8').on('error', () => undefined);
        incoming.on('data', (text) => {
          counts.marked += text.split('event: run.benchmarked').length - 1;
          resolve();
        });
      });
      outgoing.on('error', reject).end();
      clients.push(outgoing);
    });
  });
  await Promise.all(received);
  return clients;
}

/** Counts how often the hub reads the ledger. */
async function reads(bench) {
  const [{ openLedger }, { record }, { EventHub }, { runStream }] = await Promise.all(
    ['ledger/sqlite/open.js', 'ledger/journal.js', 'api/events/event-hub.js', 'api/events/stream.js'].map(
      load,
    ),
  );
  const ledger = await openLedger(join(bench.home, 'state', 'events.db'));
  const { feed } = ledger;
  let [count, received] = [0, 0];
  const counted = { ...feed, read: (...args) => ((count += 1), feed.read(...args)) };
  const hub = new EventHub(counted, ledger.changes, () => undefined);
  hub.start();
  for (let index = 0; index < RUNS; index += 1)
    await ledger.write((db) =>
      db
        .insertInto('runs')
        .values(runRow(`r${index}`))
        .execute(),
    );
  for (let index = 0; index < LISTENERS; index += 1) {
    const client = new Writable({ write: (_chunk, _encoding, done) => ((received += 1), done()) });
    await hub.listen(runStream(ledger.db, `r${index % RUNS}`, false), { after: 0 }, client);
  }
  count = 0;
  for (let index = 0; index < RUNS; index += 1)
    await ledger.write((db) => record(db, { type: 'run.benchmarked', run: `r${index}` }));
  while (received < LISTENERS) await sleep(5);
  hub.stop();
  await ledger.close();
  const value = count / RUNS;
  return {
    figure: `reads of the ledger per commit, with ${LISTENERS} listeners of ${RUNS} runs`,
    value,
    wanted: 'at most 1',
    met: value <= 1,
  };
}

function runRow(id) {
  const text = {
    workspace: 'local/main',
    launch_directory: '/',
    nextflow: 'nextflow',
    launch_deadline: '',
    created_at: '',
  };
  return { id, state: 'running', ...text, arguments: '[]', plan: '[]', launcher: '{}', cancel_requested: 0 };
}
