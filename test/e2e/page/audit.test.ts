// The audit log in a real browser: filters in the address, and pages.
import t from 'tap';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { Sandbox } from '../../support/sandbox.ts';

void t.test('filters the audit log, and shows more events', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  await box.escrow(['secrets', 'set', 'BAR_KEY', '--user'], { input: 'a value of the test' });
  for (let number = 0; number < 110; number += 1)
    await box.http('POST', '/v1/organizations', { name: `org-${String(number)}` });
  const { page } = await openPage(box, browser);
  await goTo(page, '#/audit');
  const rows = page.getByRole('table', { name: 'Audit log' }).locator('tbody tr');
  t.equal(await rows.count(), 100);
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
  t.equal(await rows.count(), 112, 'all events, each once');

  await page.getByLabel('Events', { exact: true }).selectOption('Secrets');
  await rows.nth(1).waitFor();
  await rows.nth(2).waitFor({ state: 'detached' });
  t.match(page.url(), /type=secret/);
  await page.getByText('More filters').click();
  await page.getByLabel('Secret', { exact: true }).fill('FOO_KEY');
  await rows.nth(1).waitFor({ state: 'detached' });
  await rows.getByText('secret.set').waitFor();
  const today = await page.evaluate<string>("new Date().toLocaleDateString('sv')");
  await page.getByLabel('To', { exact: true }).fill(today);
  await rows.getByText('secret.set').waitFor();
  await page.getByLabel('To', { exact: true }).fill('2020-01-01');
  await page.getByText('No event matches').waitFor();
  const address = page.url();
  await page.reload();
  await page.getByText('No event matches').waitFor();
  t.equal(page.url(), address);
  t.equal(await page.getByLabel('Secret', { exact: true }).inputValue(), 'FOO_KEY');
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await rows.nth(99).waitFor();
  await page.getByLabel('Search events').fill('bar_key');
  await rows.nth(1).waitFor({ state: 'detached' });
  t.equal(await rows.count(), 1, 'the rows stay until the others are read');
  t.same(browser.messages, []);
});
