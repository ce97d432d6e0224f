// Benchmark without Nextflow: the web page in Chromium, with a daemon on loopback.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { startChromium } from '../chromium.mjs';
import { PAGE_BYTES_MAX } from '../page-size.mjs';
import { ensureChromium } from '../set-up.mjs';
import { say } from '../steps.mjs';
import { appendEvents } from './append-events.mjs';
import { BIG_RUN, fillLedger } from './fill-ledger.mjs';
import { startRuns } from './live-runs.mjs';
import { DURATION_OF_FIRST_VIEW, longestTask, scrollThrough, watchTasks } from './in-page.mjs';
import { Bench, median } from './place.mjs';

const KB = 1000;
const FIRST_VIEWS = 10;
const FIRST_VIEW_MS = 1000;
const SECRETS = 20;
const RUNS = 10_000;
const TASKS = 100_000;
/** Other programs of the machine lengthen single tasks. */
const ROUNDS = 3;
const SCROLL_TASK_MS = 50;
const RATE = 1000;
const SECONDS = 10;
const COMMITS_A_SECOND = 10;
const SLOWEST = 1.1;
const EVENTS_TASK_MS = 100;
/** The smallest frame of an event. */
const FRAME_BYTES = 100;
/** Events that arrived are shown within this time. */
const SHOWN_MS = 3000;

/** Measures with a separate daemon, whose lists contain only the rows of this benchmark. */
export async function page(shared) {
  if (!ensureChromium()) throw new Error('The benchmark of the page needs Chromium.');
  const bench = new Bench(mkdtempSync(join(shared.home, 'page-')), shared.nextflow);
  bench.escrow(['daemon', 'start']);
  const browser = await startChromium();
  try {
    // Before the first request: the daemon would close its connection meanwhile.
    fillLedger(bench, { runs: RUNS, tasks: TASKS });
    for (let index = 0; index < SECRETS; index += 1)
      bench.escrow(['secrets', 'set', `KEY_${index}`], 'value');
    const results = await firstViews(bench, browser);
    for (const list of [
      { what: `list of ${RUNS} runs`, address: '#/runs', label: 'Runs', wanted: RUNS },
      { what: `run of ${TASKS} tasks`, address: `#/runs/${BIG_RUN}/tasks`, label: 'Tasks', wanted: TASKS },
    ])
      results.push(await scroll(bench, browser, list));
    results.push(await events(bench, browser));
    return results;
  } finally {
    await browser.close();
    bench.escrow(['daemon', 'stop']);
  }
}

/** Opens the page in a new context, which has an empty cache. `prepare` gets the page before it loads. */
async function open(bench, browser, prepare = async () => undefined) {
  const body = JSON.stringify({ via: 'tcp' });
  const { url, code } = await bench.call('POST', '/v1/dashboard', body);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const opened = await context.newPage();
  await prepare(opened);
  await opened.goto(`${url}#code=${code}`);
  await opened.locator('main tbody tr').first().waitFor();
  return opened;
}

/** Goes to a screen, and waits until it shows an element. */
async function goTo(opened, address, selector) {
  await opened.evaluate(`location.hash = ${JSON.stringify(address)}`);
  await opened.locator(selector).first().waitFor();
}

/** Measures from the start of the navigation to the frame in which the list of secrets is shown. */
async function firstViews(bench, browser) {
  say(`first view of the page (${FIRST_VIEWS} times)`);
  const times = [];
  let size;
  for (let index = 0; index <= FIRST_VIEWS; index += 1) {
    const opened = await open(bench, browser, (one) => one.addInitScript(DURATION_OF_FIRST_VIEW));
    times.push(await (await opened.waitForFunction('window.firstViewMs')).jsonValue());
    size = await opened.evaluate(`[
      ...performance.getEntriesByType('navigation'),
      ...performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/')),
    ].reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
    await opened.context().close();
  }
  const measured = times.slice(1); // the first context also starts processes of the browser
  const ours = median(measured);
  return [
    {
      figure: 'first view of the page: compressed size (KB)',
      value: size / KB,
      wanted: `at most ${PAGE_BYTES_MAX / KB} KB`,
      met: size > 0 && size <= PAGE_BYTES_MAX,
    },
    {
      figure: `first view of the page with an empty cache, on loopback (median of ${FIRST_VIEWS})`,
      ours,
      worst: Math.max(...measured),
      wanted: `below ${FIRST_VIEW_MS} ms`,
      met: ours < FIRST_VIEW_MS,
    },
  ];
}

/** Scrolls through a table, jumps to its end, its middle and its start, and measures the longest task meanwhile. */
async function scroll(bench, browser, { what, address, label, wanted }) {
  say(`scrolling a ${what}`);
  const opened = await open(bench, browser);
  await goTo(opened, address, `main table[aria-label="${label}"] tbody tr`);
  const longest = [];
  let rows = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await opened.evaluate(watchTasks);
    rows = await opened.evaluate(scrollThrough);
    longest.push(await opened.evaluate(longestTask));
  }
  await opened.context().close();
  const value = median(longest);
  return {
    figure: `longest task while a ${what} scrolls (ms; 0: none over 50; median of ${ROUNDS}; the table has ${rows} rows)`,
    value,
    worst: Math.max(...longest),
    wanted: `none over ${SCROLL_TASK_MS} ms`,
    met: rows >= wanted && value <= SCROLL_TASK_MS,
  };
}

/** Adds events to the journal of a live run whose screen is shown, and measures the longest task meanwhile. */
async function events(bench, browser) {
  say(`${RATE} events a second for ${SECONDS} s`);
  const runs = await startRuns(bench, 1);
  const [id] = runs.ids;
  const received = { bytes: 0 };
  const opened = await open(bench, browser, (one) => countStream(one, received));
  await goTo(opened, `#/runs/${id}`, 'main nav[aria-label="Run"]');
  await opened.evaluate(watchTasks);
  const database = new Database(join(bench.home, 'state', 'ledger.db'), { timeout: 10_000 });
  const batch = Array.from({ length: RATE / COMMITS_A_SECOND }, () => id);
  const begun = performance.now();
  for (let commit = 1; commit <= SECONDS * COMMITS_A_SECOND; commit += 1) {
    await appendEvents(bench, database, batch);
    await sleep(Math.max(0, begun + commit * (1000 / COMMITS_A_SECOND) - performance.now()));
  }
  const taken = (performance.now() - begun) / 1000;
  database.close();
  await sleep(SHOWN_MS);
  const value = await opened.evaluate(longestTask);
  await opened.context().close();
  await runs.end();
  const count = RATE * SECONDS;
  const isFast = taken <= SECONDS * SLOWEST; // on a busy machine, fewer events a second prove nothing
  return {
    figure: `longest task while a live run has ${count} events in ${taken.toFixed(1)} s (ms; 0: none over 50; ${(received.bytes / 1e6).toFixed(1)} MB received)`,
    value,
    wanted: `below ${EVENTS_TASK_MS} ms`,
    met: isFast && received.bytes >= count * FRAME_BYTES && value < EVENTS_TASK_MS,
  };
}

/** Counts the bytes that the page receives from the stream of events. */
async function countStream(opened, received) {
  const session = await opened.context().newCDPSession(opened);
  const streams = new Set();
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (new URL(request.url).pathname.endsWith('/v1/events')) streams.add(requestId);
  });
  session.on('Network.dataReceived', ({ requestId, dataLength }) => {
    if (streams.has(requestId)) received.bytes += dataLength;
  });
  await session.send('Network.enable');
}
