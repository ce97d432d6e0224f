// Long lists in a real browser: rows exist only near the window, and everything in the list can be reached.
import type { Page } from 'playwright-core';
import t from 'tap';
import type { RunList } from '../../../daemon/contract/types.ts';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { addRuns, addTasks } from '../../support/page-data.ts';
import { Sandbox } from '../../support/sandbox.ts';

const ROWS_MAX = 200;
const SCROLL_TO_END = 'scrollTo(0, document.documentElement.scrollHeight)';

async function rowsOf(page: Page): Promise<number> {
  return page.locator('tbody tr[aria-rowindex]').count();
}

/** Scrolls through the page in steps, one per frame. */
async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (let y = 0; y < 20000; y += 250) {
      scrollTo(0, y);
      await new Promise(requestAnimationFrame);
    }
  })()`);
}

void t.test('scrolls through 10,000 runs', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  addRuns(box, 10_000);
  const { page } = await openPage(box, browser);
  await goTo(page, '#/runs');
  await page.getByRole('status').getByText('10,000 runs').waitFor();
  const table = page.getByRole('table', { name: 'Runs' });
  t.equal(await table.getAttribute('aria-rowcount'), '10001');
  await page.getByRole('link', { name: 'run_10000' }).waitFor();
  await scrollThrough(page);
  t.ok((await rowsOf(page)) < ROWS_MAX);

  await page.evaluate(SCROLL_TO_END);
  await page
    .locator('tr[aria-rowindex="10001"]')
    .getByRole('link', { name: /^run_1 / })
    .waitFor();
  t.ok((await rowsOf(page)) < ROWS_MAX);

  await page.getByRole('link', { name: /^run_1 / }).click();
  await page.getByRole('heading', { name: 'run_1', exact: true }).waitFor();
  t.equal(await page.evaluate('scrollY'), 0, 'a new screen starts at its top');
  await page.goBack();
  await page.locator('tr[aria-rowindex="10001"]').waitFor();
  t.ok(await page.getByRole('link', { name: /^run_1 / }).isVisible(), 'the back button returns to the run');

  await page.evaluate('scrollTo(0, 0)');
  await page.getByRole('link', { name: 'run_10000' }).focus();
  for (let index = 0; index < 70; index += 1) await page.keyboard.press('ArrowDown');
  const focused = "document.activeElement.closest('tr').getAttribute('aria-rowindex')";
  t.equal(await page.evaluate(focused), '72', 'arrows move from run to run');
  await page.evaluate(SCROLL_TO_END);
  await page.locator('tr[aria-rowindex="10001"]').waitFor();
  t.equal(await page.evaluate(focused), '72', 'the focused row keeps the focus');

  await page.getByRole('button', { name: 'Failed' }).click();
  await page.getByRole('status').getByText('1,000 runs').waitFor();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('run_990');
  await page.getByRole('status').getByText('2 runs').waitFor(); // run_990 and run_9900
  t.same(browser.messages, []);
});

void t.test('scrolls through 100,000 tasks', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['run', 'true']);
  const { runs } = await box.json<RunList>(['runs', 'list']);
  const run = runs[0]?.id ?? '';
  addTasks(box, run, 100_000);
  const { page } = await openPage(box, browser);
  await goTo(page, `#/runs/${run}/tasks`);
  await page.getByRole('button', { name: 'All 100,000' }).waitFor();
  await page.getByText('ALIGN (1)', { exact: true }).waitFor();
  await scrollThrough(page);
  t.ok((await rowsOf(page)) < ROWS_MAX);
  await page.evaluate(SCROLL_TO_END);
  await page.getByText('ALIGN (100000)', { exact: true }).waitFor();
  t.equal(await page.getByRole('table', { name: 'Tasks' }).getAttribute('aria-rowcount'), '100001');
  await page.getByRole('button', { name: 'Failed 1,000' }).click();
  await page.getByText('ALIGN (100)', { exact: true }).waitFor();
  t.equal(await page.getByRole('table', { name: 'Tasks' }).getAttribute('aria-rowcount'), '1001');
  await page.evaluate(SCROLL_TO_END);
  await page.getByText('ALIGN (100000)', { exact: true }).waitFor();
});
