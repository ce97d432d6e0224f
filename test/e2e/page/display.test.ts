// What depends on the reader's browser and settings: the tab, very wide windows, time zones, the clipboard.
import t from 'tap';
import { openPage, goTo, startBrowser } from '../../support/browser.ts';
import { OVERFLOW } from '../../support/page-checks.ts';
import { addRuns } from '../../support/page-data.ts';
import { startWaiting } from '../../support/page-runs.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const ICON = `document.querySelector('link[rel="icon"]').href`;

void t.test('the tab shows the state of a run', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const { id, end } = await startWaiting(box, { after: 'exit 3' });
  const { page } = await openPage(box, browser);
  const plain = await page.evaluate<string>(ICON);
  await goTo(page, `#/runs/${id}`);
  await until('the title shows that it runs', async () => /running/i.test(await page.title()));
  const live = await page.evaluate<string>(ICON);
  t.not(live, plain, 'the icon of a live run');
  await end();
  await until('the title shows that it failed', async () => /failed/i.test(await page.title()));
  const failed = await page.evaluate<string>(ICON);
  t.not(failed, live);
  t.not(failed, plain);
  await goTo(page, '#/audit');
  await until('the icon shows no state', async () => !(await page.evaluate<string>(ICON)).includes('circle'));
});

void t.test('uses a very wide window without stretching lines of text', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  await page.setViewportSize({ width: 3840, height: 1600 });
  for (const screen of [
    '#/workspaces/local/main/secrets',
    '#/runs',
    '#/launch',
    '#/audit',
    '#/compute-envs/local',
  ]) {
    await goTo(page, screen);
    const widest = await page.evaluate<number>(
      `Math.max(...[...document.querySelectorAll('main p')].map((one) => one.getBoundingClientRect().width), 0)`,
    );
    t.ok(widest <= 1400, `${screen}: a paragraph is ${String(widest)} px wide`);
    t.ok((await page.evaluate<number>(OVERFLOW)) <= 0);
  }
});

void t.test("shows exact times in the reader's time zone", async (t) => {
  for (const [timezoneId, expected] of [
    ['Asia/Kolkata', /1 Jan 2026, 05:31:00 GMT\+5:30/],
    ['America/St_Johns', /31 Dec 2025, 20:31:00 GMT-3:30/],
  ] as const) {
    const browser = await startBrowser(t, { context: { timezoneId } });
    if (browser === undefined) return;
    const box = new Sandbox(t);
    await box.escrow(['daemon', 'start']);
    const [id = ''] = addRuns(box, 1); // created at 2026-01-01T00:01Z
    const { page } = await openPage(box, browser);
    await goTo(page, `#/runs/${id}`);
    const titles = await page.evaluate<string[]>(
      `[...document.querySelectorAll('main time')].map(({ title }) => title)`,
    );
    t.ok(
      titles.some((title) => expected.test(title)),
      `${timezoneId}: ${titles.join('; ')}`,
    );
  }
});

void t.test('reports that the browser blocks the clipboard', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const { page } = await openPage(box, browser);
  await goTo(page, '#/audit');
  await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('blocked'))");
  await page.getByText('Use a terminal instead').click();
  await page.getByRole('button', { name: 'Copy the command' }).click();
  await page.getByText('Cannot copy: the browser blocks access to the clipboard').waitFor();
  t.same(browser.messages, []);
});
