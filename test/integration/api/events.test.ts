// The hub of server-sent events: one read per commit, and neither loss nor repetition for any client.
import { connect } from 'node:net';
import t from 'tap';
import { EventServer, type EventClient } from '../../support/event-server.ts';
import { until as untilFound } from '../../support/sandbox.ts';

/** More than what the kernel buffers for a connection and the hub's default budget. */
const LARGE = 'x'.repeat(32_000);
const LARGE_COUNT = 64;

const until = (isMet: () => boolean): Promise<boolean> => untilFound('events', isMet);
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

void t.test('reads the ledger once per commit for 100 listeners of 10 runs', async (t) => {
  const server = await EventServer.start(t);
  const runs = numbers(0, 9).map((index) => `r${String(index)}`);
  await server.addRuns(...runs);
  await server.commit('r0');
  const listeners = runs.flatMap((run) => numbers(1, 10).map(() => ({ run, client: server.listen(run) })));
  const all = server.listen();
  await until(() => all.messages.length === 1 && server.hub.listeners === 101);
  const before = server.reads;
  const commits = 50;
  for (let index = 0; index < commits; index += 1) await server.commit(`r${String(index % 10)}`, { index });
  await until(() => all.messages.length === commits + 1);
  for (const { run, client } of listeners) {
    const wanted = run === 'r0' ? numbers(1, 6) : numbers(1, 5);
    await until(() => client.messages.length >= wanted.length);
    t.same(client.ids, wanted, run);
    for (const { event } of client.messages) t.equal(event?.run, run);
  }
  t.ok(server.reads > before);
  t.ok(server.reads - before <= commits, `${String(server.reads - before)} reads`);
});

void t.test('shares one read among the writes of one commit', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1');
  const client = server.listen();
  await until(() => client.messages.length === 1);
  const before = server.reads;
  await Promise.all(numbers(1, 60).map((index) => server.commit('r1', { index })));
  await until(() => client.messages.length === 61);
  t.ok(server.reads - before <= 2, `${String(server.reads - before)} reads`); // the first write is alone in its commit
});

for (const run of ['r1', ''])
  void t.test(`resumes the stream ${run || 'of all events'} without loss or repetition`, async (t) => {
    const server = await EventServer.start(t);
    await server.addRuns('r1', 'r2');
    const count = 120;
    const writing = (async () => {
      for (let index = 1; index <= count; index += 1) {
        await server.commit('r1', { index });
        await server.commit('r2', { index });
        await server.commit(undefined);
      }
    })();
    const received: EventClient['messages'] = [];
    const isOfRun = ({ event }: EventClient['messages'][number]): boolean => event?.run === 'r1';
    let connections = 0;
    while (received.filter(isOfRun).length < count) {
      connections += 1;
      const limit = 1 + ((connections * 7) % 17);
      const client = server.listen(run, received.at(-1)?.id ?? 0, limit);
      const wanted = Math.min(limit, count - received.filter(isOfRun).length);
      await until(() => client.messages.length >= wanted);
      client.disconnect();
      received.push(...client.messages);
    }
    await writing;
    t.ok(connections >= 10);
    t.same(
      received.filter(isOfRun).map(({ event }) => event?.data),
      numbers(1, count).map((index) => ({ index })),
    );
    for (const [index, { id }] of received.entries()) t.ok(id > (received[index - 1]?.id ?? 0), 'ids rise');
  });

void t.test('starts the stream of all events after the newest one, with its id', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1');
  await server.commit('r1', { index: 1 });
  const first = server.listen();
  await until(() => first.messages.length === 1);
  first.disconnect();
  await until(() => server.hub.listeners === 0);
  await server.commit('r1', { index: 2 });
  t.match(first.messages, [{ event: undefined }]);
  const second = server.listen('', first.ids[0]);
  await until(() => second.messages.length === 1);
  t.match(second.messages, [{ event: { data: { index: 2 } } }]);
});

void t.test('starts at the first event after an unknown id', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1');
  for (const index of [1, 2, 3]) await server.commit('r1', { index });
  for (const run of ['r1', '']) {
    const client = server.listen(run, 4000);
    await until(() => client.messages.length === 3);
    await server.commit('r1', { index: 4 });
    await until(() => client.messages.length === 4);
    t.same(
      client.messages.map(({ event }) => event?.data),
      [1, 2, 3, 4].map((index) => ({ index })),
    );
    client.disconnect();
    await server.ledger.write((db) => db.deleteFrom('journal').where('run_seq', '=', 4).execute());
    await server.ledger.write((db) => db.updateTable('runs').set({ events: 3 }).execute());
  }
});

