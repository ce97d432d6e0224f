// The first administrator of a server, on each database.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { authenticateToken } from '../../../daemon/access/tokens/authenticate-token.ts';
import { createServerToken, createServerUser } from '../../../daemon/server/accounts/operate.ts';
import { TokenFile } from '../../../daemon/server/accounts/token-file.ts';
import {
  loadServerSettings,
  type ServerSettings,
} from '../../../daemon/server/configuration/server-settings.ts';
import { initializeServer } from '../../../daemon/server/initialize.ts';
import { openServerLedger } from '../../../daemon/server/ledger/open-server-ledger.ts';
import type { ServerLedger } from '../../../daemon/server/ledger/server-ledger.ts';
import { quietLog } from '../../../daemon/server/quiet-log.ts';
import { restoreServer } from '../../../daemon/server/restore.ts';
import { postgresServer } from '../../support/each-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

interface Place {
  readonly directory: string;
  readonly settings: ServerSettings;
  /** Opens the ledger beside the server. */
  readonly open: () => Promise<ServerLedger>;
}

async function placeIn(t: Test, databaseUrl?: string): Promise<Place> {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'server.yaml');
  const text = {
    listen: `unix:${join(directory, 's')}`,
    publicUrl: 'https://localhost',
    trustedProxies: ['unix'],
    stateDirectory: join(directory, 'server'),
  };
  writeFileSync(config, JSON.stringify(text), { mode: 0o600 });
  const settings = await loadServerSettings(
    { config, ...(databaseUrl === undefined ? {} : { databaseUrl }) },
    {},
  );
  const open = async (): Promise<ServerLedger> => {
    const store = await openServerLedger(settings, quietLog, { isServer: false });
    t.teardown(() => store.close());
    return store;
  };
  return { directory, settings, open };
}

/** Runs a test with a server on SQLite and one on PostgreSQL. */
function onEach(title: string, test: (t: Test, place: Place) => Promise<void>): void {
  void t.test(`${title} (SQLite)`, async (t) => test(t, await placeIn(t)));
  void t.test(`${title} (PostgreSQL)`, async (t) => {
    const server = await postgresServer();
    if (server === undefined)
      t.pass('skipped', { skip: 'PostgreSQL is not installed, or the user is not root' });
    else await test(t, await placeIn(t, await server.createDatabase()));
  });
}

/**
 * Settles all attempts: at once on PostgreSQL. On SQLite, whose locks block the whole process, one after the other;
 * `start-and-stop.test.ts` uses several processes.
 */
async function tryAll<T>(
  { database }: ServerSettings,
  attempts: readonly (() => Promise<T>)[],
): Promise<PromiseSettledResult<T>[]> {
  if (database.url !== undefined) return Promise.allSettled(attempts.map((attempt) => attempt()));
  const settled = [];
  for (const attempt of attempts) settled.push(...(await Promise.allSettled([attempt()])));
  return settled;
}

const ada = { name: 'ada', organization: 'lab' };

onEach(
  'creates one administrator, even if several processes try at once',
  async (t, { directory, settings, open }) => {
    const files = Array.from({ length: 4 }, (_, index) => join(directory, `token-${String(index)}`));
    const results = await tryAll(
      settings,
      files.map((file) => () => initializeServer(settings, ada, file)),
    );
    const created = files.filter((_, index) => results[index]?.status === 'fulfilled');
    t.equal(created.length, 1);
    for (const result of results)
      if (result.status === 'rejected') t.match(result.reason, { code: 'administrator-exists' });
    t.same(files.filter(existsSync), created, 'the others leave no file');
    const [file = ''] = created;
    t.equal(statSync(file).mode & 0o777, 0o600);

    const { ledger } = await open();
    const { db } = ledger;
    const token = readFileSync(file, 'utf8').trim();
    const by = await authenticateToken(db, token, '192.0.2.1');
    t.match(by, {
      ...{ kind: 'user', user: 'ada' },
      token: { scopes: ['read', 'launch', 'secrets:write', 'manage'], workspaceId: null },
    });
    t.match(await db.selectFrom('users').selectAll().execute(), [{ name: 'ada', administrator: 1 }]);
    const owners = db
      .selectFrom('organization_members')
      .innerJoin('organizations', 'organizations.id', 'organization_members.organization_id')
      .select(['organizations.name', 'role']);
    t.same(await owners.execute(), [{ name: 'lab', role: 'owner' }]);
    const events = await db
      .selectFrom('journal')
      .select(['type', 'principal', 'data'])
      .orderBy('seq')
      .execute();
    t.same(
      events.map(({ type }) => type),
      ['user.created', 'organization.created', 'organization.member-added', 'token.created'],
    );
    for (const { principal, data } of events) {
      t.match(principal, /^operator:/);
      t.notOk(data.includes(token));
    }
    t.ok(existsSync(settings.vault.keyFile));
    const again = initializeServer(settings, { name: 'eve', organization: 'lab' }, join(directory, 'again'));
    await t.rejects(again, { code: 'administrator-exists' });
    t.notOk(existsSync(join(directory, 'again')));
  },
);

