// From an invitation to the first run of a new member.
import t from 'tap';
import type { ReleaseList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { TeamPage } from '../../support/team-page.ts';

t.setTimeout(600_000);

void t.test(
  'a new member needs two commands and four clicks from the invitation to the first run',
  async (t) => {
    const team = await TeamPage.start(t);
    if (team === undefined) return;
    const value = { valueBase64: Buffer.from('a value').toString('base64') };
    await team.must('owner', 'PUT', '/v1/workspaces/lab/shared/secrets/DB_PASSWORD', value);
    const invite = ['serve', 'user', 'invite', 'new@example.org', '--user', 'newcomer'];
    const { stdout } = await team.server.escrow([...invite, '--organization', 'lab', '--role', 'member']);
    const clicks: string[] = [];
    const click = async (name: string): Promise<void> => {
      await page.getByRole('button', { name, exact: true }).click();
      clicks.push(name);
    };
    const page = await team.browser.open(stdout.trim());
    await click('Accept the invitation');
    await page.getByText('You have signed in as newcomer.').waitFor();
    await page.getByText(`nf-escrow login ${team.origin}`).waitFor();

    const member = new Sandbox(t); // first command: the page shows it
    const login = member.start(['login', team.origin, '--ca-file', team.server.authority.caFile]);
    let output = '';
    login.child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    login.child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await until('the code', () => /^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(output)?.[1]);
    await page.goto(`${team.origin}/device`);
    await page.getByLabel('Code that your terminal shows').fill(code);
    await click('Continue');
    await click('Approve');
    const { status, stderr } = await login.ended;
    t.equal(status, 0, stderr);

    const run = await member.escrow(['run', '--workspace', 'lab/shared', 'true']); // second command
    t.equal(run.status, 0, run.stderr);
    const { releases } = await until('the report of the run', async () => {
      const found = await team.must<ReleaseList>('owner', 'GET', '/v1/releases?workspace=lab/shared');
      return found.releases.some(({ purgedAt }) => purgedAt !== null) ? found : undefined;
    });
    t.match(releases, [{ user: 'newcomer', state: 'purged', secrets: [{ name: 'DB_PASSWORD' }] }]);
    await page.goto(`${team.origin}/sign-in`);
    await click('Open nf-escrow');
    await page.evaluate("location.hash = '#/runs'");
    await page.getByRole('link', { name: releases[0]?.run ?? '' }).waitFor();
    t.same(clicks, ['Accept the invitation', 'Continue', 'Approve', 'Open nf-escrow']);
  },
);
