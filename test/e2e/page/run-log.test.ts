// The log of a live run in a real browser.
import t from 'tap';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { holdsNowhere, newCanary } from '../../support/page-canary.ts';
import { startWaiting } from '../../support/page-runs.ts';
import { Sandbox } from '../../support/sandbox.ts';

void t.test('follows the log of a live run, without values of secrets', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const canary = newCanary();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: canary });
  const { id, end } = await startWaiting(box, {
    options: ['--detach'],
    before: 'echo first line; cat "$NXF_SECRETS_FILE" "$(dirname "$NXF_SECRETS_FILE")"/secrets/*; echo',
    after: 'echo last line',
  });
  const { page } = await openPage(box, browser);
  await goTo(page, `#/runs/${id}`);
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  const log = page.getByRole('log');
  await log.getByText('first line').waitFor();
  await log.getByText('***FOO_KEY***').waitFor();
  t.equal(await log.getByText('last line').count(), 0);
  for (let requests = 0; requests < 2; requests += 1)
    await page.waitForResponse((response) => response.url().endsWith('/log'));
  await end();
  await log.getByText('last line').waitFor();
  await holdsNowhere(t, page, browser, canary);
  t.same(browser.messages, [], 'no request fails while the log does not grow');
});

void t.test('shows an empty log until it has a line', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const { id, end } = await startWaiting(box, { options: ['--detach'], after: 'echo last line' });
  const { page } = await openPage(box, browser);
  await goTo(page, `#/runs/${id}/log`);
  await page.getByText('The log is empty').waitFor();
  await end();
  await page.getByRole('log').getByText('last line').waitFor();
});
