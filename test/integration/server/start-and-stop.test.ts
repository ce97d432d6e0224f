import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { send } from '../../support/http.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';
import type { IncomingMessage } from 'node:http';

async function started(t: Test, settings: object = {}): Promise<TeamServer> {
  const server = new TeamServer(t, settings);
  await server.init();
  await server.start();
  return server;
}

/** Opens the stream of all events, and returns it with what has arrived. */
async function openEvents(server: TeamServer): Promise<{ incoming: IncomingMessage; text: () => string }> {
  return new Promise((resolve, reject) => {
    request(
      {
        ...{
          host: '127.0.0.1',
          port: server.port,
          servername: 'localhost',
          path: '/v1/events',
          agent: false,
        },
        ca: readFileSync(server.authority.caFile),
        headers: { host: 'localhost', ...server.bearer },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        resolve({ incoming, text: () => text });
      },
    )
      .on('error', reject)
      .end();
  });
}

void t.test('creates the first administrator once, also if several processes try at once', async (t) => {
  const server = new TeamServer(t);
  const results = await Promise.all(
    Array.from({ length: 4 }, () => server.escrow(['serve', 'init', '--print-token'])),
  );
  const created = results.filter(({ status }) => status === 0);
  t.equal(created.length, 1);
  for (const { status, stderr, stdout } of results.filter((one) => one.status !== 0)) {
    t.equal(status, 1);
    t.match(stderr, /the server already has one/);
    t.equal(stdout, '');
  }
  server.token = created[0]?.stdout.trim() ?? '';
  await server.start();
  t.equal((await server.request('/v1/workspaces', server.bearer)).status, 200);
  t.same(server.box.filesWith(server.token), [], 'no file contains the token');
});

void t.test('writes the token to a new file of mode 0600', async (t) => {
  const server = new TeamServer(t);
  const file = join(server.directory('tokens'), 'token');
  writeFileSync(file, 'mine');
  const refused = await server.escrow(['serve', 'init', '--token-file', file]);
  t.match(refused, { status: 78, stderr: /the file exists/ });
  t.equal(readFileSync(file, 'utf8'), 'mine');
  rmSync(file);
  const { status, stdout } = await server.escrow(['serve', 'init', '--token-file', file]);
  t.equal(status, 0);
  t.equal(statSync(file).mode & 0o777, 0o600);
  server.token = readFileSync(file, 'utf8').trim();
  t.notOk(stdout.includes(server.token));
  const second = await server.escrow(['serve', 'init', '--token-file', `${file}2`]);
  t.equal(second.status, 1);
  t.notOk(existsSync(`${file}2`));
  await server.start();
  t.equal((await server.request('/v1/workspaces', server.bearer)).status, 200);
});

void t.test('does not start without a key, a usable certificate, or beside another server', async (t) => {
  const server = new TeamServer(t);
  const failure = async (): Promise<string> => {
    const { status, stderr } = await server.launch().ended;
    t.not(status, 0);
    return stderr;
  };
  t.match(await failure(), /vault key file .* does not exist.\n.*serve init/);
  await server.init();
  const { keyFile } = server.pair;
  const key = readFileSync(keyFile);
  rmSync(keyFile);
  t.match(await failure(), /private key .* does not exist/);
  writeFileSync(keyFile, key, { mode: 0o644 });
  t.match(await failure(), /has mode 0644/);
  rmSync(keyFile);
  writeFileSync(keyFile, key, { mode: 0o600 });
  await server.start();
  const { started } = server;
  t.match(await failure(), /another server uses it/);
  server.started = started;
});

void t.test('unlocks the vault with a passphrase file or a command', async (t) => {
  const server = new TeamServer(t);
  const passphraseFile = join(server.box.directory, 'passphrase');
  writeFileSync(passphraseFile, 'canary passphrase\n', { mode: 0o600 });
  server.configure({ vault: { passphraseFile } });
  await server.init();
  await server.start();
  await server.client(t).call('PUT', '/v1/user/secrets/ONE', { valueBase64: 'eA==' });
  server.kill('SIGTERM');
  t.equal((await server.started?.ended)?.status, 0);
  writeFileSync(passphraseFile, 'another\n');
  t.match(await server.launch().ended, { status: 77, stderr: /passphrase is wrong/ });
  server.configure({
    vault: { keyCommand: 'echo from-a-command' },
    stateDirectory: join(server.box.directory, 'second'),
  });
  await server.init();
  await server.start();
  await server.client(t).call('PUT', '/v1/user/secrets/ONE', { valueBase64: 'eA==' });
});

void t.test('is not ready without the vault key, and is ready again with it', async (t) => {
  const server = await started(t);
  const keyFile = join(server.box.directory, 'server-key/vault.key');
  const key = readFileSync(keyFile);
  const statusIs = (status: number) => async (): Promise<boolean> =>
    (await server.request('/v1/ready')).status === status;
  rmSync(keyFile);
  await until('not ready', statusIs(503));
  const anonymous = (await server.request('/v1/ready')).text;
  t.notOk(anonymous.includes('vault'), 'no details without a token');
  const known = (await server.request('/v1/ready', server.bearer)).text;
  t.match(known, /the key of the vault cannot be used/);
  t.notOk(known.includes(keyFile), 'no file of the server');
  t.match((await server.logged('not ready')).reason, keyFile);
  const put = server.client(t).call('PUT', '/v1/user/secrets/ONE', { valueBase64: 'eA==' });
  await t.rejects(put, { code: 'vault-key-missing' });
  t.notOk(existsSync(keyFile), 'no key is created in its place');
  writeFileSync(keyFile, key, { mode: 0o600 });
  await until('ready', statusIs(200));
});

