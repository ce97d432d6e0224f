// The screens of secrets in a real browser. A canary value must be nowhere but in the requests that set it.
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { SecretList, TaskList } from '../../../daemon/contract/types.ts';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { holdsNowhere, newCanary } from '../../support/page-canary.ts';
import { startWaiting, task } from '../../support/page-runs.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

void t.test('adds, updates and removes a secret, and never shows its value', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  const [first, second] = [newCanary(), newCanary()];

  await page.getByRole('button', { name: 'Add secret' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name').fill('1A');
  await form.getByText('it starts with a digit').waitFor();
  await form.getByLabel('Name').fill('PATH');
  await form.getByLabel('Value', { exact: true }).fill(`${first}\n`);
  await form.getByText('shells use this variable').waitFor();
  await form.getByText(`${String(first.length + 1)} bytes`).waitFor();
  await form.getByLabel('Name').fill('BAR_KEY');
  await form.getByRole('button', { name: 'Remove the line break' }).click();
  await form.getByText(`${String(first.length)} bytes`).waitFor();
  await form.getByRole('button', { name: 'Add secret' }).click();
  await page.getByText('Added BAR_KEY').waitFor();
  await holdsNowhere(t, page, browser, first);

  await page.getByRole('button', { name: 'Actions for BAR_KEY' }).click();
  await page.getByRole('menuitem', { name: 'Update value' }).click();
  await page.getByLabel('Value', { exact: true }).fill(second);
  await page.getByRole('button', { name: 'Save new value' }).click();
  await page.getByText('Updated BAR_KEY to version 2').waitFor();
  await holdsNowhere(t, page, browser, second);

  await page.getByRole('button', { name: 'Actions for BAR_KEY' }).click();
  await page.getByRole('menuitem', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove secret' }).click();
  await page.getByText('Removed BAR_KEY').waitFor();
  await page.getByRole('link', { name: 'BAR_KEY' }).waitFor({ state: 'detached' });
  const { secrets } = await box.json<SecretList>(['secrets', 'list']);
  t.same(
    secrets.map(({ name }) => name),
    ['FOO_KEY'],
  );
  t.same(browser.messages, [], 'nothing is logged');
});

void t.test('sends the exact bytes of a file', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const value = Buffer.concat([Buffer.from(`${newCanary()}\r\n`), Buffer.from([0xff, 0x80, 0x27, 0x0a])]);
  const file = join(box.directory, 'value.bin');
  writeFileSync(file, value);
  const { page } = await openPage(box, browser);
  let sent = '';
  page.on('request', (request) => {
    if (request.method() === 'PUT') sent = (request.postDataJSON() as { valueBase64: string }).valueBase64;
  });
  await page.getByRole('button', { name: 'Add secret' }).click();
  await page.getByLabel('Name').fill('BAR_KEY');
  await page.getByLabel('File with the value').setInputFiles(file);
  for (const warning of ['ends with a line break', 'Windows line breaks', 'not UTF-8 text'])
    await page.getByText(warning).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Add secret' }).click();
  await page.getByText('Added BAR_KEY').waitFor();
  t.same(Buffer.from(sent, 'base64'), value);
});

void t.test('shows a change that happened since the form was opened', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  await page.getByRole('button', { name: 'Actions for FOO_KEY' }).click();
  await page.getByRole('menuitem', { name: 'Update value' }).click();
  await page.getByLabel('Value', { exact: true }).fill(newCanary());
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'another value' });
  await page.getByRole('button', { name: 'Save new value' }).click();
  await page.getByText('FOO_KEY has changed in the meantime').waitFor();
  await page.getByRole('button', { name: 'Replace version 2' }).click();
  await page.getByText('Updated FOO_KEY to version 3').waitFor();

  await page.getByRole('button', { name: 'Add secret' }).click();
  await page.getByLabel('Name').fill('FOO_KEY');
  await page.getByLabel('Value', { exact: true }).fill(newCanary());
  await page.getByRole('dialog').getByRole('button', { name: 'Add secret' }).click();
  await page.getByText('FOO_KEY has changed in the meantime').waitFor();
  t.pass('adding does not replace an existing secret unasked');
});

