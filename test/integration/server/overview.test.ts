// What administrators of a server see of it.
import t from 'tap';
import type { ServerOverview } from '../../../daemon/contract/types.ts';
import { codeOf } from '../../support/http.ts';
import { TeamServer } from '../../support/server/team-server.ts';

void t.test('shows limits, keys, replicas and the database to administrators only', async (t) => {
  const server = new TeamServer(t, { limits: { secretsPerUser: 7 }, sessions: { idleMinutes: 30 } });
  await server.init();
  await server.start();
  await server.client(t).call('PUT', '/v1/user/secrets/ONE_KEY', { valueBase64: 'eA==' });
  const { status, text } = await server.request('/v1/server', server.bearer);
  t.equal(status, 200, text);
  const overview = JSON.parse(text) as ServerOverview;
  t.match(overview, {
    ...{ publicUrl: 'https://localhost', provider: null, users: { active: 1, suspended: 0 } },
    sessions: { idleMinutes: 30, lifetimeHours: 168, open: 0 },
    limits: { secretsPerUser: 7, connections: 2000 },
    keys: [{ id: /^[0-9a-f]{16}$/, isCurrent: true, values: 1 }],
    database: { kind: 'sqlite', version: null, warnings: [] },
    backups: { archivesWal: null, lastArchived: null, lastArchiveFailure: null, lastRestored: null },
  });
  t.match(overview.replicas, [{ version: overview.version, keys: [overview.keys[0]?.id] }]);
  t.ok(overview.database.sizeBytes > 10_000);
  const created = await server.escrow(['serve', 'user', 'create', 'bob']);
  t.equal(created.status, 0, created.stderr);
  const issue = ['serve', 'token', 'create', 'x', '--user', 'bob', '--scope', 'read', 'manage'];
  const token = (await server.escrow(issue)).stdout.trim();
  t.equal(codeOf(await server.request('/v1/server', { authorization: `Bearer ${token}` })), 'not-permitted');
});
