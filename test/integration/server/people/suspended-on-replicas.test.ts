// Sessions on two real replicas on PostgreSQL: each replica knows them, and they end on all of them.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import t from 'tap';
import type { ServerOverview } from '../../../../daemon/contract/types.ts';
import { postgresServer } from '../../../support/each-ledger.ts';
import { until } from '../../../support/sandbox.ts';
import { TeamBrowser } from '../../../support/team-browser.ts';
import { TeamServer } from '../../../support/server/team-server.ts';

const LIMIT_MS = 10_000;

/** An event stream of a browser at a replica. */
class Stream {
  status = 0;
  endedAt: number | undefined;

  constructor({ port, authority }: TeamServer, cookie: Readonly<Record<string, string>>) {
    request(
      {
        ...{ host: '127.0.0.1', port, servername: 'localhost', path: '/v1/events', agent: false },
        ca: readFileSync(authority.caFile),
        headers: { host: 'localhost', ...cookie, 'sec-fetch-site': 'same-origin' },
      },
      (incoming) => {
        this.status = incoming.statusCode ?? 0;
        incoming.resume().on('close', () => (this.endedAt = performance.now()));
        incoming.on('error', () => undefined);
      },
    )
      .on('error', () => undefined)
      .end();
  }
}

function browserAt(server: TeamServer): TeamBrowser {
  return new TeamBrowser((path, { method = 'GET', body, headers = {} }) =>
    server.request(
      path,
      { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
    ),
  );
}

void t.test('a suspended user has no session on any replica within 10 s', async (t) => {
  t.setTimeout(600_000);
  const database = await postgresServer();
  if (database === undefined) return;
  const url = await database.createDatabase();
  const servers = [new TeamServer(t), new TeamServer(t)] as const;
  for (const server of servers) {
    const urlFile = join(server.box.directory, 'database-url');
    writeFileSync(urlFile, `${url}\n`, { mode: 0o600 });
    server.configure({ database: { urlFile, poolSize: 5 } });
  }
  const [one, two] = servers;
  await one.init();
  const keyOf = ({ box }: TeamServer): string => join(box.directory, 'server-key', 'vault.key');
  mkdirSync(join(two.box.directory, 'server-key'), { mode: 0o700 });
  copyFileSync(keyOf(one), keyOf(two));
  two.token = one.token;
  for (const server of servers) await server.start();

  await one.escrow(['serve', 'user', 'create', 'bob']);
  const { stdout } = await two.escrow(['serve', 'user', 'sign-in-link', 'bob']);
  const browser = browserAt(one);
  t.equal((await browser.signIn(stdout.trim().split('#')[1] ?? '')).status, 200);
  const elsewhere = browserAt(two);
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
  t.match(await elsewhere.session(), { user: 'bob' }, 'a session works on each replica');
  t.equal(elsewhere.csrfToken, browser.csrfToken);
  t.equal((await elsewhere.send('POST', '/v1/tokens', { name: 'x', scopes: ['read'] })).status, 201);

  const streams = servers.map((server) => new Stream(server, browser.cookie));
  await until('both streams are open', () => streams.every(({ status }) => status === 200));
  const from = performance.now();
  await one.client(t).call('POST', '/v1/users/bob/suspend');
  for (const server of servers)
    t.equal(
      (await browserAtWith(server, browser).send('GET', '/v1/workspaces')).status,
      401,
      'the next request',
    );
  await until('both streams have ended', () => streams.every(({ endedAt }) => endedAt !== undefined));
  const took = streams.map(({ endedAt = Infinity }) => Math.round(endedAt - from));
  t.comment(`streams ended after ${took.join(' and ')} ms of at most ${String(LIMIT_MS)}`);
  await one.client(t).call('POST', '/v1/users/bob/resume');
  t.equal(
    (await browserAtWith(two, browser).send('GET', '/v1/workspaces')).status,
    401,
    'the session has ended',
  );

  const overview = await two.client(t).call<ServerOverview>('GET', '/v1/server');
  t.match(overview, {
    ...{ provider: null, users: { active: 2, suspended: 0 }, limits: { connections: 2000 } },
    database: { kind: 'postgresql', warnings: ['no-synchronous-standby'] },
    backups: { archivesWal: false, lastRestored: null },
  });
  t.match(
    overview.replicas.map(({ version, keys }) => [version, keys.length]),
    [
      [overview.version, 1],
      [overview.version, 1],
    ],
  );
  const logs = servers.map((server) => JSON.stringify(server.lines)).join('');
  for (const canary of [...browser.cookies.values(), browser.csrfToken, stdout.trim().split('#')[1] ?? '-'])
    t.notOk(logs.includes(canary), 'no log contains the session or the link');
});

function browserAtWith(server: TeamServer, { cookies, csrfToken }: TeamBrowser): TeamBrowser {
  const browser = browserAt(server);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  browser.csrfToken = csrfToken;
  return browser;
}