void t.test('shows which secrets override others', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  for (const args of [['FOO_KEY'], ['BAR_KEY'], ['FOO_KEY', '--user']])
    await box.escrow(['secrets', 'set', ...args], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  const row = page.getByRole('row').filter({ hasText: 'FOO_KEY' });
  await row.getByText('Overridden').waitFor();
  t.equal(await page.getByRole('row').filter({ hasText: 'BAR_KEY' }).getByText('Overridden').count(), 0);
  await row.getByText('Overridden').click();
  await page.getByRole('heading', { name: 'FOO_KEY' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('row').filter({ hasText: 'FOO_KEY' }).getByText('local/main').waitFor();
  t.ok(page.url().endsWith('#/user/secrets'));
});

void t.test('offers no changes in a personal workspace', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  await box.escrow(['workspaces', 'create', 'local/own', '--personal']);
  const { page } = await openPage(box, browser);
  await page.evaluate("location.hash = '#/workspaces/local/own/secrets'");
  await page.getByText('A personal workspace has no secrets').waitFor();
  t.equal(await page.getByRole('button', { name: 'Add secret' }).count(), 0);
});

void t.test('shows the versions of a secret, and who set them', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const [first, second] = [newCanary(), newCanary()];
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: first });
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: second });
  const { page } = await openPage(box, browser);
  const { username } = userInfo();
  await page.getByRole('row').filter({ hasText: 'FOO_KEY' }).getByText(`by ${username}`).waitFor();
  await page.getByRole('link', { name: 'FOO_KEY' }).click();
  const versions = page.getByRole('list', { name: 'Versions' }).getByRole('listitem');
  await versions.filter({ hasText: 'Version 2' }).getByText('Current').waitFor();
  await versions.filter({ hasText: 'Version 1' }).getByText(`Set by ${username}`).waitFor();
  t.equal(await versions.count(), 2);
  for (const value of [first, second]) await holdsNowhere(t, page, browser, value);
});

void t.test('shows which runs used a secret and still hold its value, and removes it', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  for (const args of [['FOO_KEY'], ['BAR_KEY', '--user']])
    await box.escrow(['secrets', 'set', ...args], { input: 'a value of the test' });
  const before = [task(1, 'ALIGN', 'FOO_KEY'), task(2, 'CALL', 'BAR_KEY')].join('; ');
  const { id, end } = await startWaiting(box, { before });
  // A command that names the run makes the daemon read its events, which it reads once a minute otherwise.
  await until('the tasks are recorded', async () => {
    const { tasks } = await box.json<TaskList>(['runs', 'tasks', id]);
    return tasks.length === 2;
  });
  const { page } = await openPage(box, browser);
  for (const [screen, name, process] of [
    ['#/workspaces/local/main/secrets', 'FOO_KEY', 'ALIGN'],
    ['#/user/secrets', 'BAR_KEY', 'CALL'],
  ] as const) {
    await goTo(page, `${screen}/${name}`);
    const panel = page.getByRole('dialog', { name });
    await panel.getByRole('link', { name: /^fake_/ }).waitFor();
    await panel.getByText(process, { exact: true }).waitFor();
    await panel.getByRole('list', { name: 'Versions' }).getByText('Version 1').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Remove', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Remove ${name}?` });
    await dialog.getByText('1 live run keeps the value until it ends').waitFor();
    await dialog.getByRole('button', { name: 'Remove secret' }).click();
    await page.getByText(`Removed ${name}`).waitFor();
  }
  for (const scope of [[], ['--user']])
    t.same((await box.json<SecretList>(['secrets', 'list', ...scope])).secrets, []);
  await end();
});

void t.test('finds secrets of other workspaces in the search and in the palette', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['workspaces', 'create', 'local/other']);
  for (const args of [['FOO_KEY'], ['BAR_KEY', '--workspace', 'local/other'], ['BAR_TOO', '--user']])
    await box.escrow(['secrets', 'set', ...args], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  await page.getByRole('searchbox', { name: 'Search secrets' }).fill('bar');
  const others = page.getByRole('table', { name: 'Other matches' });
  await others.getByRole('row').filter({ hasText: 'Your secrets' }).getByText('BAR_TOO').waitFor();
  await others.getByRole('row').filter({ hasText: 'local/other' }).getByText('BAR_KEY').click();
  await page.getByRole('dialog', { name: 'BAR_KEY' }).waitFor();
  t.ok(page.url().endsWith('#/workspaces/local/other/secrets/BAR_KEY'));
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await page.keyboard.press('Control+k');
  await page.keyboard.type('bar');
  await page.getByRole('option', { name: 'BAR_KEY Secret in local/other' }).waitFor();
  await page.getByRole('option', { name: 'BAR_TOO Your secret' }).waitFor();
  t.equal(await page.getByRole('option', { name: 'BAR_KEY' }).count(), 1, 'each secret once');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('foo_key');
  await page.getByRole('option', { name: 'FOO_KEY Secret in local/main' }).click();
  await page.getByRole('dialog', { name: 'FOO_KEY' }).waitFor();
});

/** Returns the labels in the table that are not completely visible. */
const CUT_LABELS = `[...document.querySelectorAll('td .badge-text')]
  .filter((label) => {
    const [inner, outer] = [label, label.closest('td')].map((one) => one.getBoundingClientRect());
    return label.scrollWidth > label.clientWidth || inner.right > outer.right || inner.width === 0;
  })
  .map((label) => label.closest('td').textContent)`;

void t.test('shows what overrides a secret at every width', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const long = `${'VERY_LONG_NAME_'.repeat(3)}KEY`;
  for (const name of ['FOO_KEY', long])
    for (const place of [[], ['--user']])
      await box.escrow(['secrets', 'set', name, ...place], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  const labels = page.getByText('Overridden by you');
  await labels.first().waitFor();
  t.equal(await labels.count(), 2);
  for (const width of [320, 390, 600, 721, 800, 861, 1024, 1181, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 });
    t.same(await page.evaluate(CUT_LABELS), [], `${String(width)} px`);
  }
});
