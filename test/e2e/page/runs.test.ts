// The screens of runs in a real browser: what happened to their secrets, and the actions on them.
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { newestRun } from '../../support/hostile.ts';
import { smallDisk } from '../../support/mounts.ts';
import { addExposure, addRuns } from '../../support/page-data.ts';
import { reportTask, startWaiting, task } from '../../support/page-runs.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const VALUE = { input: 'a value of the test' };

/** Clicks, and waits for a message that disappears after a few seconds. */
async function clickUntil(page: Page, button: Locator, message: string | RegExp): Promise<void> {
  await Promise.all([page.getByText(message).waitFor(), button.click()]);
}

void t.test(
  'shows which process received which secret, when delivered objects existed, and prints the receipt',
  async (t) => {
    const browser = await startBrowser(t);
    if (browser === undefined) return;
    const box = new Sandbox(t);
    for (const name of ['FOO_KEY', 'BAR_KEY']) await box.escrow(['secrets', 'set', name], VALUE);
    await box.escrow(['run', [task(1, 'ALIGN', 'FOO_KEY'), task(2, 'CALL', 'FOO_KEY')].join('; ')]);
    const { id } = await newestRun(box);
    const { page } = await openPage(box, browser);
    await goTo(page, `#/runs/${id}`);
    const secrets = page.getByRole('table', { name: 'Secrets of the run' });
    const foo = secrets.getByRole('row').filter({ hasText: 'FOO_KEY' });
    for (const process of ['ALIGN', 'CALL']) await foo.getByText(process, { exact: true }).waitFor();
    await secrets.getByRole('row').filter({ hasText: 'BAR_KEY' }).getByText('None known').waitFor();
    await page.getByRole('heading', { name: 'Delivery and removal' }).waitFor();
    await page.getByText(/Delivered just now, removed just now \(\d+ s after the end of the run\)/).waitFor();

    await page.getByRole('link', { name: 'Receipt', exact: true }).click();
    await page.getByRole('button', { name: 'Check again now' }).click();
    const checks = page.getByRole('table', { name: 'Checks' });
    await checks.getByText('absent').first().waitFor();
    t.equal(await checks.getByText('present').count(), 0);
    await page.evaluate('window.print = () => { window.printed = (window.printed ?? 0) + 1; }');
    await page.getByRole('button', { name: 'Print' }).click();
    t.equal(await page.evaluate('window.printed'), 1);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.evaluate("document.documentElement.dataset.theme = 'dark'");
    for (const hidden of ['Main', 'Run'])
      t.notOk(await page.getByRole('navigation', { name: hidden }).isVisible(), `${hidden} is not printed`);
    t.notOk(await page.getByRole('button', { name: 'Print' }).isVisible());
    t.ok(await page.getByText(id, { exact: true }).last().isVisible(), 'the id is on paper');
    t.ok(await page.getByText('FOO_KEY', { exact: false }).first().isVisible());
    t.equal(
      await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'),
      'rgb(255, 255, 255)',
      'paper is white, whatever the theme',
    );
    t.same(browser.messages, []);
  },
);

