import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Readiness } from '../../../daemon/contract/types.ts';
import { codeOf } from '../../support/http.ts';
import { until } from '../../support/sandbox.ts';
import { Authority } from '../../support/server/authority.ts';
import { TeamServer } from '../../support/server/team-server.ts';

/** Opens a TLS connection and returns it after the handshake. Rejects if it fails. */
async function handshake(server: TeamServer, options: object = {}): Promise<TLSSocket> {
  const socket = connect({
    ...{ host: '127.0.0.1', port: server.port, servername: 'localhost' },
    ca: readFileSync(server.authority.caFile),
    ...options,
  });
  await once(socket, 'secureConnect');
  return socket;
}

void t.test('serves the API over TLS 1.2 and later, to holders of a token', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  const client = server.client(t);
  t.same(await client.call('GET', '/v1/ready'), { status: 'ready', warnings: [] });
  await client.call('POST', '/v1/organizations', { name: 'lab' });
  await client.call('POST', '/v1/workspaces', { organization: 'lab', name: 'rna' });
  const value = Buffer.from('canary-of-https').toString('base64');
  await client.call('PUT', '/v1/workspaces/lab/rna/secrets/TOKEN', { valueBase64: value });
  t.match(await client.call('GET', '/v1/workspaces/lab/rna/secrets'), { secrets: [{ name: 'TOKEN' }] });
  t.same(server.box.filesWith('canary-of-https'), [], 'no file contains the value');

  const { headers } = await server.request('/v1/ready');
  t.match(headers, {
    'strict-transport-security': 'max-age=31536000',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
  });
  t.equal(headers['access-control-allow-origin'], undefined);
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    await t.rejects(
      handshake(server, { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }),
      `no ${version}`,
    );
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:ECDHE-ECDSA-AES128-SHA' };
  await t.rejects(handshake(server, weak), 'no cipher without authenticated encryption');
  const socket = await handshake(server, { maxVersion: 'TLSv1.2' });
  t.match(socket.getCipher().name, /^ECDHE-.*(GCM|POLY1305)/);
  socket.destroy();
});

void t.test('answers health and readiness without a token and details, and nothing else', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  t.same(JSON.parse((await server.request('/v1/health')).text), { status: 'ok' });
  t.same(JSON.parse((await server.request('/v1/ready')).text), { status: 'ready' });
  t.equal((await server.request('/v1/ready', { host: '203.0.113.5' })).status, 200, 'checks name an address');
  t.match(JSON.parse((await server.request('/v1/health', server.bearer)).text), { ledger: 'ok' });
  for (const authorization of ['', 'Bearer x', `Bearer ${server.token}x`, `Bearer nfe_${'A'.repeat(43)}`])
    for (const path of ['/v1/workspaces', '/v1/none', '/v1/HEALTH'])
      t.equal((await server.request(path, { authorization })).status, 401, `${path} ${authorization}`);
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'localhost:x',
    '',
    'localhost, evil.example',
  ]) {
    const answer = await server.request('/v1/workspaces', { ...server.bearer, host });
    t.ok([400, 403].includes(answer.status), `host "${host}"`);
  }
  const foreign = await server.request('/v1/workspaces', {
    ...server.bearer,
    origin: 'https://evil.example',
  });
  t.equal(codeOf(foreign), 'origin-forbidden');
  t.equal((await server.request('/v1/workspaces', { ...server.bearer, host: 'LOCALHOST:1234' })).status, 200);
});

