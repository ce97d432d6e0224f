// Two tenants in one ledger: what belongs to the other one is refused like what does not exist.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  addOrganizationMember,
  removeOrganizationMember,
} from '../../../daemon/access/members/organization-members.ts';
import type { User } from '../../../daemon/access/principal.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { operations } from '../../../daemon/api/operations/operations.ts';
import { API_PREFIX } from '../../../daemon/api/seqera-platform/platform-paths.ts';
import { platformGroup } from '../../../daemon/api/seqera-platform/operations.ts';
import type { Operation } from '../../../daemon/api/routing/operation.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import { serverOperations } from '../../../daemon/server/operations.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { root, until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/team-server.ts';

interface Tenant {
  readonly owner: User;
  readonly member: User;
  /** A token of the owner with all scopes. */
  readonly token: string;
  /** What the parameters of paths name. */
  readonly ids: Readonly<Record<string, string>>;
}

/** Names contain `name`, so that a response that shows an object of the tenant contains it. */
async function tenant(server: TeamServer, name: string): Promise<Tenant> {
  const [owner, member] = [await server.user(`${name}-owner`), await server.user(`${name}-member`)];
  const id = await server.organization(name, [
    [owner, 'owner'],
    [member, 'member'],
  ]);
  const title = `${name}/${name}-private`;
  const workspace = await server.workspace({
    organization: name,
    name: `${name}-private`,
    visibility: 'private',
  });
  await server.workspace({ organization: name, name: `${name}-shared`, visibility: 'shared' });
  await server.member(workspace, member, 'launch');
  const account = await server.account(id, `${name}-ci`);
  await server.secret(title, `${name.toUpperCase()}_KEY`);
  await server.run(`r20260105${name}`, title, owner.id);
  const release = await server.delivery(`r20260105${name}`, title, owner);
  const { text } = await server.token(owner);
  const { token } = await server.token(account);
  const numbers = await server.ledger.db
    .selectFrom('secrets')
    .innerJoin('scopes', 'scopes.id', 'secrets.scope_id')
    .select(['secrets.numeric_id as secret', 'scopes.numeric_id as workspace'])
    .where('scopes.id', '=', workspace)
    .executeTakeFirstOrThrow();
  const ids = {
    organization: name,
    workspace: `${name}-private`,
    secret: `${name.toUpperCase()}_KEY`,
    run: `r20260105${name}`,
    member: member.user,
    user: owner.user,
    serviceAccount: `${name}-ci`,
    token: token.id,
    invitation: name,
    session: name,
    computeEnvironment: `${name}-owner`,
    release,
    secretId: String(numbers.secret),
    userId: '1',
    numericWorkspace: String(numbers.workspace),
  };
  return { owner, member, token: text, ids };
}

const ABSENT: Tenant['ids'] = {
  organization: 'nowhere',
  workspace: 'nowhere-private',
  secret: 'NOWHERE_KEY',
  run: 'r20260105nowhere',
  member: 'nowhere-member',
  user: 'nowhere-owner',
  serviceAccount: 'nowhere-ci',
  token: '00000000-0000-4000-8000-000000000000',
  invitation: 'nowhere',
  session: 'nowhere',
  computeEnvironment: 'nowhere-owner',
  release: '00000000-0000-4000-8000-000000000001',
  secretId: '17',
  userId: '1',
  numericWorkspace: '18',
};

function pathOf({ path }: Operation, ids: Tenant['ids']): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
}

function bodyOf({ request }: Operation): object | undefined {
  if (request === undefined) return undefined;
  const { examples } = JSON.parse(readFileSync(join(root, 'schemas', `${request}.json`), 'utf8')) as {
    examples: object[];
  };
  return examples[0];
}

/** What a client learns: everything but the names that it sent itself. */
function learned({ status, text, headers }: Answer, ids: Tenant['ids']): object {
  const names = Object.values(ids).sort((one, other) => other.length - one.length);
  const masked = names.reduce((rest, name) => rest.replaceAll(name, '*'), text);
  return { status, text: masked, etag: headers.etag };
}

async function start(
  t: Test,
  mounts: 'daemon' | 'server' = 'daemon',
): Promise<{ server: TeamServer; alpha: Tenant; bravo: Tenant }> {
  const server = await TeamServer.start(t, {}, mounts);
  return { server, alpha: await tenant(server, 'alpha'), bravo: await tenant(server, 'bravo') };
}