void t.test('shows the progress of each process while the run is live', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
  const { id, end } = await startWaiting(box);
  const { page } = await openPage(box, browser);
  await goTo(page, `#/runs/${id}`);
  const align = { process: 'LAB:ALIGN', attempt: 1, secrets: ['FOO_KEY'] };
  for (const number of [1, 2, 3]) reportTask(box, id, 'submit', number, align);
  const processes = page.getByRole('table', { name: 'Progress by process' });
  const row = (name: string): Locator => processes.getByRole('row').filter({ hasText: name });
  await row('ALIGN').getByRole('img', { name: '3 waiting' }).waitFor();
  t.same(await row('ALIGN').getByRole('cell').allTextContents(), ['ALIGNLAB', '', '0', '0', '0', '3']);
  t.pass('the screen shows events of tasks, of which the journal has none');
  reportTask(box, id, 'start', 1, align);
  reportTask(box, id, 'end', 2, { ...align, status: 'COMPLETED', exit: '0' });
  reportTask(box, id, 'end', 3, { ...align, status: 'FAILED', exit: '1' });
  reportTask(box, id, 'submit', 4, { ...align, process: 'CALL' });
  await row('CALL').waitFor();
  t.same(await row('ALIGN').getByRole('cell').allTextContents(), ['ALIGNLAB', '', '1', '1', '1', '3']);
  const uses = page.getByRole('table', { name: 'Secrets of the run' }).getByRole('row');
  await uses.filter({ hasText: 'FOO_KEY' }).getByText('CALL').waitFor();

  await page.getByRole('link', { name: 'Tasks' }).click();
  await page.getByRole('button', { name: 'All 4' }).waitFor();
  reportTask(box, id, 'submit', 5, align);
  await page.getByRole('button', { name: 'All 5' }).waitFor();
  await page.getByRole('link', { name: 'Overview' }).click();
  for (let number = 0; number < 15; number += 1)
    reportTask(box, id, 'end', 10 + number, {
      ...align,
      ...{ process: `STEP_${String(number)}`, status: 'COMPLETED', exit: '0' },
    });
  const showAll = page.getByRole('button', { name: 'Show all 17 processes' });
  await showAll.waitFor();
  await row('STEP_14').waitFor();
  t.equal(await row('STEP_0').count(), 0, 'of many processes, unfinished and late ones');
  t.equal(await row('ALIGN').count(), 1);
  await showAll.click();
  await row('STEP_0').waitFor();
  await end();
  await page.locator('.screen-head').getByText('Succeeded', { exact: true }).waitFor();
});

/** Hides the tab or shows it again, as far as the page can see. */
const setHidden = (isHidden: boolean): string => `
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${String(isHidden)} });
  document.dispatchEvent(new Event('visibilitychange'));
`;
/** Gives earlier requests of the page the time of some others. */
const SEND_OTHERS = "(async () => { for (let i = 0; i < 5; i += 1) await fetch('v1/health'); })()";

void t.test('requests the tasks of a live run only while the tab is visible', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
  await browser.context.clock.install();
  const { id, end } = await startWaiting(box);
  const { page } = await openPage(box, browser);
  let requests = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/progress')) requests += 1;
  });
  await goTo(page, `#/runs/${id}`);
  await until('the page requests the progress again', () => requests > 1);
  await page.evaluate(setHidden(true));
  await page.evaluate(SEND_OTHERS);
  const before = requests;
  for (let round = 0; round < 5; round += 1) {
    await page.clock.runFor(4000);
    await page.evaluate(SEND_OTHERS);
  }
  t.equal(requests, before);
  await page.evaluate(setHidden(false));
  await until('the page requests the progress at once', () => requests > before);
  await end();
});

void t.test('cancels a run', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
  const { id, end } = await startWaiting(box);
  const { page } = await openPage(box, browser);
  await goTo(page, `#/runs/${id}`);
  await page.getByRole('button', { name: 'Cancel' }).click();
  const dialog = page.getByRole('dialog', { name: 'Cancel this run?' });
  await dialog.getByRole('button', { name: 'Keep running' }).click();
  await dialog.waitFor({ state: 'detached' });
  t.equal((await newestRun(box)).state, 'running');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await clickUntil(page, dialog.getByRole('button', { name: 'Cancel run' }), /^Cancellation requested$/);
  await page.locator('.screen-head').getByText('Cancelled', { exact: true }).waitFor();
  t.match(await page.title(), /^Cancelled: fake_/, 'the title of the tab shows the state');
  t.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 0, 'an ended run cannot be cancelled');
  await end();
});

