// Invitations, sessions, tokens, users and the audit log in the page of a team server.
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import t from 'tap';
import type {
  InvitationList,
  JournalEvent,
  TokenList,
  UserSessionList,
} from '../../../daemon/contract/types.ts';
import { goTo } from '../../support/browser.ts';
import { TEAM_ACTIONS } from '../../support/team-actions.ts';
import { isAccessible, settled, TeamPage } from '../../support/team-page.ts';

t.setTimeout(900_000);

void t.test('without a session, signs in and returns to the screen', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.browser.open(`${team.origin}/#/workspaces/lab/rna/members`);
  await page.waitForURL(`${team.origin}/sign-in`);
  const { stdout } = await team.server.escrow(['serve', 'user', 'sign-in-link', 'viewer']);
  await page.goto(stdout.trim());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Members' }).waitFor();
  t.equal(page.url(), `${team.origin}/#/workspaces/lab/rna/members`);
  t.equal(await page.evaluate("sessionStorage.getItem('nf-escrow.return')"), null);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${team.origin}/sign-in`);
  t.same(await team.browser.context.cookies(), []);
  await page.goBack();
  await page.waitForURL(`${team.origin}/sign-in`);
  t.notOk((await page.content()).includes('maintainer'), 'the back button shows nothing');
});

void t.test('invites a person, withdraws an invitation, and creates a sign-in link', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.open('administrator', '#/invitations');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByLabel('Address', { exact: true }).fill('new@example.org');
  await page.getByLabel('User name', { exact: true }).fill('newcomer');
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const created = page.getByRole('dialog', { name: 'Invitation created' });
  const link = (await created.locator('.command code').textContent()) ?? '';
  await created.getByRole('button', { name: 'Done' }).click();
  t.ok(link.startsWith(`${team.origin}/invitation#`));
  await page.getByRole('cell', { name: 'new@example.org', exact: true }).waitFor();
  t.notOk((await page.content()).includes(link), 'the link is shown once');
  await page.getByRole('button', { name: 'Actions for new@example.org' }).click();
  await page.getByRole('menuitem', { name: 'Withdraw', exact: true }).click();
  await page.getByRole('button', { name: 'Withdraw invitation' }).click();
  await page.getByText('No open invitations').waitFor();
  t.same((await team.must<InvitationList>('administrator', 'GET', '/v1/invitations')).invitations, []);

  await goTo(page, '#/users');
  await page.getByRole('button', { name: 'Actions for viewer' }).click();
  await page.getByRole('menuitem', { name: 'Create sign-in link', exact: true }).click();
  const shown = page.getByRole('dialog', { name: 'Sign-in link of viewer' });
  const address = (await shown.locator('.command code').textContent()) ?? '';
  await shown.getByRole('button', { name: 'Done' }).click();
  await team.browser.context.clearCookies();
  const other = await team.browser.open(address);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('navigation', { name: 'Main' }).getByText('viewer').waitFor();
});

void t.test('ends one session, and all of them', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const { stdout } = await team.server.escrow(['serve', 'user', 'sign-in-link', 'owner']);
  const page = await team.browser.open(stdout.trim());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await goTo(page, '#/account');
  await page.getByRole('button', { name: /^Actions for the session/ }).click();
  await page.getByRole('menuitem', { name: 'End session', exact: true }).click();
  await page.getByText('Session ended').waitFor();
  const { status } = await team.send('owner', 'GET', '/v1/user/sessions');
  t.equal(status, 401, 'the other session has ended');
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByLabel('Name', { exact: true }).fill('laptop');
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Actions for laptop' }).click();
  await page.getByRole('menuitem', { name: 'Revoke', exact: true }).click();
  await page.getByRole('button', { name: 'Revoke token' }).click();
  await page.getByText('No tokens').waitFor();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.waitForURL(`${team.origin}/sign-in`);
});

void t.test('the page of a suspended user ends', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.open('viewer', '#/workspaces/lab/rna/members');
  await team.must('administrator', 'POST', '/v1/users/viewer/suspend');
  await page.waitForURL(`${team.origin}/sign-in`); // the event stream ends within 10 s
  t.equal((await team.send('viewer', 'GET', '/v1/workspaces')).status, 401);
});

void t.test('an administrator suspends and resumes a user, and ends the sessions of one', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.open('administrator', '#/users');
  const act = async (user: string, item: string): Promise<void> => {
    await page.getByRole('button', { name: `Actions for ${user}` }).click();
    await page.getByRole('menuitem', { name: item, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: item }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await act('viewer', 'Suspend');
  await page.getByText('Suspended', { exact: true }).waitFor();
  t.equal((await team.send('viewer', 'GET', '/v1/workspaces')).status, 401);
  await act('viewer', 'Resume');
  await page.getByText('Suspended', { exact: true }).waitFor({ state: 'detached' });
  await act('launcher', 'End all sessions');
  t.equal((await team.send('launcher', 'GET', '/v1/workspaces')).status, 401);
  await page.getByRole('button', { name: 'Actions for administrator' }).click();
  t.equal(
    await page.getByRole('menuitem', { name: 'Suspend', exact: true }).count(),
    0,
    'nobody suspends themselves',
  );
});

void t.test('shows another person if somebody else signs in with another tab', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const page = await team.open('viewer', '#/account');
  await team.signIn('owner');
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByLabel('Name', { exact: true }).fill('mine');
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
  await page.getByRole('navigation', { name: 'Main' }).getByText('owner').waitFor();
  const { tokens } = await team.must<TokenList>('owner', 'GET', '/v1/tokens');
  t.same(tokens, [], 'the request of the previous person changed nothing');
});

