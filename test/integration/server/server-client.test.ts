import { writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer as createSilentServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { connectServer } from '../../../daemon/api-client/https/server-client.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { Authority, type Pair } from '../../support/server/authority.ts';
import { clientOf, serveHttps } from '../../support/server/https-server.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { freePorts } from '../../support/free-ports.ts';

const json: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"status":"ok"}');
};

void t.test('explains why a certificate is not trusted', async (t) => {
  const directory = temporaryDirectory(t);
  const [authority, other] = [new Authority(directory), new Authority(directory, 'other')];
  const { caFile } = authority;
  const cases: [string, Pair, string | undefined, RegExp, RegExp][] = [
    ['expired', authority.issue({ from: -9, until: -2 }), caFile, /it has expired/, /renew/],
    ['not valid yet', authority.issue({ from: 2, until: 9 }), caFile, /it is not valid yet/, /clock/],
    ['another host', authority.issue({ names: 'DNS:other.example' }), caFile, /for another host/, /address/],
    ['another authority', other.issue(), caFile, /issuer is unknown/, /--ca-file/],
    ['a private authority', authority.issue(), undefined, /issuer is unknown/, /--ca-file/],
    [
      'self-signed',
      { certificateFile: other.caFile, keyFile: join(directory, 'other/ca.key') },
      undefined,
      /self-signed/,
      /--ca-file/,
    ],
  ];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'; // has no effect
  t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  let requests = 0;
  for (const [what, pair, ca, message, hint] of cases) {
    const { port } = await serveHttps(t, pair, (request, response) => {
      requests += 1;
      json(request, response);
    });
    const client = clientOf(t, `https://localhost:${String(port)}`, {
      token: 'canary',
      ...(ca === undefined ? {} : { caFile: ca }),
    });
    await t.rejects(
      client.call('GET', '/v1/ready'),
      { code: 'server-certificate-invalid', message, hint },
      what,
    );
  }
  t.equal(requests, 0, 'no server received the token');
});

void t.test('sends the token, verifies names and addresses, and keeps connections', async (t) => {
  const authority = new Authority(temporaryDirectory(t));
  const seen: (string | undefined)[] = [];
  const { server, port } = await serveHttps(t, authority.issue(), (request, response) => {
    seen.push(request.headers.authorization, request.url, request.headers.host);
    json(request, response);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  const { caFile } = authority;
  const client = clientOf(t, `https://localhost:${String(port)}/base/`, { caFile, token: 'T' });
  t.same(await client.call('GET', '/v1/ready'), { status: 'ok' });
  await client.call('GET', '/v1/ready');
  t.equal(sockets.size, 1);
  t.same(seen.slice(0, 3), ['Bearer T', '/base/v1/ready', `localhost:${String(port)}`]);
  t.same(await clientOf(t, `https://127.0.0.1:${String(port)}`, { caFile }).call('GET', '/x'), {
    status: 'ok',
  });
});

void t.test('explains why a server cannot be reached', async (t) => {
  const directory = temporaryDirectory(t);
  const authority = new Authority(directory);
  const { caFile } = authority;
  const [free = 0] = await freePorts(1);
  const refused = clientOf(t, `https://127.0.0.1:${String(free)}`, { caFile }).call('GET', '/v1/ready');
  await t.rejects(refused, { code: 'server-unreachable', message: /no process listens/, hint: /./ });
  await t.rejects(clientOf(t, 'https://host.invalid').call('GET', '/'), {
    code: 'server-unreachable',
    message: /host name (?:does not exist|cannot be resolved)/,
  });
  const plain = createPlainServer(json);
  const plainPort = await listenOnLoopback(plain);
  t.teardown(() => plain.close());
  await t.rejects(clientOf(t, `https://127.0.0.1:${String(plainPort)}`, { caFile }).call('GET', '/'), {
    message: /does not use TLS/,
  });
  const open = new Set<Socket>();
  const silent = createSilentServer((socket) => open.add(socket.on('error', () => undefined)));
  const silentPort = await listenOnLoopback(silent);
  t.teardown(() => {
    silent.close();
    for (const socket of open) socket.destroy();
  });
  const late = clientOf(t, `https://127.0.0.1:${String(silentPort)}`, { caFile, timeoutMs: 200 });
  await t.rejects(late.call('GET', '/'), { code: 'server-unreachable', message: /does not answer in time/ });
  t.throws(() => connectServer({ url: new URL('http://localhost') }), { code: 'config-invalid' });
  const url = new URL('https://localhost');
  t.throws(() => connectServer({ url, caFile: join(directory, 'none') }), {
    code: 'config-invalid',
    message: /does not exist/,
  });
  writeFileSync(join(directory, 'text'), 'x');
  t.throws(() => connectServer({ url, caFile: join(directory, 'text') }), {
    message: /contains no certificate/,
  });
});

void t.test('follows no redirect and reads only answers of the API', async (t) => {
  const authority = new Authority(temporaryDirectory(t));
  const paths: string[] = [];
  const { port } = await serveHttps(t, authority.issue(), (request, response) => {
    paths.push(request.url ?? '');
    if (request.url === '/redirect') response.writeHead(302, { location: '/other' }).end();
    else if (request.url === '/html')
      response.writeHead(502, { 'content-type': 'text/html' }).end('<canary>');
    else if (request.url === '/broken') response.setHeader('content-type', 'application/json').end('{canary');
    else if (request.url === '/page') response.setHeader('content-type', 'text/html').end('canary');
    else if (request.url === '/problem')
      response
        .writeHead(403, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'not-permitted', detail: 'Denied.', hint: 'Ask.' }));
    else if (request.url === '/cut')
      response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy());
    else if (request.url === '/drip') response.writeHead(200).write('x');
    else response.writeHead(204).end();
  });
  const client = clientOf(t, `https://localhost:${String(port)}`, {
    caFile: authority.caFile,
    timeoutMs: 2000,
  });
  await t.rejects(client.call('GET', '/redirect'), { code: 'server-unreachable', message: /redirects/ });
  t.same(paths, ['/redirect']);
  for (const path of ['/html', '/broken', '/page', '/cut', '/drip']) {
    const failed = client.call('GET', path);
    await t.rejects(failed, { code: 'server-unreachable' }, path);
    await failed.catch((error: unknown) => t.notOk(String(error).includes('canary')));
  }
  await t.rejects(client.call('GET', '/problem'), {
    code: 'not-permitted',
    message: 'Denied.',
    hint: 'Ask.',
  });
  t.equal(await client.call('DELETE', '/none'), undefined);
});

void t.test('repeats a request on a closed connection only if a repetition is safe', async (t) => {
  const authority = new Authority(temporaryDirectory(t));
  let count = 0;
  const { port } = await serveHttps(t, authority.issue(), (request, response) => {
    count += 1;
    if (count % 2 === 0)
      request.socket.destroy(); // the second request on each connection
    else json(request, response);
  });
  const client = clientOf(t, `https://localhost:${String(port)}`, { caFile: authority.caFile });
  await client.call('GET', '/1');
  await client.call('GET', '/2');
  t.equal(count, 3);
  await t.rejects(client.call('PUT', '/3', {}), {
    code: 'server-unreachable',
    message: /connection was lost/,
  });
  t.equal(count, 4);
});
