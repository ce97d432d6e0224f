// Event streams of a team server contain what the principal may see, and end when the access is revoked.
import { request, type ClientRequest } from 'node:http';
import t, { type Test } from 'tap';
import { setUserState } from '../../../daemon/access/accounts/users.ts';
import { removeOrganizationMember } from '../../../daemon/access/members/organization-members.ts';
import { revokeToken } from '../../../daemon/access/tokens/tokens.ts';
import type { User } from '../../../daemon/access/principal.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/team-server.ts';

/** A client of an event stream. */
class Client {
  text = '';
  status = 0;
  isClosed = false;
  readonly #request: ClientRequest;

  constructor(server: TeamServer, by: User | string, path: string) {
    const headers = { host: 'localhost', 'last-event-id': '0', ...server.headersOf(by) };
    this.#request = request({ socketPath: server.socketPath, path, headers, agent: false })
      .on('error', () => undefined)
      .on('close', () => (this.isClosed = true))
      .on('response', (response) => {
        this.status = response.statusCode ?? 0;
        response.setEncoding('utf8').on('error', () => undefined);
        response.on('data', (chunk: string) => (this.text += chunk));
      });
    this.#request.end();
  }

  leave(): void {
    this.#request.destroy();
  }
}

interface Ground {
  readonly server: TeamServer;
  readonly owner: User;
  readonly member: User;
  readonly root: User;
  readonly commit: (run: string, mark: string) => Promise<void>;
}

async function ground(t: Test, renewMs = 3_600_000, perPrincipal = 100): Promise<Ground> {
  const server = await TeamServer.start(t, { renewMs, perPrincipal });
  const [owner, member] = [await server.user('owner'), await server.user('member')];
  const root = await server.user('root', true);
  await server.organization('alpha', [
    [owner, 'owner'],
    [member, 'member'],
  ]);
  await server.organization('bravo', [[await server.user('other'), 'owner']]);
  for (const organization of ['alpha', 'bravo']) {
    await server.workspace({ organization, name: 'main', visibility: 'shared' });
    await server.run(`r1${organization}`, `${organization}/main`);
    await server.ledger.db.updateTable('runs').set({ state: 'running' }).execute();
  }
  const commit = (run: string, mark: string): Promise<void> =>
    server.ledger.write((db) => record(db, { type: 'run.examined', run, data: { mark } }));
  return { server, owner, member, root, commit };
}

void t.test('sends only events of what the principal may see, old and new ones', async (t) => {
  const { server, owner, member, commit } = await ground(t);
  for (let index = 0; index < 120; index += 1) await commit('r1bravo', 'theirs');
  await commit('r1alpha', 'ours-before');
  const [ofOwner, ofMember] = [
    new Client(server, owner, '/v1/events'),
    new Client(server, member, '/v1/events'),
  ];
  for (const client of [ofOwner, ofMember])
    await until('the first events', () => client.text.includes('ours-before'));
  await commit('r1bravo', 'theirs');
  await server.ledger.write((db) =>
    record(db, { type: 'secret.set', by: 'owner', data: { scope: 'alpha/main', name: 'AUDITED_KEY' } }),
  );
  await commit('r1alpha', 'ours-after');
  for (const client of [ofOwner, ofMember]) {
    await until('the last event', () => client.text.includes('ours-after'));
    t.notMatch(client.text, /theirs|bravo/);
  }
  t.match(ofOwner.text, 'AUDITED_KEY', 'an owner may read the audit log');
  t.notMatch(ofMember.text, 'AUDITED_KEY');
});

void t.test('ends before the first event after the revocation', async (t) => {
  const { server, owner, member, root, commit } = await ground(t);
  const { text, token } = await server.token(member);
  const clients: Record<string, Client> = {
    token: new Client(server, text, '/v1/events'),
    run: new Client(server, text, '/v1/runs/r1alpha/events'),
    session: new Client(server, member, '/v1/events'),
  };
  for (const client of Object.values(clients)) await until('events', () => client.text.includes('r1alpha'));
  await revokeToken(server.ledger, member, token.id);
  await commit('r1alpha', 'after-revocation');
  await until(
    'streams of the token end',
    () => clients['token']?.isClosed === true && clients['run']?.isClosed === true,
  );
  await until('the session continues', () => clients['session']?.text.includes('after-revocation') === true);
  for (const name of ['token', 'run']) t.notMatch(clients[name]?.text ?? '', 'after-revocation', name);
  await removeOrganizationMember(server.ledger, owner, 'alpha', 'member');
  await commit('r1alpha', 'after-removal');
  await setUserState(server.ledger, root, 'member', 'suspended');
  await until('the session ends', () => clients['session']?.isClosed === true);
  t.notMatch(clients['session']?.text ?? '', 'after-removal');
});

void t.test('ends without any event', async (t) => {
  const { server, member } = await ground(t, 50);
  const { text, token } = await server.token(member);
  const client = new Client(server, text, '/v1/events');
  await until('events', () => client.text.includes('r1alpha'));
  const { db } = server.ledger;
  // No commit of the ledger: another replica has revoked it.
  await db.updateTable('tokens').set({ revoked_at: '2026-01-06' }).where('id', '=', token.id).execute();
  await until('the stream ends', () => client.isClosed);
  const again = new Client(server, text, '/v1/events');
  await until('the answer', () => again.status !== 0);
  t.equal(again.status, 401);
});

void t.test(
  'refuses more streams of one principal than the maximum, and opens those of others',
  async (t) => {
    const { server, owner, member } = await ground(t, 3_600_000, 3);
    const { text: token } = await server.token(owner);
    const paths = ['/v1/events', '/v1/runs/r1alpha/events', '/v1/events'];
    const open = paths.map((path, index) => new Client(server, index === 0 ? token : owner, path));
    for (const client of open) await until('a stream', () => client.status === 200);
    for (const by of [owner, token])
      for (const path of paths) {
        const refused = new Client(server, by, path);
        await until('a response', () => refused.isClosed);
        t.equal(refused.status, 429);
      }
    const ofMember = new Client(server, member, '/v1/events');
    await until('the stream of another principal', () => ofMember.status === 200);
  },
);

void t.test('reads the journal no further for a client that has left', async (t) => {
  const { server, member, commit } = await ground(t);
  for (let index = 0; index < 400; index += 1) await commit('r1bravo', 'theirs');
  const { feed } = server.ledger;
  const read = feed.read.bind(feed);
  let [reads, release] = [0, (): void => undefined];
  const released = new Promise<void>((resolve) => (release = resolve));
  t.intercept(feed, 'read', {
    value: async (...args: Parameters<typeof read>) => {
      reads += 1;
      if (reads >= 3) await released;
      return read(...args);
    },
  });
  const client = new Client(server, member, '/v1/events');
  await until('the server reads the journal', () => reads >= 3);
  client.leave();
  await until('the server has noticed', () => server.streams === 0);
  release();
  for (let index = 0; index < 20; index += 1) await server.send(member, '/v1/workspaces');
  t.ok(reads <= 4, `${String(reads)} reads`);
});
