// Two replicas on one PostgreSQL database, as processes.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf } from '../../support/postgres-databases.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';

void t.test('replicas share users, tokens and secrets, and stop when the schema is newer', async (t) => {
  t.setTimeout(300_000);
  const database = await postgresServer();
  if (database === undefined) return;
  const url = await database.createDatabase();
  const [one, two] = [new TeamServer(t), new TeamServer(t)];
  for (const server of [one, two]) {
    const urlFile = join(server.box.directory, 'database-url');
    writeFileSync(urlFile, `${url}\n`, { mode: 0o600 });
    server.configure({ database: { urlFile, poolSize: 5 } });
  }
  const initialized = await Promise.all(
    [one, two].map((server) => server.escrow(['serve', 'init', '--print-token'])),
  );
  t.same(initialized.map(({ status }) => status).sort(), [0, 1]);
  const [winner, other] = initialized[0]?.status === 0 ? [one, two] : [two, one];
  const token = initialized.map(({ stdout }) => stdout.trim()).join('');
  t.match(token, /^nfe_/);
  const keyOf = (server: TeamServer): string => join(server.box.directory, 'server-key', 'vault.key');
  mkdirSync(join(other.box.directory, 'server-key'), { mode: 0o700 });
  copyFileSync(keyOf(winner), keyOf(other));
  for (const server of [one, two]) {
    server.token = token;
    await server.start();
  }

  const ready = await one.request('/v1/ready', one.bearer);
  t.same(JSON.parse(ready.text), { status: 'ready', warnings: ['no-synchronous-standby'] });
  await one.client(t).call('PUT', '/v1/user/secrets/ONE', { valueBase64: 'eA==' });
  t.match(await two.client(t).call('GET', '/v1/user/secrets'), { secrets: [{ name: 'ONE' }] });

  const created = await one.escrow(['serve', 'user', 'create', 'bob']);
  t.match(created, { status: 0, stdout: /Created user bob/ });
  const issue = ['serve', 'token', 'create', 'laptop', '--user', 'bob', '--scope', 'read', 'manage'];
  const issued = await two.escrow([...issue, '--days', '1']);
  t.match(issued, { status: 0, stderr: /only time/ });
  const bob = { authorization: `Bearer ${issued.stdout.trim()}` };
  t.equal((await one.request('/v1/user/secrets', bob)).status, 200);
  t.notMatch((await one.request('/v1/user/secrets', bob)).text, /ONE/);
  t.equal((await one.request('/v1/users', bob)).status, 403, 'no administrator');
  const audit = (await two.request('/v1/audit', two.bearer)).text;
  t.match(audit, /operator:.*"type":"token.created"|"type":"token.created".*operator:/);
  for (const text of [token, issued.stdout.trim()]) t.notOk(audit.includes(text));
  await one.client(t).call('POST', '/v1/users/bob/suspend');
  t.equal((await two.request('/v1/user/secrets', bob)).status, 401, 'on each replica');

  await asAdministrator(
    database.config,
    `INSERT INTO nf_escrow.migrations VALUES (1000, 'a later one', '')`,
    databaseOf(url),
  );
  for (const server of [one, two]) {
    await until('not ready', async () => (await server.request('/v1/ready')).status === 503);
    const { status, text } = await server.request('/v1/workspaces', server.bearer);
    t.match({ status, ...JSON.parse(text) }, { status: 503, code: 'not-ready' });
    t.notMatch(text, /newer/, 'no reason before the token is checked');
    const known = await server.request('/v1/ready', server.bearer);
    t.match(known.text, /a newer nf-escrow has migrated the ledger/);
    t.equal((await server.request('/v1/health')).status, 200);
  }
  const late = await one.escrow(['serve', 'user', 'create', 'eve']);
  t.match(late, { status: 78, stderr: /schema version 1000/ });
});
