// Every role of a team server and every action of its page: the page offers an action only to those for whom the API accepts it.
import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { goTo } from '../../support/browser.ts';
import { TEAM_ACTIONS, type TeamAction } from '../../support/team-actions.ts';
import { PEOPLE, TeamPage, type Person } from '../../support/team-page.ts';

t.setTimeout(900_000);

/** Returns whether a screen shows what an action needs. */
async function offers(page: Page, { shown }: TeamAction, person: Person): Promise<boolean> {
  const main = page.locator('main');
  const exists = async (found: Locator): Promise<boolean> => (await found.count()) > 0;
  if ('text' in shown)
    return exists(main.or(page.getByRole('dialog')).getByText(shown.text, { exact: true }));
  if ('button' in shown) return exists(main.getByRole('button', { name: shown.button, exact: true }));
  const name = typeof shown.menu === 'string' ? shown.menu : shown.menu(person);
  const menu = main.getByRole('button', { name, exact: true });
  if (!(await exists(menu))) return false;
  await menu.click();
  const isOffered = await exists(page.getByRole('menuitem', { name: shown.item, exact: true }));
  await page.keyboard.press('Escape');
  return isOffered;
}

const screens = [...new Set(TEAM_ACTIONS.map(({ screen }) => screen))];

void t.test(
  'offers each action to exactly the roles that may use it, and the API refuses it for all others',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    await team.set('DB_PASSWORD');
    await team.release(['DB_PASSWORD'], { state: 'ended', outcome: 'failed' });
    await team.environment();
    await team.must('administrator', 'POST', '/v1/invitations', { email: 'new@example.org' });
    const removed = { 'if-match': '*' };
    await team.must('owner', 'DELETE', '/v1/organizations/lab/members/removed', undefined, removed);
    for (const person of PEOPLE) {
      const page = await team.open(person);
      for (const screen of screens) {
        await goTo(page, screen);
        for (const action of TEAM_ACTIONS.filter((one) => one.screen === screen)) {
          const isMeant = action.people.includes(person);
          const what = `${person}: ${action.operations.join(', ')} on ${screen}`;
          t.equal(await offers(page, action, person), isMeant, what);
          if (isMeant || action.request === undefined) continue;
          const [method, path, body] = action.request;
          const condition: Record<string, string> = /PATCH|DELETE/.test(method) ? { 'if-match': '*' } : {};
          const { status, text } = await team.send(person, method, path, body, condition);
          t.ok(
            status === 403 || status === 404,
            `${what}: the API refuses it, with ${String(status)} ${text}`,
          );
        }
      }
      await page.close();
    }
    const unexpected = team.browser.messages.filter(
      (one) => !one.startsWith('error Failed to load resource'),
    );
    t.same(unexpected, [], 'no error and no violation of the policy');
  },
);

void t.test('a service account has no page, and its token gives no session', async (t) => {
  const team = await TeamPage.start(t);
  if (team === undefined) return;
  const { context } = team.browser;
  await context.setExtraHTTPHeaders({ authorization: `Bearer ${team.tokens.service}` });
  const page = await team.browser.open(`${team.origin}/#/workspaces/lab/rna/secrets`);
  await page.waitForURL(`${team.origin}/sign-in`);
  await page.getByText('Ask an administrator of the server').waitFor();
  t.same(await context.cookies(), []);
});