void t.test('a removed member loses the workspace while the page is open', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  await team.set('DB_PASSWORD');
  const page = await team.open('removed', '#/workspaces/lab/rna/secrets');
  await page.getByRole('link', { name: 'DB_PASSWORD' }).waitFor();
  const tag = { 'if-match': '*' };
  await team.must('owner', 'DELETE', '/v1/organizations/lab/members/removed', undefined, tag);
  await page.getByText('There is no workspace').waitFor(); // the page reads the own roles again
  t.equal(await page.getByText('DB_PASSWORD').count(), 0);
});

void t.test('filters the audit log of a server, and exports it as JSON lines', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const value = await team.set('DB_PASSWORD');
  const page = await team.open('owner', '#/audit');
  await page.getByLabel('Events', { exact: true }).selectOption('secret.set');
  await page.getByRole('cell', { name: 'secret.set' }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ]);
  t.match(download.suggestedFilename(), /^nf-escrow-audit-\d{4}-\d\d-\d\d\.jsonl$/);
  const text = readFileSync(await download.path(), 'utf8');
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalEvent);
  t.match(events, [{ type: 'secret.set', by: 'maintainer' }]);
  t.notOk(text.includes(value));
});

void t.test('shows administrators the state of the server', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  await team.set('DB_PASSWORD');
  const page = await team.open('administrator', '#/server');
  await page.getByText('SQLite', { exact: true }).waitFor();
  await page.getByRole('table', { name: 'Replicas' }).getByRole('row').nth(1).waitFor();
  await page.getByRole('table', { name: 'Keys in use' }).getByText('Current').waitFor();
  await page.getByText('limits.requestsPerSecond').waitFor();
  await page.getByText('Not with SQLite').waitFor();
});

void t.test('is accessible in each theme and at each width', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  await team.set('DB_PASSWORD');
  await team.release(['DB_PASSWORD'], { state: 'ended', outcome: 'failed' });
  await team.environment();
  await team.must('administrator', 'POST', '/v1/invitations', { email: 'new@example.org' });
  const screens = new Set(TEAM_ACTIONS.map(({ screen }) => screen));
  for (const person of ['owner', 'administrator'] as const) {
    const page = await team.open(person);
    await page.evaluate(axe.source);
    for (const screen of screens) {
      await goTo(page, screen);
      await isAccessible(t, page, `${person} ${screen}`);
    }
    await page.close();
  }
});

void t.test('the sessions of the person are theirs only', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const { sessions } = await team.must<UserSessionList>('owner', 'GET', '/v1/user/sessions');
  const [own] = sessions;
  const { status } = await team.send('viewer', 'DELETE', `/v1/user/sessions/${own?.id ?? ''}`);
  t.equal(status, 404);
});

void t.test(
  'an address that a command prints opens a prefilled form, which only its button submits',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    const { origin } = team;
    const page = await team.open('launcher');
    await goTo(
      page,
      '#/account?token=my+laptop&scopes=read%2Csecrets%3Awrite&workspace=lab%2Frna&days=14&addresses=192.0.2.0%2F24',
    );
    const dialog = page.getByRole('dialog', { name: 'Create token' });
    await dialog.waitFor();
    t.equal(page.url(), `${origin}/#/account`, 'a reload does not open the form again');
    const before = await team.must<TokenList>('launcher', 'GET', '/v1/tokens');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await page.getByRole('dialog', { name: 'Token created' }).getByRole('button', { name: 'Done' }).click();
    const after = await team.must<TokenList>('launcher', 'GET', '/v1/tokens');
    t.equal(after.tokens.length, before.tokens.length + 1);
    const created = after.tokens.find(({ name }) => name === 'my laptop');
    t.match(created, {
      scopes: ['read', 'secrets:write'],
      ...{ workspace: 'lab/rna', addresses: ['192.0.2.0/24'] },
    });
    const days = (Date.parse(created?.expires ?? '') - Date.parse(created?.dateCreated ?? '')) / 86_400_000;
    t.equal(Math.round(days), 14);

    const other = await team.open('administrator');
    await goTo(
      other,
      '#/invitations?email=x%40example.org&user=xavier&administrator=true&organization=lab&role=owner&days=3',
    );
    const invite = other.getByRole('dialog', { name: 'Invite' });
    await invite.getByText('You cannot add members to lab.').waitFor();
    await invite.getByRole('button', { name: 'Create invitation' }).click();
    await other
      .getByRole('dialog', { name: 'Invitation created' })
      .getByRole('button', { name: 'Done' })
      .click();
    const { invitations } = await team.must<InvitationList>('administrator', 'GET', '/v1/invitations');
    t.match(invitations, [{ email: 'x@example.org', administrator: true, organization: null }]);

    await goTo(other, '#/users?sign-in-link=viewer');
    const ask = other.getByRole('dialog', { name: 'Create a sign-in link of viewer?' });
    await ask.getByRole('button', { name: 'Create sign-in link' }).click();
    await other.getByRole('dialog', { name: 'Sign-in link of viewer' }).waitFor();

    const viewer = await team.open('viewer');
    await goTo(viewer, '#/users?sign-in-link=owner');
    await settled(viewer);
    t.equal(await viewer.getByRole('dialog').count(), 0, 'nobody else gets the form');
  },
);
