import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect, type Client } from '../../../daemon/api-client/client.ts';

const OK = 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}';

async function listen(t: Test, server: Server): Promise<{ client: Client; connections: () => number }> {
  const directory = mkdtempSync('/tmp/nfe-client-');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, 'daemon.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { client: connect(path, 2000), connections: () => sockets.size };
}

/** A server that answers each piece of data with the next text. */
async function scripted(
  t: Test,
  answers: readonly (string | ((socket: Socket) => void))[],
): ReturnType<typeof listen> {
  let next = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const answer = answers[next++] ?? '';
      if (typeof answer === 'string') socket.write(answer);
      else answer(socket);
    });
  });
  return listen(t, server);
}

async function http(t: Test, listener: RequestListener): ReturnType<typeof listen> {
  return listen(t, createHttpServer(listener));
}

void t.test('times out if the daemon accepts a request and never answers', async (t) => {
  const directory = mkdtempSync('/tmp/nfe-client-');
  const server = createServer();
  t.teardown(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  const socket = join(directory, 'daemon.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await t.rejects(connect(socket, 200).call('GET', '/v1/health'), { code: 'daemon-unavailable' });
});

void t.test('exchanges large bodies with a server of Node, in chunks and with a length', async (t) => {
  const { client, connections } = await http(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const text = JSON.stringify({
        method: request.method,
        url: request.url,
        host: request.headers.host,
        body,
      });
      if (request.url === '/length') response.setHeader('content-length', Buffer.byteLength(text));
      response.write(text.slice(0, 10));
      response.end(text.slice(10));
    });
  });
  const value = 'é\r\n'.repeat(200_000);
  for (const path of ['/length', '/chunks']) {
    const answer = await client.call<{ body: string }>('PUT', path, { value });
    t.match(answer, { method: 'PUT', url: path, host: 'localhost' });
    t.same(JSON.parse(answer.body), { value });
  }
  t.equal(connections(), 1, 'both on one connection');
});

void t.test('opens another connection if the server does not keep the first one', async (t) => {
  const { client, connections } = await http(t, (_, response) => {
    response.setHeader('connection', 'close').end('{}');
  });
  await client.call('GET', '/');
  await client.call('GET', '/');
  t.equal(connections(), 2);
});

void t.test('opens another connection if the server has closed the idle one', async (t) => {
  let closed: Promise<unknown> | undefined;
  const { client, connections } = await scripted(t, [
    (socket) => {
      closed = new Promise((resolve) => socket.on('close', resolve)); // the client has closed its end too
      socket.end(OK);
    },
    OK,
  ]);
  await client.call('GET', '/');
  await closed;
  await client.call('GET', '/');
  t.equal(connections(), 2);
});

void t.test('sends concurrent requests on different connections', async (t) => {
  const { client, connections } = await http(t, (request, response) =>
    response.end(`"${String(request.url)}"`),
  );
  const paths = ['/a', '/b', '/c'];
  t.same(await Promise.all(paths.map((path) => client.call('GET', path))), paths);
  t.equal(connections(), 3);
});

void t.test('reports a connection that is closed before the response is complete', async (t) => {
  for (const answer of [
    '',
    OK.slice(0, 20),
    OK.slice(0, -1),
    `${OK.slice(0, 17)}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`,
  ]) {
    const { client } = await scripted(t, [(socket) => socket.end(answer)]);
    await t.rejects(client.call('GET', '/'), {
      code: 'daemon-unavailable',
      message: /the connection was lost/,
    });
  }
});

void t.test('never takes bytes of one response for the next one', async (t) => {
  let first: Socket | undefined;
  const { client } = await scripted(t, [
    (socket) => {
      first = socket;
      socket.write(OK);
    },
    OK,
  ]);
  t.same(await client.call('GET', '/'), {});
  const closed = new Promise((resolve) => first?.on('close', resolve));
  first?.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"forged"');
  await closed; // by the client, because the bytes belong to no request
  t.same(await client.call('GET', '/'), {});
});

void t.test('refuses a path that would add a header or a request', async (t) => {
  const { client, connections } = await scripted(t, [OK]);
  for (const path of ['/a b', '/a\r\nx: y', '/a\n', 'v1', '/\0', '/é'])
    await t.rejects(client.call('GET', path), { code: 'internal' });
  t.equal(connections(), 0);
});
