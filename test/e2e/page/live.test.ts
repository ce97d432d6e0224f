// Live data: one event stream for all tabs, and what happens when a tab, the daemon or the network goes away.
import type { Page, Request } from 'playwright-core';
import t from 'tap';
import { goTo, openPage, startBrowser, type TestBrowser } from '../../support/browser.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const VALUE = { input: 'a value of the test' };
const EVENTS = '**/v1/events';

/** Records the requests of event streams of all tabs. */
function recordStreams({ context }: TestBrowser): Request[] {
  const streams: Request[] = [];
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/v1/events') streams.push(request);
  });
  return streams;
}

async function listeners(box: Sandbox): Promise<number> {
  const { text } = await box.http('GET', '/metrics');
  return Number(/^nf_escrow_event_listeners (\d+)$/m.exec(text)?.[1]);
}

async function showsSecret(pages: readonly Page[], name: string): Promise<void> {
  for (const page of pages) await page.getByRole('link', { name, exact: true }).waitFor();
}

void t.test('all tabs share one event stream, which another tab continues without a gap', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const streams = recordStreams(browser);
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FIRST_KEY'], VALUE);
  const { page: first, base } = await openPage(box, browser);
  await showsSecret([first], 'FIRST_KEY');
  await until('the first tab listens', async () => (await listeners(box)) === 1);
  const second = await browser.open(`${base}#/workspaces/local/main/secrets`);
  await showsSecret([second], 'FIRST_KEY');
  await box.escrow(['secrets', 'set', 'SECOND_KEY'], VALUE);
  await showsSecret([first, second], 'SECOND_KEY');
  t.equal(streams.length, 1);
  t.equal(await listeners(box), 1);

  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  await second.route(EVENTS, async (route) => {
    await gate;
    await route.continue();
  });
  await first.close();
  await until('the second tab asks for the stream', () => streams.length === 2);
  await box.escrow(['secrets', 'set', 'THIRD_KEY'], VALUE); // while nobody listens
  open();
  await showsSecret([second], 'THIRD_KEY');
  t.match(streams[1]?.headers()['last-event-id'], /^\d+$/, 'continues where the first tab ended');
  await box.escrow(['secrets', 'set', 'FOURTH_KEY'], VALUE);
  await showsSecret([second], 'FOURTH_KEY');
  t.equal(await listeners(box), 1);
});

void t.test('all tabs reconnect to a restarted daemon and show what changed meanwhile', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FIRST_KEY'], VALUE);
  const { page, base } = await openPage(box, browser);
  const other = await browser.open(`${base}#/workspaces/local/main/secrets`);
  await showsSecret([page, other], 'FIRST_KEY');
  await until('a tab listens', async () => (await listeners(box)) === 1);
  await box.escrow(['daemon', 'stop']);
  for (const one of [page, other]) {
    await one.getByText('The daemon does not answer').waitFor();
    t.ok(await one.getByRole('link', { name: 'FIRST_KEY' }).isVisible(), 'keeps what it knows');
    t.equal(await one.getByRole('button', { name: 'Retry' }).count(), 0, 'one message is enough');
  }
  await box.escrow(['secrets', 'set', 'SECOND_KEY'], VALUE);
  await showsSecret([page, other], 'SECOND_KEY');
  for (const one of [page, other])
    await one.getByText('The daemon does not answer').waitFor({ state: 'detached' });
  await until('a tab listens again', async () => (await listeners(box)) === 1);
  await box.escrow(['secrets', 'set', 'THIRD_KEY'], VALUE);
  await showsSecret([page, other], 'THIRD_KEY');
});

void t.test('without a network, the page keeps its data and catches up later', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FIRST_KEY'], VALUE);
  const { page } = await openPage(box, browser);
  await showsSecret([page], 'FIRST_KEY');
  await browser.context.setOffline(true);
  await page.getByText('The daemon does not answer').waitFor();
  t.ok(await page.getByRole('link', { name: 'FIRST_KEY' }).isVisible());
  await box.escrow(['secrets', 'set', 'SECOND_KEY'], VALUE);
  await browser.context.setOffline(false);
  await showsSecret([page], 'SECOND_KEY');
  await page.getByText('The daemon does not answer').waitFor({ state: 'detached' });
});

/** Watches whether a placeholder is ever visible, and how far elements move without an action of the person. */
const WATCH = `
  window.sawSkeleton = false;
  window.shifted = 0;
  const look = () => {
    for (const one of document.querySelectorAll('.skeleton'))
      if (Number(getComputedStyle(one).opacity) > 0) window.sawSkeleton = true;
    requestAnimationFrame(look);
  };
  look();
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) window.shifted += value;
  }).observe({ type: 'layout-shift', buffered: false });
`;

void t.test('a slow network shows placeholders only after 300 ms, and nothing moves', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  for (const name of ['FIRST_KEY', 'SECOND_KEY']) await box.escrow(['secrets', 'set', name], VALUE);
  await box.escrow(['run', 'true']);
  const { page } = await openPage(box, browser);
  await showsSecret([page], 'FIRST_KEY');
  await page.evaluate(WATCH);
  let delayMs = 0;
  await page.route('**/v1/**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await route.continue().catch(() => undefined); // the page may be closed
  });
  const askedAt = performance.now();
  await goTo(page, '#/runs');
  await page.getByRole('link', { name: /^fake_/ }).waitFor();
  const isFast = performance.now() - askedAt < 300; // not on a busy machine
  if (isFast) t.notOk(await page.evaluate('window.sawSkeleton'), 'a fast answer shows no placeholder');
  delayMs = 1500;
  await page.evaluate("location.hash = '#/compute-envs'");
  await until('a placeholder is visible', () => page.evaluate<boolean>('window.sawSkeleton'));
  await page.getByRole('row').nth(1).waitFor();
  const shifted = await page.evaluate<number>('window.shifted');
  t.ok(shifted < 0.01, `elements moved by ${String(shifted)}`);
});
