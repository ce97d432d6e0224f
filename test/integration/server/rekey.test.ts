// The vault of two replicas gets a new key while both serve requests.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf } from '../../support/postgres-databases.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';
import { AGE_REKEY, copyKeyFile, keyFileOf, keyLinesOf } from '../../support/server/vault-key-file.ts';

t.setTimeout(600_000);

void t.test('replicas use a new key once both have it, and drop the old one a day later', async (t) => {
  const database = await postgresServer();
  if (database === undefined) return;
  const url = await database.createDatabase();
  const [one, two] = [new TeamServer(t), new TeamServer(t)];
  for (const server of [one, two]) {
    const urlFile = join(server.box.directory, 'database-url');
    writeFileSync(urlFile, `${url}\n`, { mode: 0o600 });
    server.configure({ database: { urlFile, poolSize: 4 } });
  }
  await one.init();
  two.token = one.token;
  mkdirSync(join(two.box.directory, 'server-key'), { mode: 0o700 });
  copyKeyFile(one, two);
  for (const server of [one, two]) await server.start();
  const clients = [one.client(t), two.client(t)];

  // Requests on both replicas during the whole rekey.
  const failures: unknown[] = [];
  const writing = { isOver: false, count: 0 };
  const write = async (replica: number): Promise<void> => {
    while (!writing.isOver) {
      const name = `KEY_${String(replica)}_${String(writing.count % 20)}`;
      const body = { valueBase64: Buffer.from(name).toString('base64') };
      await clients[replica]?.call('PUT', `/v1/user/secrets/${name}`, body).catch((error: unknown) => {
        failures.push(error);
      });
      writing.count += 1;
    }
  };
  const writers = [write(0), write(1)];
  t.teardown(() => {
    writing.isOver = true;
  });

  const inUse = async (): Promise<string[]> => {
    const statement = `SELECT DISTINCT encode(substr(sealed, 2, 8), 'hex') AS id FROM nf_escrow.secret_versions`;
    const { rows } = await asAdministrator(database.config, statement, databaseOf(url));
    return (rows as { id: string }[]).map(({ id }) => id);
  };
  await until('values', () => writing.count > 10);
  const [old = ''] = await inUse();
  t.match(await one.escrow(['serve', 'rekey', 'activate']), { status: 75, stderr: /no key is prepared/ });
  const prepared = await one.escrow(['serve', 'rekey', 'prepare']);
  t.match(prepared, { status: 0, stdout: /Copy this file to all replicas/ });
  const id = /key ([0-9a-f]{16})/.exec(prepared.stdout)?.[1] ?? '';
  t.match(await one.escrow(['serve', 'rekey', 'prepare']), { status: 75, stderr: /is already prepared/ });
  one.kill('SIGHUP');
  const early = await one.escrow(['serve', 'rekey', 'activate']);
  t.match(early, { status: 75, stderr: /of 2 running replicas do not have it/ });
  t.same(await inUse(), [old], 'the new key encrypts nothing yet');

  copyKeyFile(one, two);
  two.kill('SIGHUP');
  const done = await until('both replicas have the key', async () => {
    const activated = await one.escrow(['serve', 'rekey', 'activate']);
    return activated.status === 0 ? activated : undefined;
  });
  t.match(done.stdout, /Encrypted \d+ values? .* remains in the key file for a day/);
  t.same(await inUse(), [id], 'also what the replicas write meanwhile');
  const before = writing.count;
  await until('more values', () => writing.count > before + 10);
  t.same(await inUse(), [id], 'although the other key file has the old key first');
  for (const server of [one, two]) t.equal(keyLinesOf(server).length, 2);

  await asAdministrator(database.config, AGE_REKEY, databaseOf(url));
  t.match(await one.escrow(['serve', 'rekey', 'activate']), { status: 0, stdout: /only the new key/ });
  two.kill('SIGHUP');
  for (const server of [one, two]) await until('one key', () => keyLinesOf(server).length === 1);
  const after = writing.count;
  await until('more values', () => writing.count > after + 10);
  writing.isOver = true;
  await Promise.all(writers);
  t.same(failures, [], 'no request failed');
  for (const server of [one, two]) t.equal((await server.request('/v1/ready')).status, 200);
  const audit = (await two.request('/v1/audit?type=vault.rekeyed', two.bearer)).text;
  t.match(audit, /operator:/);

  // A replica that has missed the rekey must not encrypt with the old key.
  writeFileSync(keyFileOf(two), `nf-escrow-key-1 ${'0'.repeat(64)}\n`, { mode: 0o600 });
  await until('not ready', async () => (await two.request('/v1/ready')).status === 503);
  await t.rejects(two.client(t).call('PUT', '/v1/user/secrets/LATE', { valueBase64: 'eA==' }), {
    code: 'vault-key-mismatch',
  });
});
