// What the audit log of a team server records of requests: denials, reads of names, uses of tokens, and where each event comes from.
import t, { type Test } from 'tap';
import type { Audit, JournalEvent } from '../../../daemon/contract/types.ts';
import type { User } from '../../../daemon/access/principal.ts';
import { readAudit } from '../../../daemon/ledger/audit.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { TeamServer } from '../../support/team-server.ts';

const VALUE = { value: 'a value of the test' };

/** A server with the workspace `lab/rna`, its administrator ada, and eve, who has no role there. */
async function start(t: Test): Promise<{ server: TeamServer; ada: User; eve: User; tokens: string[] }> {
  const server = await TeamServer.start(t, {}, 'server');
  const [ada, eve] = [await server.user('ada'), await server.user('eve')];
  await server.organization('lab', [
    [ada, 'member'],
    [eve, 'member'],
  ]);
  const id = await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  await server.member(id, ada, 'admin');
  const tokens = [(await server.token(ada)).text, (await server.token(eve)).text];
  return { server, ada, eve, tokens };
}

async function events(server: TeamServer, type: string): Promise<readonly JournalEvent[]> {
  return (await readAudit(server.ledger.db, { limit: 1000, type })).items;
}

onEachLedger('records a denied request with what its sender knows, and coalesces repetitions', async (t) => {
  const { server, tokens } = await start(t);
  const [ada = '', eve = ''] = tokens;
  const put = { method: 'PUT', body: VALUE };
  for (let count = 0; count < 30; count += 1)
    t.equal((await server.send(eve, '/v1/workspaces/lab/rna/secrets/FOO_KEY', put)).status, 404);
  t.equal((await server.send(eve, '/v1/workspaces/lab/none/secrets/FOO_KEY', put)).status, 404);
  const first = await events(server, 'access.denied');
  t.equal(first.length, 2, 'one event for each object');
  const data = { permission: 'pipeline_secrets:write', workspace: 'lab/rna', count: 1 };
  t.match(first[1], { by: 'eve', data, origin: { address: '192.0.2.7', request: /^[0-9a-f-]{36}$/ } });
  t.type(first[1]?.origin?.token, 'string');
  await server.audit.stop();
  t.same(
    (await events(server, 'access.denied')).map(({ data }) => (data as { count: number }).count),
    [29, 1, 1],
  );
  const visibleTo = async (token: string): Promise<JournalEvent[]> => {
    const { text } = await server.send(token, '/v1/audit?type=access');
    return (JSON.parse(text) as Audit).events;
  };
  t.equal((await visibleTo(ada)).length, 2, 'an administrator of the workspace sees its denials');
  t.same(await visibleTo(eve), [], 'the sender does not learn which workspace exists');
});

void t.test('bounds the events of a principal that tries many objects', async (t) => {
  const { server, tokens } = await start(t);
  for (let count = 0; count < 100; count += 1)
    await server.send(tokens[1] ?? '', `/v1/workspaces/lab/w${String(count)}/secrets`);
  await server.audit.stop();
  const found = await events(server, 'access.denied');
  t.equal(found.length, 22, '20 objects, and all others together');
  t.match(found[0], { by: 'eve', data: { count: 79 } });
});

void t.test('records wrong tokens by network', async (t) => {
  const { server } = await start(t);
  const wrong = `nfe_${'A'.repeat(49)}`;
  t.equal((await server.send(wrong, '/v1/workspaces')).status, 401);
  const [event] = await events(server, 'access.denied');
  t.match(event, { by: 'address:192.0.2.7', origin: { token: null } });
  t.notMatch(JSON.stringify(event), wrong);
});

void t.test('bounds the events of clients without a token that have many addresses', async (t) => {
  const { server } = await start(t);
  for (let count = 0; count < 40; count += 1)
    await server.send(`nfe_${'A'.repeat(49)}`, '/v1/workspaces', {
      headers: { 'x-forwarded-for': `198.51.100.${String(count)}` },
    });
  await server.audit.stop();
  const found = await events(server, 'access.denied');
  t.equal(found.length, 22, '20 networks, and all others together');
  t.match(found[0], { by: 'address:*', data: { count: 19 } });
});

onEachLedger(
  'gives each event the origin of the request that caused it, also in shared commits',
  async (t) => {
    const { server, tokens } = await start(t);
    const names = ['A_KEY', 'B_KEY', 'C_KEY', 'D_KEY'];
    const answers = await Promise.all(
      names.map((name) =>
        server.send(tokens[0] ?? '', `/v1/workspaces/lab/rna/secrets/${name}`, {
          method: 'PUT',
          body: VALUE,
          headers: { 'if-none-match': '*' },
        }),
      ),
    );
    t.same(
      [...new Set(answers.map(({ status }) => status))],
      [200].includes(answers[0]?.status ?? 0) ? [200] : [201],
    );
    const byName = new Map(
      (await events(server, 'secret.set')).map(({ data, origin }) => [
        (data as { name: string }).name,
        origin?.request,
      ]),
    );
    t.same(
      names.map((name) => byName.get(name)),
      answers.map(({ headers }) => headers['x-request-id']),
    );
  },
);

void t.test('records that names are read and that tokens are used, once each', async (t) => {
  const { server, tokens } = await start(t);
  for (let count = 0; count < 3; count += 1)
    await server.send(tokens[0] ?? '', '/v1/workspaces/lab/rna/secrets');
  const [read, ...more] = await events(server, 'secret.names-read');
  t.match(read, { by: 'ada', data: { workspace: 'lab/rna', count: 1 } });
  t.same(more, []);
  t.match(await events(server, 'token.used'), [{ by: 'ada', data: { network: '192.0.2.7' } }]);
  await server.audit.stop();
  t.match((await events(server, 'secret.names-read'))[0], { data: { count: 2 } });
});
