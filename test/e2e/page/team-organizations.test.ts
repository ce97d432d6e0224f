// Organizations, workspaces, members and service accounts in the page of a team server.
import type { Page } from 'playwright-core';
import t from 'tap';
import type {
  MemberList,
  OrganizationList,
  ServiceAccountList,
  TokenList,
  Workspace,
} from '../../../daemon/contract/types.ts';
import { goTo } from '../../support/browser.ts';
import { holdsNowhere } from '../../support/page-canary.ts';
import { TeamPage } from '../../support/team-page.ts';

t.setTimeout(900_000);

const dialog = (page: Page) => page.getByRole('dialog');

/** Sends the form of the open dialog, and waits until it is closed. */
async function send(page: Page, button: string): Promise<void> {
  await dialog(page).getByRole('button', { name: button, exact: true }).click();
  await dialog(page).waitFor({ state: 'detached' });
}

async function choose(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole('button', { name: menu, exact: true }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

void t.test(
  'creates an organization and a workspace, changes its visibility, and removes both',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    const page = await team.open('administrator', '#/organizations');
    await page.getByRole('button', { name: 'Create organization' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Not Valid');
    await dialog(page).getByRole('button', { name: 'Create organization' }).click();
    await dialog(page).getByRole('alert').waitFor(); // the form stays open with the reason
    await page.getByLabel('Name', { exact: true }).fill('new-lab');
    await send(page, 'Create organization');
    await page.getByRole('link', { name: 'new-lab' }).click();
    await page.getByRole('button', { name: 'Create workspace' }).click();
    await page.getByLabel('Name', { exact: true }).fill('atac');
    await page.getByLabel('Visible to', { exact: true }).selectOption('private');
    await send(page, 'Create workspace');
    await page.getByRole('link', { name: 'atac' }).waitFor();
    await goTo(page, '#/workspaces/new-lab/atac/members');
    await choose(page, 'Actions for the workspace', 'Change visibility');
    await page.getByLabel('Visible to', { exact: true }).selectOption('shared');
    await send(page, 'Change visibility');
    await page.getByText('is shared:').waitFor();
    const found = await team.must<Workspace>('administrator', 'GET', '/v1/workspaces/new-lab/atac');
    t.equal(found.visibility, 'shared');
    await choose(page, 'Actions for the workspace', 'Remove workspace');
    const remove = dialog(page).getByRole('button', { name: 'Remove workspace' });
    t.ok(await remove.isDisabled(), 'the name must be typed');
    await page.getByLabel('Type new-lab/atac to confirm', { exact: true }).fill('new-lab/atac');
    await send(page, 'Remove workspace');
    await choose(page, 'Actions for the organization', 'Remove organization');
    await send(page, 'Remove organization');
    await page.getByText('No organizations yet').waitFor();
    t.same(
      (await team.must<OrganizationList>('administrator', 'GET', '/v1/organizations')).organizations,
      [],
    );
  },
);

void t.test('adds members, changes their roles and removes them, no higher than the own role', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.open('orgadmin', '#/organizations/lab/members');
  await page.getByRole('button', { name: 'Add member' }).click();
  t.same(await page.getByLabel('Role', { exact: true }).locator('option').allTextContents(), [
    'admin',
    'member',
  ]);
  await page.getByLabel('User', { exact: true }).fill('nobody-like-it');
  await dialog(page).getByRole('button', { name: 'Add member' }).click();
  await dialog(page).getByRole('alert').getByText('nobody-like-it').waitFor();
  await page.getByLabel('User', { exact: true }).fill('outsider');
  await send(page, 'Add member');
  await choose(page, 'Actions for outsider', 'Change role');
  await page.getByLabel('Role', { exact: true }).selectOption('admin');
  await send(page, 'Change role');
  t.equal(
    await page.getByRole('button', { name: 'Actions for owner' }).count(),
    0,
    'nobody changes a higher role',
  );
  await choose(page, 'Actions for outsider', 'Remove');
  await send(page, 'Remove member');
  await page.getByRole('cell', { name: 'outsider', exact: true }).waitFor({ state: 'detached' });

  await goTo(page, '#/workspaces/lab/shared/members');
  await page.getByRole('button', { name: 'Add member' }).click();
  await page.locator('datalist option[value="service-account:ci"]').waitFor({ state: 'attached' });
  await page.getByLabel('Member', { exact: true }).fill('service-account:ci');
  await page.getByLabel('Role', { exact: true }).selectOption('view');
  await send(page, 'Add member');
  await choose(page, 'Actions for service-account:ci', 'Change role');
  await page.getByLabel('Role', { exact: true }).selectOption('launch');
  await send(page, 'Change role');
  const { members } = await team.must<MemberList>('orgadmin', 'GET', '/v1/workspaces/lab/shared/members');
  t.match(
    members.find(({ user }) => user === 'service-account:ci'),
    { role: 'launch', source: 'workspace' },
  );
  await choose(page, 'Actions for service-account:ci', 'Remove');
  await send(page, 'Remove member');

  const own = await team.open('viewer', '#/organizations/lab/members');
  await choose(own, 'Actions for viewer', 'Leave organization');
  await send(own, 'Leave organization');
  await own.getByText('No organizations yet').waitFor();
});

void t.test('the last owner cannot leave, and sees why', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.open('owner', '#/organizations/lab/members');
  await choose(page, 'Actions for owner', 'Leave organization');
  await dialog(page).getByRole('button', { name: 'Leave organization' }).click();
  await dialog(page).getByRole('alert').getByText('last').waitFor();
});

void t.test(
  'creates a service account and its token, which is shown once, and revokes and removes them',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    const page = await team.open('owner', '#/organizations/lab/service-accounts');
    await page.getByRole('button', { name: 'Create service account' }).click();
    await page.getByLabel('Name', { exact: true }).fill('nightly');
    await send(page, 'Create service account');
    await page.getByRole('link', { name: 'nightly' }).click();
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByLabel('Name', { exact: true }).fill('cron');
    await page.getByLabel('Workspace', { exact: true }).selectOption('lab/rna');
    await dialog(page).getByRole('button', { name: 'Create token' }).click();
    const shown = page.getByRole('dialog', { name: 'Token created' });
    const text = (await shown.locator('.command code').textContent()) ?? '';
    t.match(text, /^nfe_/);
    await shown.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Only lab/rna').waitFor();
    const responses = team.browser.responses.filter((one) => !one.url.endsWith('/v1/tokens'));
    await holdsNowhere(t, page, { ...team.browser, responses }, text);
    await page.reload();
    await page.getByText('cron').waitFor();
    t.notOk((await page.content()).includes(text), 'nobody can read it again');
    await choose(page, 'Actions for cron', 'Revoke');
    await send(page, 'Revoke token');
    await page.getByText('No tokens').waitFor();
    const query = '/v1/tokens?serviceAccount=lab/nightly';
    t.same((await team.must<TokenList>('owner', 'GET', query)).tokens, []);
    await choose(page, 'Actions for the service account', 'Remove service account');
    await send(page, 'Remove service account');
    const path = '/v1/organizations/lab/service-accounts';
    const { serviceAccounts } = await team.must<ServiceAccountList>('owner', 'GET', path);
    t.same(
      serviceAccounts.map(({ name }) => name),
      ['ci'],
    );
  },
);
