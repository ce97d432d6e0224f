// The event routes of a daemon: what they send, and where they resume.
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { EventClient } from '../../support/event-server.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

/** Maximum number of event streams: docs/api.md. */
const LISTENERS_MAX = 1500;
const SECRETS = '/v1/workspaces/local/main/secrets';

void t.test('streams the events of all runs and actions, and resumes after an id', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const client = new EventClient(box.socket, '/v1/events', undefined);
  await until('the first id', () => client.messages.length === 1);
  t.equal((await box.http('PUT', `${SECRETS}/FOO_KEY`, { value: 'a value of the test' })).status, 201);
  await box.escrow(['run', 'true']);
  await box.escrow(['run', 'true']);
  const typesOf = ({ messages }: EventClient): string[] =>
    messages.flatMap(({ event }) => (event === undefined ? [] : [event.type]));
  await until('two purged runs', () => typesOf(client).filter((type) => type === 'run.purged').length === 2);
  t.equal(typesOf(client)[0], 'secret.set');
  t.equal(
    new Set(client.messages.map(({ event }) => event?.run)).size,
    4,
    'the start, an action, and two runs',
  );
  const [, , , third] = client.messages;
  const resumed = new EventClient(box.socket, '/v1/events', third?.id);
  await until('the rest', () => resumed.messages.length === client.messages.length - 4);
  t.same(resumed.messages, client.messages.slice(4));
  const whole = new EventClient(box.socket, '/v1/events', 0);
  await until('all', () => whole.messages.length >= client.messages.length - 1);
  t.same(whole.messages.slice(-client.messages.length + 1), client.messages.slice(1));
  await box.escrow(['daemon', 'stop']);
  await until('the end', () => client.isClosed && resumed.isClosed && whole.isClosed);
});

void t.test('ends the stream of a purged run at once, whatever the id', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['run', 'true']);
  const { runs } = JSON.parse((await box.http('GET', '/v1/runs')).text) as { runs: { id: string }[] };
  const path = `/v1/runs/${String(runs[0]?.id)}/events`;
  const { text } = await box.http('GET', path);
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  t.same(
    ids,
    ids.map((_, index) => index + 1),
  );
  t.equal((await box.http('GET', path, undefined, { 'last-event-id': String(ids.at(-1)) })).text, '');
  for (const unknown of ['4000', 'x', '-1', '1e3'])
    t.equal((await box.http('GET', path, undefined, { 'last-event-id': unknown })).text, text, unknown);
});

void t.test('refuses more streams than the maximum, and serves other requests', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const clients: Socket[] = [];
  let opened = 0;
  const open = (): void => {
    const client = connect(box.socket).once('data', () => (opened += 1));
    client.on('error', () => undefined).write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    clients.push(client);
  };
  while (clients.length < LISTENERS_MAX) {
    for (let index = 0; index < 100; index += 1) open(); // fewer than the kernel queues
    await until('the streams', () => opened === clients.length);
  }
  const { status, text } = await box.http('GET', '/v1/events');
  t.equal(status, 429);
  t.match(JSON.parse(text), { code: 'too-many-listeners', hint: /./, retryable: true });
  t.equal((await box.http('GET', '/v1/health')).status, 200);
  for (const client of clients) client.destroy();
  await until('a free place', async () => {
    const next = new EventClient(box.socket, '/v1/events', undefined);
    await until('a response', () => next.isClosed || next.messages.length === 1);
    next.disconnect();
    return next.messages.length === 1;
  });
});

void t.test('answers HEAD without a stream', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const status = await new Promise((resolve, reject) => {
    request({ socketPath: box.socket, path: '/v1/events', method: 'HEAD' }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
  t.equal(status, 200);
});