/** Returns the codes of all responses. */
async function compareAnswers(
  t: Test,
  { server, bravo }: Awaited<ReturnType<typeof start>>,
  operations: readonly Operation[],
  senders: readonly (User | string)[],
): Promise<ReadonlySet<string>> {
  const codes = new Set<string>();
  for (const one of operations) {
    if (!one.path.includes('{') || one.access !== undefined) continue;
    if (one.path.startsWith('/v1/user/')) continue; // names in the own scope of the caller
    for (const by of senders) {
      const request = {
        method: one.method.toUpperCase(),
        body: bodyOf(one) as object,
        headers: { 'if-match': '*' },
      };
      const withTags = one.preconditions === undefined ? { ...request, headers: {} } : request;
      const theirs = await server.send(by, pathOf(one, bravo.ids), withTags);
      const unknown = await server.send(by, pathOf(one, ABSENT), withTags);
      t.same(learned(theirs, bravo.ids), learned(unknown, ABSENT), `${one.method} ${one.path}`);
      t.ok(theirs.status >= 400, `${one.method} ${one.path} ${String(theirs.status)}`);
      codes.add(codeOf(theirs));
    }
  }
  t.notOk(
    [...codes].some((code) => ['internal', 'store-unavailable', 'request-invalid'].includes(code)),
    JSON.stringify([...codes]),
  );
  for (const path of ['/v1/workspaces/bravo/bravo-private', '/v1/organizations/bravo/service-accounts'])
    t.equal((await server.send(bravo.token, path)).status, 200, `nothing was changed: ${path}`);
  return codes;
}

void t.test('answers for the objects of another tenant like for unknown ones', async (t) => {
  t.setTimeout(300_000);
  const rig = await start(t);
  const codes = await compareAnswers(t, rig, operations, [rig.alpha.owner, rig.alpha.token]);
  for (const code of [
    ...['workspace-not-found', 'organization-not-found', 'run-not-found', 'token-not-found'],
    'release-not-found',
  ])
    t.ok(codes.has(code), code);
});

void t.test('isolates tenants in each operation that `nf-escrow serve` mounts', async (t) => {
  t.setTimeout(300_000);
  const rig = await start(t, 'server');
  const { server, alpha, bravo } = rig;
  const codes = await compareAnswers(t, rig, serverOperations, [alpha.token]);
  for (const code of ['workspace-not-found', 'organization-not-found', 'token-not-found', 'not-permitted'])
    t.ok(codes.has(code), code);
  const lists: string[] = [];
  for (const one of serverOperations) {
    // Reports on releases have a credential instead of a principal: test/integration/server/release-reports.test.ts.
    // Operations of the sign-in have a link, a code or a cookie: test/integration/server/people/.
    if (one.access === 'public' || one.access === 'release' || one.access === 'sign-in') continue;
    t.ok(one.permission !== undefined, `${one.id} needs a permission`);
    // Without a cookie, the request is anonymous.
    const anonymous = await server.send(alpha.owner, pathOf(one, ABSENT), {
      method: one.method.toUpperCase(),
    });
    t.equal(anonymous.status, 401, one.id);
    if (one.method !== 'get' || one.path.includes('{') || one.id === 'streamEvents') continue;
    const own = await server.send(alpha.token, one.path);
    t.notMatch(own.text, /bravo/i, one.id);
    if (own.status === 200) lists.push(one.id);
  }
  for (const id of ['listWorkspaces', 'listOrganizations', 'searchSecrets', 'listAuditEvents', 'listTokens'])
    t.ok(lists.includes(id), id);
  const administrator = await server.user('administrator', true);
  const { text } = await server.token(administrator);
  t.match(JSON.parse((await server.send(text, '/v1/users')).text), { users: { length: 5 } });
  t.match(JSON.parse((await server.send(text, '/v1/workspaces')).text), { workspaces: [] });
  const hidden = await server.send(text, '/v1/workspaces/bravo/bravo-private');
  t.equal(codeOf(hidden), 'workspace-not-found', 'an administrator has no role in organizations of others');
  const suspend = await server.send(text, `/v1/users/${bravo.owner.user}/suspend`, { method: 'POST' });
  t.equal(codeOf(suspend), 'last-owner');
  t.notMatch(suspend.text.replaceAll(bravo.owner.user, ''), /bravo/, 'the organization is not named');
  const { text: ofMember } = await server.token(bravo.member);
  await server.send(text, `/v1/users/${bravo.member.user}/suspend`, { method: 'POST' });
  t.equal((await server.send(ofMember, '/v1/workspaces')).status, 401, 'from the next request on');
});