onEach('creates nothing if the token cannot be written', async (t, { directory, settings, open }) => {
  const file = join(directory, 'token');
  writeFileSync(file, 'mine');
  await t.rejects(initializeServer(settings, ada, file), { code: 'path-conflict' });
  t.equal(readFileSync(file, 'utf8'), 'mine');
  t.same(await (await open()).ledger.db.selectFrom('users').selectAll().execute(), []);
  t.notOk(existsSync(settings.vault.keyFile), 'no key either');
  for (const wrong of [
    { ...ada, name: 'Not A Name' },
    { ...ada, name: 'service-account:x' },
    { ...ada, organization: '*' },
  ])
    await t.rejects(initializeServer(settings, wrong, undefined), { code: 'usage' });
  t.match(await initializeServer(settings, ada, undefined), { token: /^nfe_/, hasNewKey: true });
});

onEach('lets an operator create users and tokens', async (t, { directory, settings, open }) => {
  await initializeServer(settings, ada, undefined);
  await createServerUser(settings, { name: 'bob' });
  await t.rejects(createServerUser(settings, { name: 'bob' }), { code: 'name-taken' });
  await t.rejects(createServerUser(settings, { name: 'B' }), { code: 'usage' });
  const file = join(directory, 'bob');
  const token = { user: 'bob', name: 'laptop', scopes: ['read'] as ['read'], addresses: ['192.0.2.0/24'] };
  const { text } = await createServerToken(settings, token, file);
  t.equal(readFileSync(file, 'utf8'), `${text}\n`);
  const { ledger } = await open();
  t.match(await authenticateToken(ledger.db, text, '192.0.2.9'), {
    user: 'bob',
    token: { scopes: ['read'] },
  });
  await t.rejects(authenticateToken(ledger.db, text, '198.51.100.1'), { code: 'unauthenticated' });
  const refused: [object, string][] = [
    [{ user: 'eve' }, 'user-not-found'],
    [{ scopes: ['everything'] }, 'usage'],
    [{ expiresInDays: 3000 }, 'request-unprocessable'],
    [{ addresses: ['192.0.2.0/33'] }, 'request-unprocessable'],
    [{ workspace: 'local/main' }, 'workspace-not-found'],
  ];
  for (const [change, code] of refused)
    await t.rejects(createServerToken(settings, { ...token, ...change }, undefined), { code }, code);
  await t.rejects(createServerToken(settings, token, file), { code: 'path-conflict' });
  t.equal(readFileSync(file, 'utf8'), `${text}\n`);
  await ledger.write((db) =>
    db.updateTable('users').set({ state: 'suspended' }).where('name', '=', 'bob').execute(),
  );
  await t.rejects(createServerToken(settings, token, undefined), {
    code: 'not-permitted',
    message: /suspended/,
  });
});

onEach(
  'after a restore, accepts no earlier token and reuses no version number',
  async (t, { settings, open }) => {
    const { token = '' } = await initializeServer(settings, ada, undefined);
    const { ledger, postgres } = await open();
    const { db } = ledger;
    const { nextVersions } = await import('../../../daemon/vault/next-version.ts');
    const { id: scope } = await db
      .selectFrom('scopes')
      .select('id')
      .where('name', '=', 'main')
      .executeTakeFirstOrThrow();
    const next = async (name: string): Promise<number | undefined> =>
      (await ledger.write((each) => nextVersions(each, scope, [name]))).get(name);
    t.same([await next('ONE'), await next('ONE')], [1, 2]);
    await postgres?.acceptCluster({ systemIdentifier: '1', timeline: 1 });
    t.same(await restoreServer(settings), { revokedTokens: 1 });
    await t.rejects(authenticateToken(db, token, undefined), { code: 'unauthenticated' });
    t.same([await next('ONE'), await next('NEW')], [10_003, 10_001]);
    t.equal((await postgres?.compareCluster())?.changed ?? false, false);
    t.same(await restoreServer(settings), { revokedTokens: 0 });
    t.same([await next('ONE'), await next('NEW'), await next('NEWER')], [20_004, 20_002, 20_001]);
    const { type, principal } = await db
      .selectFrom('journal')
      .select(['type', 'principal'])
      .orderBy('seq', 'desc')
      .executeTakeFirstOrThrow();
    t.match([type, principal], ['server.restored', /^operator:/]);
  },
);

void t.test('replaces only its own file if a transaction runs again', (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'd'), { mode: 0o700 });
  const path = join(directory, 'd', 'token');
  const file = new TokenFile(path);
  file.write('first');
  file.write('second');
  t.equal(readFileSync(path, 'utf8'), 'second\n');
  t.throws(
    () => {
      new TokenFile(path).write('other');
    },
    { code: 'path-conflict' },
  );
  new TokenFile(path).discard();
  t.equal(readFileSync(path, 'utf8'), 'second\n', 'another one discards nothing');
  file.discard();
  t.notOk(existsSync(path));
  t.end();
});
