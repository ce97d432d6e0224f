// The import of secrets in a real browser: preview, choice, conflicts. Canary values are nowhere but in the requests.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { SecretList } from '../../../daemon/contract/types.ts';
import { openPage, startBrowser } from '../../support/browser.ts';
import { holdsNowhere, newCanary } from '../../support/page-canary.ts';
import { Sandbox } from '../../support/sandbox.ts';

/** Names and versions of the secrets of a place. */
async function versions(box: Sandbox, path: string): Promise<Record<string, number>> {
  const { secrets } = JSON.parse((await box.http('GET', path)).text) as SecretList;
  return Object.fromEntries(secrets.map(({ name, version }) => [name, version]));
}

void t.test('previews a pasted text, and imports the chosen names', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  const path = '/v1/workspaces/local/main/secrets';
  for (const name of ['FOO_KEY', 'BAR_KEY'])
    await box.escrow(['secrets', 'set', name], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  const canaries = Array.from({ length: 6 }, newCanary);
  const text = ['FOO_KEY', 'BAR_KEY', 'NEW_KEY', 'OTHER_KEY', 'PATH', '1BAD']
    .map((name, index) => `${name}='${String(canaries[index])}'`)
    .join('\n');

  await page.getByRole('button', { name: 'Import…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import secrets' });
  await dialog.getByLabel('Names and values').fill(`${text}\nEMPTY_KEY=\n`);
  await dialog.getByRole('button', { name: 'Preview' }).click();
  await dialog.getByText('7 names: 2 new, 2 existing, 3 refused').waitFor();
  const row = (name: string) => dialog.getByRole('listitem').filter({ hasText: name });
  await row('NEW_KEY').getByText('New', { exact: true }).waitFor();
  await row('FOO_KEY').getByText('Version 1').waitFor();
  await row('FOO_KEY').getByText('Keep').waitFor();
  await row('PATH').getByText('Refused: shells use this variable').waitFor();
  await row('1BAD').getByText('Refused: it starts with a digit').waitFor();
  await row('EMPTY_KEY').getByText('Refused: the value is empty').waitFor();
  t.ok(await row('PATH').getByRole('checkbox').isDisabled());
  t.same(await versions(box, path), { FOO_KEY: 1, BAR_KEY: 1 }, 'a preview stores nothing');

  await row('OTHER_KEY').getByRole('checkbox').uncheck();
  await row('FOO_KEY').getByRole('checkbox').check();
  await row('FOO_KEY').getByText('Replace').waitFor();
  await dialog.getByRole('button', { name: 'Back' }).click();
  await dialog.getByRole('button', { name: 'Preview' }).click();
  await row('OTHER_KEY').getByRole('checkbox').uncheck();
  await row('FOO_KEY').getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Import 2 secrets' }).click();
  await page.getByText('Imported 2 secrets').waitFor();
  await page.getByRole('link', { name: 'NEW_KEY' }).waitFor();
  t.same(await versions(box, path), { FOO_KEY: 2, BAR_KEY: 1, NEW_KEY: 1 });
  for (const canary of canaries) await holdsNowhere(t, page, browser, canary);
  t.same(browser.messages, []);
});

void t.test(
  'imports a file into the secrets of the user, and imports nothing if a secret changed after the preview',
  async (t) => {
    const browser = await startBrowser(t);
    if (browser === undefined) return;
    const box = new Sandbox(t);
    await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: 'a value of the test' });
    const canary = newCanary();
    const file = join(box.directory, 'store.json');
    writeFileSync(file, JSON.stringify(['FOO_KEY', 'BAR_KEY'].map((name) => ({ name, value: canary }))));
    const { page } = await openPage(box, browser);
    await page.getByRole('link', { name: 'Your secrets' }).click();
    await page.getByRole('button', { name: 'Import…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import secrets' });
    await dialog.getByLabel('File with secrets').setInputFiles(file);
    await dialog.getByRole('button', { name: 'JSON', pressed: true }).waitFor();
    await dialog.getByRole('button', { name: '.env' }).click();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('it contains no secrets').waitFor();
    await dialog.getByRole('button', { name: 'JSON' }).click();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByLabel('Select all').check();
    for (const name of ['FOO_KEY', 'BAR_KEY'])
      await box.escrow(['secrets', 'set', name, '--user'], { input: 'another value' });
    await dialog.getByRole('button', { name: 'Import 2 secrets' }).click();
    await dialog.getByText('changed in the meantime: FOO_KEY, BAR_KEY').waitFor();
    t.same(await versions(box, '/v1/user/secrets'), { FOO_KEY: 2, BAR_KEY: 1 });
    await dialog.getByRole('button', { name: 'Preview again' }).click();
    await dialog.getByText('Version 2').waitFor();
    await dialog.getByLabel('Select all').check();
    await dialog.getByRole('button', { name: 'Import 2 secrets' }).click();
    await page.getByText('Imported 2 secrets').waitFor();
    t.same(await versions(box, '/v1/user/secrets'), { FOO_KEY: 3, BAR_KEY: 2 });
    await holdsNowhere(t, page, browser, canary);
  },
);
