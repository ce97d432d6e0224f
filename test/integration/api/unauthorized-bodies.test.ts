// A request is authorized before its body is read.
import { request } from 'node:http';
import t from 'tap';
import type { User } from '../../../daemon/access/principal.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { TeamServer } from '../../support/team-server.ts';

/** Sends the headers of a request with a large body, and no body. */
function announce(server: TeamServer, by: User | string, path: string, method: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ socketPath: server.socketPath, path, method, agent: false },
        headers: {
          ...{ host: 'localhost', 'content-type': 'application/json', 'content-length': 60 * 1024 * 1024 },
          ...server.headersOf(by),
        },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, type: '', text });
          outgoing.destroy();
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.flushHeaders();
  });
}

void t.test('who may not set secrets cannot make the server read a large body', async (t) => {
  const server = await TeamServer.start(t);
  const [owner, viewer, other] = [
    await server.user('owner'),
    await server.user('viewer'),
    await server.user('other'),
  ];
  await server.organization('lab', [
    [owner, 'owner'],
    [viewer, 'member'],
  ]);
  const id = await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  await server.member(id, viewer, 'view');
  const { text: reading } = await server.token(owner, { scopes: ['read'] });
  const cases: [User | string, string][] = [
    [viewer, 'not-permitted'],
    [other, 'workspace-not-found'],
    [reading, 'not-permitted'],
    ['nfe_x', 'unauthenticated'],
  ];
  for (const [by, code] of cases)
    t.equal(codeOf(await announce(server, by, '/v1/workspaces/lab/rna/secrets/import', 'POST')), code);
});