void t.test('answers clients of Seqera Platform like for unknown ids', async (t) => {
  const { server, alpha, bravo } = await start(t);
  for (const prefix of ['', API_PREFIX])
    for (const one of platformGroup.operations) {
      if (!one.path.startsWith('/pipeline-secrets')) continue;
      const ask = (ids: Tenant['ids']): Promise<Answer> =>
        server.send(
          alpha.token,
          `${prefix}${pathOf(one, ids)}?workspaceId=${ids['numericWorkspace'] ?? ''}&name=NEW_KEY`,
          {
            method: one.method.toUpperCase(),
            ...(one.request === undefined ? {} : { body: bodyOf(one) as object }),
          },
        );
      const theirs = await ask(bravo.ids);
      t.equal(theirs.status, 403, one.path);
      t.same(learned(theirs, bravo.ids), learned(await ask(ABSENT), ABSENT), one.path);
      const mixed = { ...bravo.ids, numericWorkspace: alpha.ids['numericWorkspace'] ?? '' };
      if (one.path.includes('{'))
        t.equal((await ask(mixed)).status, 403, 'an id of the other in an own workspace');
    }
});

void t.test('shows in no list what belongs to another tenant, whatever cursor is sent', async (t) => {
  const { server, alpha, bravo } = await start(t);
  const seen: string[] = [];
  for (const one of operations) {
    if (
      one.method !== 'get' ||
      one.path.includes('{') ||
      one.access !== undefined ||
      one.id === 'streamEvents'
    )
      continue;
    const own = await server.send(alpha.owner, `${one.path}?limit=1`);
    if (own.status !== 200) continue;
    seen.push(one.id);
    t.notMatch(own.text, /bravo/i, one.id);
    const { next } = JSON.parse((await server.send(bravo.owner, `${one.path}?limit=1`)).text) as {
      next?: string;
    };
    if (next === undefined) continue;
    const foreign = await server.send(alpha.owner, `${one.path}?cursor=${next}`);
    t.notMatch(foreign.text, /bravo/i, `${one.id} with a cursor of the other tenant`);
  }
  for (const id of [
    'listRuns',
    'listWorkspaces',
    'listOrganizations',
    'searchSecrets',
    'listAuditEvents',
    'listTokens',
  ])
    t.ok(seen.includes(id), id);
  const { total } = JSON.parse((await server.send(alpha.owner, '/v1/runs?count=true')).text) as {
    total: number;
  };
  t.equal(total, 1, 'counts include only own runs');
  for (const filter of ['workspace=bravo/bravo-private', 'text=bravo'])
    t.match(JSON.parse((await server.send(alpha.owner, `/v1/runs?${filter}`)).text), { runs: [] });
  t.notMatch((await server.send(alpha.owner, '/v1/workspaces/bravo/bravo-privat')).text, /did you mean/i);
});

