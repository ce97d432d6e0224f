// What operators and administrators do with commands: invitations, sign-in links and the sign-out of users.
import t from 'tap';
import type { Invitation } from '../../../../daemon/contract/types.ts';
import { TeamServer } from '../../../support/server/team-server.ts';

t.setTimeout(300_000);

void t.test('operators invite people and create links, which administrators see and revoke', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  const operate = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await server.escrow(['serve', 'user', ...args]);
    t.equal(status, 0, stderr);
    return stdout.trim();
  };
  const refuse = async (expected: number, ...args: string[]): Promise<void> => {
    const { status, stdout } = await server.escrow(['serve', 'user', ...args]);
    t.match([status, stdout], [expected, ''], args.join(' '));
  };
  const link = await operate('invite', 'bob@example.org', '--organization', 'local', '--role', 'member');
  t.match(link, /^https:\/\/localhost\/invitation#[\w-]{43}$/, 'only the link is on standard output');
  t.match(await operate('invite', 'eve@example.org', '--administrator', '--days', '1'), /#/);
  await operate('create', 'carol');
  t.match(await operate('sign-in-link', 'carol'), /^https:\/\/localhost\/sign-in#[\w-]{43}$/);
  await refuse(64, 'invite', 'bob');
  await refuse(64, 'invite', 'bob@example.org', '--role', 'chief', '--organization', 'local');
  await refuse(64, 'invite', 'bob@example.org', '--days', '31');
  await refuse(64, 'invite', 'bob@example.org', '--role', 'member');
  await refuse(1, 'invite', 'bob@example.org', '--organization', 'none', '--role', 'member');
  await refuse(1, 'sign-in-link', 'nobody');

  const url = `https://localhost:${String(server.port)}`;
  const login = ['login', url, '--token-stdin', '--name', 'vault', '--ca-file', server.authority.caFile];
  const signedIn = await server.box.escrow(login, { input: server.token });
  t.equal(signedIn.status, 0, signedIn.stderr);
  const list = async (): Promise<readonly Invitation[]> =>
    (await server.box.json<{ invitations: Invitation[] }>(['users', 'invitations'])).invitations;
  const found = await list();
  t.same(found.map(({ email }) => email).sort(), ['bob@example.org', 'eve@example.org']);
  t.match(found[0]?.invitedBy, /^operator:/);
  t.notMatch(JSON.stringify(found), link.split('#')[1] ?? '-');
  const [first] = found;
  const removed = await server.box.escrow(['users', 'uninvite', first?.id ?? '', '--yes']);
  t.match(removed, { status: 0, stdout: /Revoked invitation/ });
  t.equal((await list()).length, 1);
  t.match(await server.box.escrow(['users', 'sign-out', 'carol', '--yes']), {
    status: 0,
    stdout: /Signed carol out/,
  });
  const client = server.client(t);
  const invitation = { email: 'x@example.org' };
  await t.rejects(client.call('POST', '/v1/invitations', invitation), { code: 'not-permitted' }, 'a token');
  await t.rejects(client.call('POST', '/v1/users/carol/sign-in-links'), { code: 'not-permitted' });
  const audit = (await server.box.escrow(['audit', '--server', 'vault'])).stdout;
  for (const type of ['invitation.created', 'invitation.revoked', 'sign-in-link.created', 'session.revoked'])
    t.match(audit, type);
  t.notMatch(audit, link.split('#')[1] ?? '-');
});
