// The listener of a server passes reports on releases to their operation, which checks the credential.
import { join } from 'node:path';
import t from 'tap';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { createReleaseCredential, hashOfCredential } from '../../../daemon/releases/release-credential.ts';
import { TeamServer } from '../../support/server/team-server.ts';

t.setTimeout(120_000);

void t.test('accepts a report with the credential of the release, and nothing else with it', async (t) => {
  const server = new TeamServer(t, { limits: { anonymousRequests: 10 } });
  await server.init();
  const [id, credential] = ['5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10', createReleaseCredential()];
  const path = join(server.box.directory, 'server', 'ledger.db');
  const ledger = await openLedger(path);
  await ledger.write(async (db) => {
    const at = new Date().toISOString();
    await db
      .insertInto('releases')
      .values({
        ...{ id, run_id: 'r20261128a1b2c3d4', principal_id: 'x', principal: 'ada', scope_id: 'x' },
        ...{ workspace: 'lab/rna', recipient: 'x', secrets: '[]', created_at: at, expires_at: at },
        ...{ state: 'created', outcome: null, leases: '[]', epoch: 0, sequence: 0 },
        ...{ reported_at: null, purged_at: null },
      })
      .execute();
    await db
      .insertInto('release_credentials')
      .values({ hash: hashOfCredential(credential), release_id: id })
      .execute();
  });
  await ledger.close();
  await server.start();
  const report = { epoch: 1, sequence: 1, state: 'running', outcome: null, leases: [] };
  server.token = credential;
  const client = server.client(t);
  // More than an address may send without a valid token: many daemons can have one address.
  for (let count = 0; count < 15; count += 1) await client.call('PUT', `/v1/releases/${id}/state`, report);
  await t.rejects(client.call('GET', '/v1/workspaces'), { code: 'unauthenticated' });
  await t.rejects(client.call('PUT', '/v1/releases/other/state', report), { code: 'unauthenticated' });
  server.token = createReleaseCredential();
  const other = server.client(t);
  await t.rejects(other.call('PUT', `/v1/releases/${id}/state`, report), { code: 'unauthenticated' });
  server.kill('SIGTERM');
  await server.started?.ended;
  const after = await openLedger(path);
  t.teardown(() => after.close());
  t.match(await after.db.selectFrom('releases').select(['state', 'sequence']).execute(), [
    { state: 'running', sequence: 1 },
  ]);
});