void t.test('numbers events so that the numbers of a tenant say nothing of the others', async (t) => {
  const { server, alpha, bravo } = await start(t);
  const commit = (scope: string): Promise<void> =>
    server.ledger.write((db) => record(db, { type: 'secret.set', by: 'x', data: { scope, name: 'A_KEY' } }));
  await commit('alpha/alpha-private');
  for (let index = 0; index < 30; index += 1) await commit('bravo/bravo-private');
  await commit('alpha/alpha-private');
  const eventsOf = async (by: User, query = ''): Promise<{ seq: number; data: { scope?: string } }[]> => {
    const { status, text } = await server.send(by, `/v1/audit?type=secret.set${query}`);
    t.equal(status, 200, text);
    return (JSON.parse(text) as { events: { seq: number; data: { scope?: string } }[] }).events;
  };
  const [own, theirs] = [await eventsOf(alpha.owner), await eventsOf(bravo.owner, '&limit=1000')];
  const rows = await server.ledger.db.selectFrom('journal').select('seq').execute();
  const positions = new Set(rows.map(({ seq }) => seq));
  t.ok(own.length >= 2 && theirs.length >= 30);
  t.notOk(
    [...own, ...theirs].some(({ seq }) => positions.has(seq)),
    'no number is a position',
  );
  t.equal(new Set([...own, ...theirs].map(({ seq }) => seq)).size, own.length + theirs.length);
  const [newest] = own;
  t.same(await eventsOf(alpha.owner, `&before=${String(newest?.seq)}`), own.slice(1), 'pages work');
  const foreign = theirs[10]?.seq;
  for (const event of await eventsOf(alpha.owner, `&before=${String(foreign)}`))
    t.notMatch(event.data.scope, /bravo/, 'with the number of another tenant');

  // Event streams: the ids of the other tenant, and guesses.
  const streamOf = async (id: string): Promise<string> => {
    const headers = { host: 'localhost', 'last-event-id': id, ...server.headersOf(alpha.owner) };
    let [text, isOpen] = ['', false];
    const stream = request({ socketPath: server.socketPath, path: '/v1/events', headers, agent: false });
    stream
      .on('error', () => undefined)
      .on('response', (response) => {
        isOpen = true;
        response.setEncoding('utf8').on('error', () => undefined);
        response.on('data', (chunk: string) => (text += chunk));
      });
    stream.end();
    await until('the stream', () => isOpen);
    await commit('alpha/alpha-private');
    await until('the newest event', () => text.includes('secret.set'));
    stream.destroy();
    return text;
  };
  for (const id of ['0', '17', String(foreign), '9007199254740991']) {
    const text = await streamOf(id);
    t.notMatch(text, /bravo/i, id);
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, one]) => Number(one));
    t.ok(ids.length > 0 && !ids.some((one) => positions.has(one)), 'ids are no positions');
  }
});

void t.test('keeps idempotency keys and entity tags of tenants apart', async (t) => {
  const { server, alpha, bravo } = await start(t);
  const headers = { 'idempotency-key': 'k1' };
  const create = (by: User, organization: string): Promise<Answer> =>
    server.send(by, '/v1/workspaces', { method: 'POST', headers, body: { organization, name: 'new' } });
  t.equal((await create(bravo.owner, 'bravo')).status, 201);
  t.equal((await create(bravo.owner, 'bravo')).headers['idempotency-replayed'], 'true');
  const own = await create(alpha.owner, 'alpha');
  t.equal(own.status, 201, 'the same key of another principal is another key');
  t.equal(own.headers['idempotency-replayed'], undefined);
  const replay = await create(alpha.member, 'bravo');
  t.match({ status: replay.status, code: codeOf(replay) }, { status: 404, code: 'organization-not-found' });
  const theirs = await server.send(bravo.owner, '/v1/workspaces/bravo/bravo-private');
  const tags = { 'if-match': theirs.headers.etag ?? '' };
  const wrong = await server.send(alpha.owner, '/v1/workspaces/alpha/alpha-private', {
    method: 'DELETE',
    headers: tags,
  });
  t.equal(codeOf(wrong), 'precondition-failed', 'a tag of another tenant is like an unknown one');
});

void t.test('authorizes a repeated request again', async (t) => {
  const { server, alpha } = await start(t);
  const admin = await server.user('leaving');
  await addOrganizationMember(server.ledger, alpha.owner, 'alpha', { user: admin.user, role: 'admin' });
  const alphaId = (await findWorkspace(server.ledger.db, 'alpha/alpha-private')).id;
  const headers = { 'idempotency-key': 'k1' };
  const create = async (by: User | string): Promise<string> => {
    const body = { organization: 'alpha', name: 'new' };
    const answer = await server.send(by, '/v1/workspaces', { method: 'POST', headers, body });
    return answer.status === 201 ? 'created' : codeOf(answer);
  };
  t.equal(await create(admin), 'created');
  t.equal(await create(admin), 'created');
  const { text: restricted } = await server.token(admin, { workspaceId: alphaId });
  t.equal(await create(restricted), 'not-permitted');
  await removeOrganizationMember(server.ledger, alpha.owner, 'alpha', admin.user);
  t.equal(await create(admin), 'organization-not-found');
});

void t.test('needs an authenticated principal for everything that is not public', async (t) => {
  const { server } = await start(t);
  for (const one of operations.filter(
    ({ access = '' }) => !['public', 'session', 'sign-in'].includes(access),
  )) {
    const anonymous = await server.send('nfe_x', pathOf(one, ABSENT), { method: one.method.toUpperCase() });
    t.equal(anonymous.status, 401, `${one.method} ${one.path}`);
  }
});
