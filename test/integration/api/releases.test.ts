import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import t from 'tap';
import type { Release } from '../../../daemon/contract/types.ts';
import { codeOf } from '../../support/http.ts';
import { TeamServer } from '../../support/team-server.ts';

void t.test('releases secrets over the API, and accepts reports with the credential only', async (t) => {
  const server = await TeamServer.start(t);
  const user = await server.user('ada');
  await server.organization('lab', [[user, 'owner']]);
  await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  await server.secret('lab/rna', 'A_KEY');
  const { text } = await server.token(user, { scopes: ['launch'] });
  const { text: reading } = await server.token(user, { scopes: ['read'] });
  const body = {
    workspace: 'lab/rna',
    run: 'r20261128a1b2c3d4',
    recipient: await identityToRecipient(await generateX25519Identity()),
    secrets: [{ name: 'A_KEY', version: 1 }],
    expires: new Date(Date.now() + 60_000).toISOString(),
  };
  t.equal(codeOf(await server.send(reading, '/v1/releases', { method: 'POST', body })), 'not-permitted');
  const first = await server.send(text, '/v1/releases', { method: 'POST', body });
  t.equal(first.status, 201);
  t.equal((await server.send(text, '/v1/releases', { method: 'POST', body })).status, 200);
  const { id, credential } = JSON.parse(first.text) as Release;
  const path = `/v1/releases/${id}/state`;
  const report = { epoch: 1, sequence: 1, state: 'running', outcome: null, leases: [] };
  t.equal((await server.send(credential, path, { method: 'PUT', body: report })).status, 204);
  for (const [by, to] of [
    [text, path],
    [credential, '/v1/releases/00000000-0000-4000-8000-000000000000/state'],
  ] as const)
    t.equal(codeOf(await server.send(by, to, { method: 'PUT', body: report })), 'unauthenticated');
  const wrong = { ...report, state: 'unknown' };
  t.equal(codeOf(await server.send(credential, path, { method: 'PUT', body: wrong })), 'request-invalid');
  for (const target of ['/v1/workspaces', '/v1/audit', '/v1/workspaces/lab/rna/secrets'])
    t.equal(codeOf(await server.send(credential, target)), 'unauthenticated', target);
});
