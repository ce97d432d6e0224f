// Secrets and runs in the page of a team server.
import t from 'tap';
import type { SecretList } from '../../../daemon/contract/types.ts';
import { goTo } from '../../support/browser.ts';
import { harmfulIn, hostileTexts } from '../../support/hostile-text.ts';
import { holdsNowhere, newCanary } from '../../support/page-canary.ts';
import { TeamPage } from '../../support/team-page.ts';

t.setTimeout(900_000);

void t.test(
  'a maintainer sets, updates and removes a secret of a server, and its value is nowhere',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    const values = [newCanary(), newCanary(), newCanary()];
    const page = await team.open('maintainer', '#/workspaces/lab/rna/secrets');
    await page.getByRole('button', { name: 'Add secret' }).click();
    await page.getByLabel('Name', { exact: true }).fill('DB_PASSWORD');
    await page.getByLabel('Value', { exact: true }).fill(values[0] ?? '');
    await page.getByRole('dialog').getByRole('button', { name: 'Add secret' }).click();
    await page.getByRole('link', { name: 'DB_PASSWORD' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Update value' }).click();
    await page.getByLabel('Value', { exact: true }).fill(values[1] ?? '');
    await page.getByRole('button', { name: 'Save new value' }).click();
    await page.getByText('Version 2').first().waitFor();
    await goTo(page, '#/workspaces/lab/rna/secrets?import=1');
    await page.getByLabel('Names and values', { exact: true }).fill(`S3_TOKEN=${values[2] ?? ''}\n`);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Import 1 secret' }).click();
    await page.getByRole('link', { name: 'S3_TOKEN' }).waitFor();
    await page.getByRole('button', { name: 'Actions for S3_TOKEN' }).click();
    await page.getByRole('menuitem', { name: 'Remove', exact: true }).click();
    await page.getByRole('button', { name: 'Remove secret' }).click();
    await page.getByRole('link', { name: 'S3_TOKEN' }).waitFor({ state: 'detached' });
    const { secrets } = await team.must<SecretList>('viewer', 'GET', '/v1/workspaces/lab/rna/secrets');
    t.match(secrets, [{ name: 'DB_PASSWORD', version: 2 }]);
    const log = JSON.stringify(team.server.lines);
    for (const value of values) {
      await holdsNowhere(t, page, team.browser, value);
      t.notOk(log.includes(value) || log.includes(Buffer.from(value).toString('base64')), 'not in the log');
    }
    for (const cookie of await team.browser.context.cookies())
      t.ok(cookie.httpOnly && !values.includes(cookie.value), 'cookies have no value');
  },
);

void t.test(
  'a viewer sees the names of secrets, their history and the runs that received them',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    await team.set('DB_PASSWORD');
    const run = await team.release(['DB_PASSWORD'], { state: 'running' });
    const page = await team.open('viewer', '#/workspaces/lab/rna/secrets/DB_PASSWORD');
    const panel = page.getByRole('dialog', { name: 'DB_PASSWORD' });
    await panel.getByText('Set by maintainer').waitFor();
    await panel.getByText('Launched by launcher').waitFor();
    t.equal(await panel.getByRole('button', { name: /Update|Remove/ }).count(), 0);
    await panel.getByRole('link', { name: run }).click();
    await page.getByRole('heading', { name: run }).waitFor();
    await page.getByText('The daemon of launcher, last').waitFor();
    await page.getByText('The daemon of launcher', { exact: true }).waitFor(); // holds the secrets
    await page.getByText('1 run-directory: placed').waitFor();
    await page.getByRole('link', { name: 'DB_PASSWORD' }).waitFor();

    const maintainer = await team.open('maintainer', '#/workspaces/lab/rna/secrets');
    await maintainer.getByRole('button', { name: 'Actions for DB_PASSWORD' }).click();
    await maintainer.getByRole('menuitem', { name: 'Remove', exact: true }).click();
    await maintainer.getByText('1 live run keeps the value until it ends').waitFor();
  },
);

void t.test('lists the runs of all workspaces, and those whose removal was not reported', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  await team.set('DB_PASSWORD');
  const running = await team.release(['DB_PASSWORD'], { state: 'running' });
  const purged = await team.release(['DB_PASSWORD'], { state: 'purged', outcome: 'succeeded', leases: [] });
  const open = await team.release(['DB_PASSWORD'], { state: 'ended', outcome: 'failed' });
  const page = await team.open('viewer', '#/runs');
  for (const run of [running, purged, open]) await page.getByRole('link', { name: run }).waitFor();
  await page.getByRole('button', { name: 'Running' }).click();
  await page.getByRole('link', { name: open }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: running }).waitFor();
  await page.getByRole('button', { name: 'Not removed' }).click();
  await page.getByRole('link', { name: purged }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.getByLabel('Search runs', { exact: true }).fill(purged.slice(5));
  await page.getByRole('link', { name: running }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: purged }).waitFor();
  await page.getByLabel('Search runs', { exact: true }).fill('no such run!');
  await page.getByText('No run matches the filters').waitFor();
  await page.getByText('1 run ended without a report').waitFor();
  await page.getByRole('link', { name: 'Show pending removals' }).click();
  await page.getByRole('link', { name: open }).waitFor();
  t.equal(await page.getByRole('link', { name: running }).count(), 0);
  await page.getByRole('button', { name: 'All, with live runs' }).click();
  await page.getByRole('link', { name: running }).waitFor();
});

void t.test(
  'finds secrets, workspaces, organizations and runs of all workspaces in the palette',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    await team.set('DB_PASSWORD');
    const run = await team.release(['DB_PASSWORD'], { state: 'running' });
    const page = await team.open('viewer', '#/workspaces/lab/shared/secrets');
    const find = async (text: string, kind: string): Promise<void> => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill(text);
      await page.getByRole('option').filter({ hasText: kind }).first().waitFor();
      await page.keyboard.press('Escape');
    };
    await find('db_pass', 'Secret in lab/rna');
    await find('rna', 'Workspace');
    await find('lab', 'Organization');
    await find(run.slice(4), 'Run of launcher in lab/rna');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('secret');
    t.equal(
      await page.getByRole('option').filter({ hasText: 'Add secret' }).count(),
      0,
      'a viewer finds no change',
    );
  },
);

void t.test('escapes names from outside', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const names = hostileTexts.map((text) => `one${text.replaceAll(/[\u0000-\u001f\u007f]/g, '')}<b>`);
  for (const name of names) await team.must('owner', 'POST', '/v1/tokens', { name, scopes: ['read'] });
  const page = await team.open('owner', '#/account');
  await page.getByRole('row').nth(names.length).waitFor();
  const text = await page.locator('main').innerText();
  t.same(harmfulIn(text.replaceAll('\t', '')), []); // tabs separate cells
  t.equal(await page.locator('main b').count(), 0);
});
