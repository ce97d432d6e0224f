// Benchmark of a team server on SQLite: the pages with which people sign in, and the approval of a terminal, in Chromium.
import { join } from 'node:path';
import { startChromium } from '../chromium.mjs';
import { ensureChromium } from '../set-up.mjs';
import { root, say } from '../steps.mjs';
import { median, program } from './place.mjs';

const TIMES = 10;
const WANTED_MS = 500;

/** Resolves with the time since the start of the navigation, or since a moment, in the frame that shows a text in an element. */
const shown = (selector, text) => `new Promise((resolve) => {
  const look = () => {
    const found = [...document.querySelectorAll(${JSON.stringify(selector)})].some((one) => one.textContent.includes(${JSON.stringify(text)}));
    if (found) requestAnimationFrame(() => resolve(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})`;

/** Clicks a button, and returns the milliseconds until an element is shown. */
const clickUntil = (button, selector, text) => `(async () => {
  const start = performance.now();
  [...document.querySelectorAll('button')].find((one) => one.textContent === ${JSON.stringify(button)}).click();
  return (await ${shown(selector, text)}) - start;
})()`;

/** Needs Chromium. */
export async function people() {
  if (!ensureChromium()) throw new Error('The benchmark of the sign-in needs Chromium.');
  const [{ standalone }, { TeamServer }, { freePorts }] = await Promise.all(
    ['test/campaigns/faults/matrix', 'test/support/server/team-server', 'test/support/free-ports'].map(
      (module) => import(join(root, `dist/${module}.js`)),
    ),
  );
  const { test, end } = standalone();
  const browser = await startChromium();
  try {
    const server = new TeamServer(test);
    server.box.command = [program];
    const [port] = await freePorts(1);
    const origin = `https://localhost:${port}`;
    server.configure({ listen: `127.0.0.1:${port}`, publicUrl: origin });
    await server.escrow(['serve', 'init', '--name', 'ada', '--print-token']);
    await server.start();
    const times = { page: [], entered: [], approval: [] };
    say(`sign-in and approval (${TIMES} times)`);
    for (let index = 0; index <= TIMES; index += 1) {
      const one = await measure(browser, server, origin);
      if (index > 0) for (const name of Object.keys(times)) times[name].push(one[name]); // the first one also starts processes
    }
    return [
      figure('sign-in page of a team server with an empty cache', times.page),
      figure('sign-in with a link until the page of the server shows its first screen', times.entered),
      figure('approval of a terminal: from the typed code to its details, and to the end', times.approval),
    ];
  } finally {
    await browser.close();
    await end();
  }
}

async function measure(browser, server, origin) {
  const { stdout } = await server.escrow(['serve', 'user', 'sign-in-link', 'ada']);
  const { text } = await server.request(
    '/v1/device-authorizations',
    { 'content-type': 'application/json', host: new URL(origin).host },
    { method: 'POST', body: JSON.stringify({ hostName: 'login1' }) },
  );
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const opened = await context.newPage();
  await opened.goto(stdout.trim(), { waitUntil: 'commit' });
  const page = await opened.evaluate(shown('button', 'Sign in'));
  const before = Date.now();
  await opened.getByRole('button', { name: 'Sign in' }).click();
  await opened.getByRole('navigation', { name: 'Main' }).waitFor();
  const entered = Date.now() - before;
  await opened.goto(`${origin}/device`);
  await opened.locator('input').fill(JSON.parse(text).userCode);
  const found = await opened.evaluate(clickUntil('Continue', 'button', 'Approve'));
  const approved = await opened.evaluate(clickUntil('Approve', 'p', 'Approved.'));
  await context.close();
  return { page, entered, approval: found + approved };
}

function figure(what, times) {
  const ours = median(times);
  return {
    figure: `${what} (median of ${times.length})`,
    ours,
    worst: Math.max(...times),
    wanted: `below ${WANTED_MS} ms`,
    met: ours < WANTED_MS,
  };
}
