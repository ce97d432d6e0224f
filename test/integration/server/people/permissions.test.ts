// What the API of a team server says a person may do, from which its page derives what it offers.
import t from 'tap';
import type { Identity, Organization, Workspace } from '../../../../daemon/contract/types.ts';
import { policy } from '../../../../daemon/access/policy.ts';
import { TeamServer, type Sending } from '../../../support/team-server.ts';

async function start(t: Parameters<typeof TeamServer.start>[0]) {
  const server = await TeamServer.start(t);
  const [owner, admin, maintainer, member, administrator] = [
    await server.user('owner'),
    await server.user('admin'),
    await server.user('maintainer'),
    await server.user('member'),
    await server.user('administrator', true),
  ];
  const lab = await server.organization('lab', [
    [owner, 'owner'],
    [admin, 'admin'],
    [maintainer, 'member'],
    [member, 'member'],
  ]);
  const rna = await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  await server.workspace({ organization: 'lab', name: 'own', visibility: 'personal', person: owner });
  await server.member(rna, maintainer, 'maintain');
  const account = await server.account(lab, 'ci');
  const read = async <T>(
    by: Parameters<TeamServer['send']>[0],
    path: string,
    sending: Sending = {},
  ): Promise<T> => {
    const { status, text } = await server.send(by, path, sending);
    if (status >= 300) throw new Error(text);
    return JSON.parse(text) as T;
  };
  return { server, owner, admin, maintainer, member, administrator, account, read };
}

void t.test('says what a request may do on the server and with own objects', async (t) => {
  const { server, member, administrator, account, read } = await start(t);
  const all = (on: string): string[] =>
    Object.entries(policy)
      .filter(([, rule]) => rule.on === on)
      .map(([permission]) => permission);
  const sorted = async (by: Parameters<TeamServer['send']>[0]): Promise<string[]> =>
    [...(await read<Identity>(by, '/v1/whoami')).permissions].sort();
  t.same(await sorted(member), all('self').sort());
  t.same(await sorted(administrator), [...all('self'), ...all('server')].sort());
  const { text: reading } = await server.token(administrator, { scopes: ['read'] });
  const readable = Object.entries(policy).filter(([, { scope }]) => scope === 'read');
  t.same(
    await sorted(reading),
    readable
      .filter(([, { on }]) => on === 'self' || on === 'server')
      .map(([name]) => name)
      .sort(),
    'a token has no more than its scopes',
  );
  t.same(await sorted((await server.token(account)).text), [], 'a service account has no own objects');
});

void t.test('says which roles a person may assign', async (t) => {
  const { server, owner, admin, maintainer, member, read } = await start(t);
  const roles = async (by: typeof owner | string): Promise<unknown[]> => [
    (await read<Organization>(by, '/v1/organizations/lab')).assignableRoles,
    (await read<Workspace>(by, '/v1/workspaces/lab/rna')).assignableRoles,
  ];
  t.same(await roles(owner), [
    ['owner', 'admin', 'member'],
    ['owner', 'admin', 'maintain', 'launch', 'view'],
  ]);
  t.same(await roles(admin), [
    ['admin', 'member'],
    ['admin', 'maintain', 'launch', 'view'],
  ]);
  t.same(await roles(maintainer), [[], []]);
  t.equal((await server.send(member, '/v1/workspaces/lab/rna')).status, 404);
  t.same(
    await roles((await server.token(owner, { scopes: ['read'] })).text),
    [[], []],
    'not with this token',
  );
  t.same((await read<Workspace>(owner, '/v1/workspaces/lab/own')).assignableRoles, [], 'personal');
});

void t.test('changes the visibility of a workspace', async (t) => {
  const { server, owner, admin, maintainer, member, read } = await start(t);
  const path = '/v1/workspaces/lab/rna';
  const change = (by: typeof owner, visibility: string, headers = {}, at = path) =>
    server.send(by, at, { method: 'PATCH', body: { visibility }, headers });
  const { etag } = await read<Workspace>(admin, path);
  t.equal((await change(maintainer, 'shared')).status, 403);
  t.equal((await change(member, 'shared')).status, 404, 'as if it did not exist');
  t.equal((await change(admin, 'personal')).status, 400);
  t.equal((await change(admin, 'shared', { 'if-match': '"Xn5vYd0bGm2QkU8sT1rWzA"' })).status, 412);
  const { status, text } = await change(admin, 'shared', { 'if-match': `"${etag}"` });
  t.equal(status, 200, text);
  t.match(JSON.parse(text), { visibility: 'shared', role: 'admin' });
  t.equal((await read<Workspace>(member, path)).role, 'launch');
  t.equal((await change(owner, 'private')).status, 200);
  t.equal((await server.send(member, path)).status, 404);
  t.equal((await change(owner, 'private', {}, '/v1/workspaces/lab/own')).status, 409, 'a personal workspace');
  const { events } = await read<{ events: object[] }>(owner, '/v1/audit?type=workspace.changed');
  t.match(events, [
    { by: 'owner', data: { workspace: 'lab/rna', visibility: 'private', previous: 'shared' } },
    { by: 'admin', data: { workspace: 'lab/rna', visibility: 'shared', previous: 'private' } },
  ]);
});