void t.test(
  'shows a warning about secrets that are not removed on every screen, and removes them',
  async (t) => {
    const browser = await startBrowser(t);
    if (browser === undefined) return;
    const box = new Sandbox(t);
    const runsDirectory = join(box.directory, 'disk/runs');
    box.env['NF_ESCROW_RUNS_DIR'] = runsDirectory;
    const disk = smallDisk(t, join(box.directory, 'disk'), 256);
    if (disk === undefined) return;
    t.teardown(() => {
      disk.thaw(runsDirectory);
    });
    await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
    const { id, end } = await startWaiting(box);
    const { page, base } = await openPage(box, browser);
    disk.freeze(runsDirectory);
    await end();
    await until('the removal failed', async () => (await newestRun(box)).removalError);

    const warning = page.getByRole('alert').filter({ hasText: 'Secrets of 1 ended run are not removed yet' });
    for (const screen of ['#/audit', '#/compute-envs', '#/user/secrets', '#/runs']) {
      await goTo(page, screen);
      await warning.waitFor();
    }
    await page.getByRole('row').nth(1).getByText('Secrets not removed').waitFor();
    await warning.getByRole('button', { name: 'Hide in this tab' }).click();
    await warning.waitFor({ state: 'detached' });
    const another = await browser.open(`${base}#/audit`);
    await another.getByText('Secrets of 1 ended run are not removed yet').waitFor();
    await another.getByRole('alert').getByRole('link').click();
    t.ok(another.url().endsWith(`#/runs/${id}`), 'the warning leads to the run');

    const remove = another.getByRole('button', { name: 'Remove secrets now' });
    await clickUntil(another, remove, 'Some secrets could not be removed');
    disk.thaw(runsDirectory);
    await until('the secrets are removed', async () => {
      await remove.click({ timeout: 500 }).catch(() => undefined); // the daemon retries too, and then there is no button
      return (await newestRun(box)).state === 'purged';
    });
    await another.getByText('not removed yet').waitFor({ state: 'detached' });
    await goTo(another, '#/audit');
    t.equal(await another.getByRole('alert').count(), 0);
  },
);

void t.test('shows a warning about values in files on every screen, until the tab is closed', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
  await box.escrow(['run', 'true']);
  const { id } = await newestRun(box);
  addExposure(box, id, 'FOO_KEY');
  const { page, base } = await openPage(box, browser);
  const warning = page.getByRole('alert').filter({ hasText: 'Files of 1 run contain secret values' });
  await warning.getByText('rotate the secrets').waitFor();
  await goTo(page, '#/audit');
  await warning.getByRole('button', { name: 'Hide in this tab' }).click();
  await warning.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('row').nth(1).waitFor();
  t.equal(await warning.count(), 0, 'hidden in this tab');
  const another = await browser.open(`${base}#/audit`);
  await another.getByText('Files of 1 run contain secret values').waitFor();
  t.pass('a new tab warns again');
});

void t.test('warns of all runs with values in files, also of those that the API does not list', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
  const runs = addRuns(box, 150);
  for (const run of runs) addExposure(box, run, 'FOO_KEY');
  const { page } = await openPage(box, browser);
  const warning = page.getByRole('alert').filter({ hasText: 'Files of 150 runs contain secret values' });
  await warning.getByText('and 147 more').waitFor();
  await warning.getByRole('button', { name: 'Hide in this tab' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
});

/** Records the notifications of a page. */
const RECORD_NOTIFICATIONS = `
  window.shown = [];
  window.Notification = class extends Notification {
    constructor(title, options) { super(title, options); window.shown.push(title); }
  };
`;

void t.test('notifies once when a run ends, if the person asked for it', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], VALUE);
  await browser.context.addInitScript(RECORD_NOTIFICATIONS);
  const { id, end } = await startWaiting(box);
  const { page, base } = await openPage(box, browser);
  await browser.context.grantPermissions(['notifications'], { origin: new URL(base).origin });
  const another = await browser.open(`${base}#/runs/${id}`);
  await goTo(page, `#/runs/${id}`);
  const button = page.getByRole('button', { name: 'Notify me' });
  await button.click();
  await page.getByText('Notifications are on').waitFor();
  t.equal(await button.getAttribute('aria-pressed'), 'true');
  await another.getByRole('button', { name: 'Notify me', pressed: true }).waitFor();
  await end();
  for (const one of [page, another])
    await one.locator('.screen-head').getByText('Succeeded', { exact: true }).waitFor();
  const shown = async (): Promise<string[]> => [
    ...(await page.evaluate<string[]>('window.shown')),
    ...(await another.evaluate<string[]>('window.shown')),
  ];
  await until('a notification', async () => (await shown()).length > 0);
  t.match(await shown(), [/^fake_\d+ succeeded$/]);
  t.equal((await shown()).length, 1, 'one tab notifies for all');
});