void t.test('limits wrong tokens of an address, and connections', async (t) => {
  const server = new TeamServer(t, { limits: { anonymousRequests: 5, connectionsPerAddress: 8 } });
  await server.init();
  await server.start();
  const guesses = await Promise.all(
    Array.from({ length: 8 }, () => server.request('/v1/workspaces', { authorization: 'Bearer x' })),
  );
  t.ok(guesses.filter(({ status }) => status === 429).length >= 3);
  t.equal(
    (await server.request('/v1/workspaces', server.bearer)).status,
    200,
    'a valid token is not limited',
  );
  const sockets = await Promise.all(Array.from({ length: 8 }, () => handshake(server)));
  await t.rejects(handshake(server), 'a ninth connection is closed');
  for (const socket of sockets) socket.destroy();
  await until('connections are released', () =>
    server.request('/v1/workspaces', server.bearer).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
});

void t.test('uses a renewed certificate for new connections, and keeps open ones', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => {
    agent.destroy();
  });
  const before = await handshake(server);
  const serial = before.getPeerCertificate().serialNumber;
  await server.request('/v1/ready', server.bearer, { agent });
  const [kept] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);

  // Keep the old pair while the new one is broken, for each kind of fault.
  const other = new Authority(server.directory('other'));
  const unmatched = { certificateFile: other.issue().certificateFile, keyFile: other.issue().keyFile };
  const text = `${server.box.directory}/text`;
  writeFileSync(text, 'no certificate', { mode: 0o600 });
  const broken = [
    [unmatched, /does not belong to the certificate/],
    [{ certificateFile: text, keyFile: server.pair.keyFile }, /contains no certificate/],
    [{ certificateFile: server.authority.issue().certificateFile, keyFile: text }, /contains no private key/],
    [server.authority.issue({ from: -9, until: -2 }), /it expired at/],
  ] as const;
  for (const [pair, reason] of broken) {
    server.install(pair);
    server.kill('SIGHUP');
    await until(`the log names ${reason.source}`, () =>
      server.lines.some(
        (line) => line.msg === 'keeping the previous certificate' && reason.test(line.reason ?? ''),
      ),
    );
    const socket = await handshake(server);
    t.equal(socket.getPeerCertificate().serialNumber, serial, reason.source);
    socket.destroy();
  }
  server.install(server.authority.issue());
  server.kill('SIGHUP');
  await server.logged('loaded the changed certificate');
  const after = await handshake(server);
  t.not(after.getPeerCertificate().serialNumber, serial);
  t.equal(before.destroyed, false);
  t.equal((await server.request('/v1/ready', server.bearer, { agent })).status, 200);
  t.same(
    Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])[0],
    kept,
    'the connection was kept',
  );
  for (const socket of [before, after]) socket.destroy();

  const third = server.authority.issue();
  server.install(third);
  await until(
    'the files are compared without a signal',
    () => server.lines.filter(({ msg }) => msg === 'loaded the changed certificate').length === 2,
  );
});

void t.test('warns of a certificate that expires soon or is for another host', async (t) => {
  const server = new TeamServer(t);
  server.install(server.authority.issue({ until: 5, names: 'DNS:other.example,IP:127.0.0.1' }));
  await server.init();
  await server.start();
  await server.logged('the certificate expires soon');
  const { warnings } = JSON.parse(
    (await server.request('/v1/ready', server.bearer, { rejectUnauthorized: false })).text,
  ) as Readiness;
  t.same(warnings, ['certificate-expires-soon', 'certificate-wrong-host']);
  const anonymous = await server.request('/v1/ready', {}, { rejectUnauthorized: false });
  t.same(JSON.parse(anonymous.text), { status: 'ready' });
});

void t.test('requires client certificates if caFile is set', async (t) => {
  const server = new TeamServer(t);
  const proxies = new Authority(server.directory('proxies'));
  server.configure({ tls: { ...server.pair, caFile: proxies.caFile } });
  await server.init();
  await server.start();
  const with_ = (authority: Authority): object => {
    const { certificateFile, keyFile } = authority.issue({ isClient: true });
    return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  };
  t.equal((await server.request('/v1/ready', {}, with_(proxies))).status, 200);
  await t.rejects(server.request('/v1/ready'));
  await t.rejects(server.request('/v1/ready', {}, with_(server.authority)), 'of another authority');
  const client = server.client(t);
  await t.rejects(client.call('GET', '/v1/ready'), { code: 'server-unreachable' });
});

void t.test('closes connections that send nothing, and answers slow requests', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  const plain = connectPlain(server.port, '127.0.0.1');
  const silent = await handshake(server);
  const slow = await handshake(server);
  slow.write('GET /v1/ready HTTP/1.1\r\nhost: localhost\r\n');
  let answer = '';
  slow.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  for (const socket of [plain, silent, slow]) socket.on('error', () => undefined).resume();
  const closed = Promise.all([plain, silent, slow].map((socket) => once(socket, 'close')));
  t.equal((await server.request('/v1/ready')).status, 200, 'others are served meanwhile');
  await closed;
  t.match(answer, /^HTTP\/1\.1 408 /);
  const http = connectPlain(server.port, '127.0.0.1');
  http.end('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(
    http.resume().on('error', () => undefined),
    'close',
  );
  t.equal((await server.request('/v1/ready')).status, 200);
});