void t.test('disconnects a slow reader, which then resumes, and does not delay other readers', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1');
  const fast = server.listen('r1');
  const slow = server.listen('r1');
  await server.commit('r1', { index: 0 });
  await until(() => fast.messages.length === 1 && slow.messages.length === 1);
  slow.pause();
  for (let index = 1; index <= LARGE_COUNT; index += 1) {
    await server.commit('r1', { index, LARGE });
    await until(() => fast.messages.length === index + 1);
  }
  await until(() => server.hub.listeners === 1);
  t.same(fast.ids, numbers(1, LARGE_COUNT + 1));
  const resumed = server.listen('r1', slow.ids.at(-1));
  await until(() => resumed.messages.length === LARGE_COUNT);
  t.same([...slow.ids, ...resumed.ids], numbers(1, LARGE_COUNT + 1));
});

void t.test(
  'reads existing events at the speed of the client, and disconnects it when it stops',
  async (t) => {
    const server = await EventServer.start(t, { heartbeatMs: 500 });
    await server.addRuns('r1');
    for (let index = 1; index <= LARGE_COUNT; index += 1) await server.commit('r1', { index, LARGE });
    const reader = server.listen('r1');
    await until(() => reader.messages.length === LARGE_COUNT);
    t.equal(reader.isClosed, false);
    const stopped = server.listen('r1');
    stopped.pause();
    await until(() => stopped.isConnected);
    await until(() => server.hub.listeners === 1);
    t.equal(reader.isClosed, false);
  },
);

void t.test('forgets a listener that disconnects, and reads nothing without listeners', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1');
  const clients = numbers(1, 20).map((index) => server.listen(index % 2 === 0 ? 'r1' : ''));
  await server.commit('r1');
  await until(() => clients.every(({ messages }) => messages.length > 0));
  t.equal(server.hub.listeners, 20);
  for (const client of clients) client.disconnect();
  await until(() => server.hub.listeners === 0);
  const before = server.reads;
  for (let index = 0; index < 5; index += 1) await server.commit('r1');
  t.equal(server.reads, before);
  const next = server.listen('r1', 1);
  await until(() => next.messages.length === 5);
  t.same(next.ids, numbers(2, 6));
});

void t.test('forgets listeners whose pipelined requests wait behind another stream', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1');
  const client = connect(server.socket).on('error', () => undefined);
  client.resume().write(['/', '/r1', '/'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  await until(() => server.hub.listeners === 3);
  client.destroy();
  await until(() => server.hub.listeners === 0);
});

void t.test('repeats nothing after the newest events were deleted', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1', 'r2');
  for (const index of [1, 2, 3]) await server.commit(index === 1 ? 'r1' : 'r2', { index });
  const first = server.listen('', 0);
  await until(() => first.messages.length === 3);
  first.disconnect();
  await until(() => server.hub.listeners === 0);
  await server.ledger.write((db) => db.deleteFrom('journal').where('run_id', '=', 'r2').execute());
  const resumed = server.listen('', first.ids.at(-1));
  await until(() => resumed.isConnected);
  await server.commit('r1', { index: 4 });
  await until(() => resumed.messages.length > 0);
  t.match(resumed.messages, [{ event: { data: { index: 4 } } }]);
  t.equal(resumed.messages.length, 1);
});

void t.test('sends comments to an idle listener', async (t) => {
  const server = await EventServer.start(t, { heartbeatMs: 20 });
  await server.addRuns('r1');
  const client = server.listen('r1');
  await until(() => client.comments >= 3);
  t.same(client.messages, []);
  t.ok(server.listening >= 4, 'reports that somebody listens');
  client.disconnect();
  await until(() => server.hub.listeners === 0);
  const before = server.listening;
  const other = await EventServer.start(t, { heartbeatMs: 20 });
  const [idle, late] = [other.listen(), other.listen()];
  await until(() => idle.comments >= 3 && late.comments >= 3);
  t.equal(server.listening, before, 'does not report it without a listener');
});

void t.test('ends the stream of a run when it is purged, and all streams when the hub stops', async (t) => {
  const server = await EventServer.start(t);
  await server.addRuns('r1', 'r2');
  const [purged, other, late] = [server.listen('r1'), server.listen('r2'), server.listen('')];
  await until(() => late.messages.length === 1 && server.hub.listeners === 3);
  await server.commit('r1');
  await server.commit('r1', {}, 'run.purged');
  await until(() => purged.isClosed);
  t.same(purged.ids, [1, 2]);
  const again = server.listen('r1');
  await until(() => again.isClosed);
  t.same(again.ids, [1, 2]);
  t.same([other.isClosed, late.isClosed], [false, false]);
  server.hub.stop();
  await until(() => other.isClosed && late.isClosed);
});
