// Benchmark without Nextflow: pages of the API with 100,000 runs, and of a run with 100,000 tasks.
import { say } from '../steps.mjs';
import { BIG_RUN, fillLedger } from './fill-ledger.mjs';
import { median } from './place.mjs';

const ROWS = 100_000;
const REQUESTS = 30;
const RUNS_MS = 20;
const TASKS_MS = 50;

/** Requests for a page of 100 runs. `%d` is a run or task in the middle of the list. */
const RUN_PAGES = {
  newest: '/v1/runs?limit=100',
  'in the middle': '/v1/runs?limit=100&cursor=%d',
  'of a workspace': '/v1/runs?limit=100&workspace=lab/w3',
  'rare outcome in a workspace': '/v1/runs?limit=100&workspace=lab/w3&outcome=lost',
  'open runs': '/v1/runs?limit=100&state=open',
  'before a time': '/v1/runs?limit=100&until=2026-11-02',
  'common text': '/v1/runs?limit=100&text=rnaseq',
  'rare text': '/v1/runs?limit=100&text=samples_777',
  'missing text': '/v1/runs?limit=100&text=nonesuch',
};
const TASK_PAGES = {
  first: `/v1/runs/${BIG_RUN}/tasks?limit=100`,
  'in the middle': `/v1/runs/${BIG_RUN}/tasks?limit=100&cursor=%d`,
  failed: `/v1/runs/${BIG_RUN}/tasks?limit=100&status=FAILED`,
  'of a rare process': `/v1/runs/${BIG_RUN}/tasks?limit=100&process=RARE`,
};

/** Measures the time of each page. The target is the slowest of all requests. */
export async function pages(bench) {
  say(`pages of ${ROWS} runs and ${ROWS} tasks`);
  bench.escrow(['daemon', 'start']);
  fillLedger(bench, { runs: ROWS, tasks: ROWS });
  const results = [];
  for (const [what, path] of Object.entries(RUN_PAGES))
    results.push(
      await measure(bench, `page of 100 runs of 100,000: ${what}`, path, ['runs', ROWS / 2], RUNS_MS),
    );
  const middle = [`tasks of ${BIG_RUN}`, 5, String(ROWS / 2)];
  for (const [what, path] of Object.entries(TASK_PAGES))
    results.push(await measure(bench, `page of 100 tasks of 100,000: ${what}`, path, middle, TASKS_MS));
  return results;
}

async function measure(bench, figure, path, position, limit) {
  const cursor = Buffer.from(JSON.stringify([1, ...position])).toString('base64url');
  const times = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    const start = performance.now();
    await bench.call('GET', path.replace('%d', cursor));
    times.push(performance.now() - start);
  }
  const [ours, worst] = [median(times), Math.max(...times.slice(1))];
  return { figure, ours, worst, wanted: `under ${limit} ms`, met: ours < limit };
}
