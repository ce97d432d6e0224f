// Large bodies of a team server: a request is authorized before its body is read, and few of them are read at once.
import { request, type ClientRequest } from 'node:http';
import t from 'tap';
import type { User } from '../../../daemon/access/principal.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/team-server.ts';

const IMPORT = '/v1/user/secrets/import';

/** A request of which the server gets the headers, which announce a large body, and nothing else. */
class Announced {
  readonly answer: Promise<Answer>;
  readonly #outgoing: ClientRequest;

  constructor(server: TeamServer, by: User | string, path: string) {
    this.#outgoing = request({
      ...{ socketPath: server.socketPath, path, method: 'POST', agent: false },
      headers: {
        ...{ host: 'localhost', 'content-type': 'application/json', 'content-length': 60 * 1024 * 1024 },
        ...server.headersOf(by),
      },
    });
    this.answer = new Promise((resolve, reject) => {
      this.#outgoing.on('error', reject).on('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, type: '', text });
          this.abandon();
        });
      });
    });
    this.answer.catch(() => undefined); // of a request that was abandoned
    this.#outgoing.flushHeaders();
  }

  abandon(): void {
    this.#outgoing.destroy();
  }
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
  for (const [by, code] of cases) {
    const path = '/v1/workspaces/lab/rna/secrets/import';
    t.equal(codeOf(await new Announced(server, by, path).answer), code);
  }
});

void t.test('reads few large bodies of one principal at once', async (t) => {
  const server = await TeamServer.start(t);
  const [user, other] = [await server.user('user'), await server.user('other')];
  const sendSmall = async (by: User): Promise<number> => {
    const body = { secrets: [{ name: 'A_KEY', valueBase64: 'eA==' }], onConflict: 'replace' };
    return (await server.send(by, IMPORT, { method: 'POST', body })).status;
  };
  const open: Announced[] = [];
  const rejected = await until('a rejected request', async () => {
    if (open.length < 20) open.push(new Announced(server, user, IMPORT));
    const answers = open.map(({ answer }) => answer);
    return Promise.race([...answers, sendSmall(other).then(() => undefined)]);
  });
  t.equal(codeOf(rejected), 'too-many-requests');
  t.equal(rejected.headers['retry-after'], '1');
  t.equal(await sendSmall(user), 200, 'a small one is read');
  const large = { secrets: [{ name: 'B_KEY', value: 'x' }], padding: 'x'.repeat(2 * 1024 * 1024) };
  const ofOther = await server.send(other, IMPORT, { method: 'POST', body: large });
  t.equal(codeOf(ofOther), 'request-invalid', 'one of another principal is read');
  for (const one of open) one.abandon();
  await until('a free place', async () => {
    const answer = await server.send(user, IMPORT, { method: 'POST', body: large });
    return codeOf(answer) === 'request-invalid';
  });
});