void t.test('drains under load without a failed request', async (t) => {
  const server = await started(t, { drain: { delaySeconds: 1, deadlineSeconds: 20 } });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.teardown(() => {
    agent.destroy();
  });
  const failures: string[] = [];
  let served = 0;
  let isReady = true; // as a load balancer knows it
  const load = async (): Promise<void> => {
    while (isReady)
      try {
        const { status } = await server.request('/v1/workspaces', server.bearer, { agent });
        if (status === 200) served += 1;
        else failures.push(String(status));
      } catch (error) {
        failures.push(String(error));
      }
  };
  const clients = Array.from({ length: 8 }, load);
  const { incoming, text } = await openEvents(server);
  await until('requests are served', () => served > 50);
  server.kill('SIGTERM');
  await server.logged('shutting down');
  const { status: readiness, headers } = await server.request('/v1/ready');
  t.same([readiness, headers.connection], [503, 'close']);
  const before = served;
  await until('requests are served meanwhile', () => served > before);
  isReady = false;
  await Promise.all(clients);
  t.same(failures, []);
  await until('the event stream ends', () => incoming.complete);
  t.match(text(), /retry: \d+\n\n$/, 'with the time after which to reconnect');
  const { status, signal } = (await server.started?.ended) ?? {};
  t.same([status, signal], [0, null]);
  await t.rejects(server.request('/v1/health'), { code: 'ECONNREFUSED' });
});

void t.test('ends at once at a second signal', async (t) => {
  for (const [first, second] of [
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ] as const) {
    const server = await started(t, { drain: { delaySeconds: 600, deadlineSeconds: 3600 } });
    await openEvents(server).then(({ incoming }) => incoming.on('error', () => undefined));
    server.kill(first);
    await server.logged('shutting down');
    server.kill(second);
    t.equal((await server.started?.ended)?.status, 0, `${first} ${second}`);
  }
});

void t.test('ends at the deadline with an incomplete request', async (t) => {
  const server = await started(t, { drain: { delaySeconds: 0, deadlineSeconds: 0 } });
  const upload = request({
    ...{ host: '127.0.0.1', port: server.port, servername: 'localhost', method: 'PUT', agent: false },
    path: '/v1/user/secrets/ONE',
    ca: readFileSync(server.authority.caFile),
    headers: {
      host: 'localhost',
      ...server.bearer,
      'content-type': 'application/json',
      'content-length': 100,
    },
  });
  upload.on('error', () => undefined).write('{');
  await new Promise((resolve) => upload.on('socket', (socket) => socket.on('secureConnect', resolve)));
  server.kill('SIGTERM');
  t.equal((await server.started?.ended)?.status, 0);
});

void t.test('serves what was stored after kill -9', async (t) => {
  const server = await started(t);
  await server.client(t).call('PUT', '/v1/user/secrets/ONE', { valueBase64: 'eA==' });
  server.kill('SIGKILL');
  await server.started?.ended;
  await server.start();
  t.match(await server.client(t).call('GET', '/v1/user/secrets'), { secrets: [{ name: 'ONE' }] });
});

void t.test('behind a proxy on a Unix socket, requires encrypted connections of clients', async (t) => {
  const server = new TeamServer(t);
  const socketPath = join(server.directory('run'), 'server.sock');
  server.configure({ tls: {}, listen: `unix:${socketPath}`, trustedProxies: ['unix'] });
  await server.init();
  const get = async (path: string, headers: Record<string, string> = {}): ReturnType<typeof send> =>
    send({ socketPath, path, headers: { host: 'localhost', ...server.bearer, ...headers }, agent: false });
  await server.start();
  t.equal(statSync(socketPath).mode & 0o777, 0o660);
  const encrypted = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' };
  t.equal((await get('/v1/workspaces', encrypted)).status, 200);
  t.match((await get('/v1/workspaces', encrypted)).headers['strict-transport-security'], /max-age/);
  for (const headers of [
    {},
    { ...encrypted, 'x-forwarded-proto': 'http' },
    { forwarded: 'for=1.2.3.4;proto=https' },
  ])
    t.match(JSON.parse((await get('/v1/workspaces', headers)).text), { code: 'proxy-header-invalid' });
  t.equal((await get('/v1/ready')).status, 200, 'the check of the proxy');

  const { started } = server;
  t.match(await server.launch().ended, { status: 69, stderr: /another process listens there/ });
  server.started = started;
  server.kill('SIGKILL');
  await started?.ended;
  t.ok(existsSync(socketPath));
  await server.start();
  t.equal((await get('/v1/workspaces', encrypted)).status, 200, 'the socket of a killed server is replaced');
  server.kill('SIGTERM');
  t.equal((await server.started?.ended)?.status, 0);
  t.notOk(existsSync(socketPath), 'the socket is removed');
});

void t.test('over plain HTTP, closes connections of peers that are not listed', async (t) => {
  const server = new TeamServer(t, { tls: {}, trustedProxies: ['127.0.0.2'] });
  await server.init();
  await server.start();
  const get = async (localAddress: string, headers: Record<string, string>): ReturnType<typeof send> =>
    send({
      host: '127.0.0.1',
      port: server.port,
      localAddress,
      path: '/v1/workspaces',
      headers,
      agent: false,
    });
  const encrypted = {
    host: 'localhost',
    ...server.bearer,
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
  };
  t.equal((await get('127.0.0.2', encrypted)).status, 200);
  await t.rejects(get('127.0.0.1', encrypted));
  const socket = connect(server.port, '127.0.0.1');
  await new Promise((resolve) =>
    socket
      .on('error', () => undefined)
      .on('close', resolve)
      .resume(),
  );
  t.equal((await get('127.0.0.2', encrypted)).status, 200);
});
