import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { TcpListener } from '../../../daemon/api/listeners/tcp-listener.ts';
import { operations } from '../../../daemon/api/operations/operations.ts';
import type { DaemonStatus } from '../../../daemon/contract/types.ts';
import { freePorts } from '../../support/free-ports.ts';
import { accounts, asUser } from '../../support/accounts.ts';
import { codeOf } from '../../support/http.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { listenerOf, openListener, tcpRequest } from '../../support/tcp.ts';

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

void t.test('opens no TCP listener by default', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  t.equal((await box.json<DaemonStatus>(['daemon', 'status'])).listener, undefined);
  const token = await box.escrow(['daemon', 'token']);
  t.match(token, { status: 69, stderr: /the daemon has no TCP listener/ });
});

void t.test('requires the token of the listener for everything but health and readiness', async (t) => {
  const box = new Sandbox(t);
  const { port, token, tokenFile } = await openListener(box);
  t.equal(statSync(tokenFile).mode & 0o777, 0o600);
  t.equal((await box.escrow(['daemon', 'token'])).stdout, `${token}\n`);
  t.equal((await box.escrow(['daemon', 'token', '--file'])).stdout, `${tokenFile}\n`);
  const curl = box.startProgram('curl', [
    '-sf',
    '-H',
    `@${tokenFile}`,
    `http://127.0.0.1:${String(port)}/v1/runs`,
  ]);
  t.same(JSON.parse((await curl.ended).stdout), { runs: [] }, 'curl reads the token file');

  t.same(
    JSON.parse((await tcpRequest(port, '/v1/health')).text),
    { status: 'ok' },
    'no details without a token',
  );
  t.same(JSON.parse((await tcpRequest(port, '/v1/ready')).text), { status: 'ready' });
  t.match(JSON.parse((await tcpRequest(port, '/v1/health', bearer(token))).text), { pendingRemovals: 0 });
  for (const { method, path, access } of operations.filter((one) => one.access !== 'public')) {
    const answer = await tcpRequest(port, path.replaceAll(/\{\w+\}/g, 'local'), {}, method.toUpperCase());
    if (answer.status === 429) t.equal(codeOf(answer), 'too-many-requests');
    else t.match([answer.status, codeOf(answer), access], [401, 'unauthenticated'], `${method} ${path}`);
  }
  const description = JSON.parse((await tcpRequest(port, '/v1/openapi.json', bearer(token))).text) as object;
  t.match(description, {
    security: [{ userToken: [] }],
    components: { securitySchemes: { userToken: { scheme: 'bearer' } } },
  });
  t.same(
    (JSON.parse((await box.http('GET', '/v1/openapi.json')).text) as { security: unknown }).security,
    [],
  );
});

void t.test('rejects wrong tokens, without limiting the owner of the right one', async (t) => {
  const box = new Sandbox(t);
  const { port, token } = await openListener(box);
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}, Bearer ${token}`,
    `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
    token,
    `Bearer ${'x'.repeat(8000)}`,
    'Bearer \u00ff',
  ];
  for (const authorization of wrong) {
    const answer = await tcpRequest(port, '/v1/runs', { authorization });
    t.equal(answer.status, 401, authorization.slice(0, 60));
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="nf-escrow"');
    t.notOk(answer.text.includes(token));
  }
  t.equal((await tcpRequest(port, '/v1/HEALTH')).status, 401, 'only the exact path is public');
  t.equal((await tcpRequest(port, '/v1/none')).status, 401, 'which routes exist is not public');
  t.equal((await tcpRequest(port, '/v1/health', {}, 'POST')).status, 401);
  const guesses = await Promise.all(
    Array.from({ length: 100 }, (_, index) => tcpRequest(port, '/v1/runs', bearer(`guess${String(index)}`))),
  );
  const limited = guesses.filter(({ status }) => status === 429);
  t.ok(limited.length >= 50, `${String(limited.length)} of 100 guesses are not compared`);
  t.match(limited[0]?.headers['retry-after'], /^\d+$/);
  t.equal((await tcpRequest(port, '/v1/runs', bearer(token))).status, 200, 'the user is not limited');
  const flood = await Promise.all(
    Array.from({ length: 300 }, () => tcpRequest(port, '/v1/runs', bearer(token))),
  );
  t.same(new Set(flood.map(({ status }) => status)), new Set([200]));
});

void t.test('has a new token at each start, and removes the token file with the listener', async (t) => {
  const box = new Sandbox(t);
  const first = await openListener(box);
  t.same(await openListener(box), first, 'port 0 is any port, also that of the open listener');
  const [port = 0] = await freePorts(1);
  t.equal((await box.escrow(['daemon', 'start', '--listen', `127.0.0.1:${String(port)}`])).status, 0);
  const second = await listenerOf(box);
  t.equal(second.port, port);
  t.not(second.token, first.token);
  t.equal(
    (await tcpRequest(port, '/v1/runs', bearer(first.token))).status,
    401,
    'the old token is not valid',
  );
  await until('the old listener is closed', () =>
    tcpRequest(first.port, '/v1/ready').then(
      () => false,
      () => true,
    ),
  );
  rmSync(second.tokenFile); // like the last logout
  await until('the token file exists again', () => existsSync(second.tokenFile));
  t.same(await listenerOf(box), second);
  await box.escrow(['daemon', 'stop']);
  t.notOk(existsSync(second.tokenFile));
});

void t.test('refuses other addresses, and reports an address in use', async (t) => {
  const box = new Sandbox(t);
  const refused = await box.escrow(['daemon', 'start', '--listen', '0.0.0.0:0']);
  t.match(refused, { status: 78, stderr: /listens only on loopback addresses/ });
  t.equal((await box.json<{ running: boolean }>(['daemon', 'status'])).running, false, 'starts no daemon');
  const other = createServer();
  const port = await listenOnLoopback(other);
  const listen = `127.0.0.1:${String(port)}`;
  t.match(await box.escrow(['daemon', 'start', '--listen', listen]), {
    status: 69,
    stderr: new RegExp(`Cannot listen on ${listen}: another process uses the port`),
  });
  await box.escrow(['daemon', 'stop']);

  t.equal((await box.escrow(['config', 'set', 'listen', '192.0.2.1:80'])).status, 64);
  t.equal((await box.escrow(['config', 'set', 'listen', listen])).status, 0);
  await box.escrow(['daemon', 'start']);
  const { listener } = await box.json<DaemonStatus>(['daemon', 'status']);
  t.match(
    listener,
    { address: listen, error: /another process uses the port/ },
    'the daemon starts without it',
  );
  await new Promise((resolve) => other.close(resolve));
  await until('the daemon listens', async () => {
    const found = (await box.json<DaemonStatus>(['daemon', 'status'])).listener;
    return found?.error === undefined;
  });
  t.equal((await listenerOf(box)).port, port);
});

void t.test('listens only where a locked setting allows it', async (t) => {
  const listener = new TcpListener({
    setting: { address: { host: '127.0.0.1', port: 8080 }, isLocked: true },
    tokenFile: join(temporaryDirectory(t), 'sockets/daemon.token'),
    serve: () => Promise.resolve(() => undefined),
    onProblem: () => undefined,
    onLeave: () => undefined,
  });
  await t.rejects(listener.listen({ host: '127.0.0.1', port: 8081 }), { code: 'not-permitted' });
  await t.rejects(listener.listen({ host: '::1', port: 8080 }), { code: 'not-permitted' });
});

void t.test('gives another local user nothing', async (t) => {
  const [other] = accounts(t, 1) ?? [];
  if (other === undefined) return;
  const box = new Sandbox(t);
  chmodSync(box.directory, 0o755); // so that only nf-escrow's own modes protect its files
  const { port, token, tokenFile } = await openListener(box);
  const script = join(box.directory, 'attack.mjs');
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
     import { request } from 'node:http';
     const ask = (options) => new Promise((resolve) => {
       request(options, (answer) => {
         let text = '';
         answer.on('data', (chunk) => (text += chunk)).on('end', () => resolve([answer.statusCode, text]));
       }).on('error', (error) => resolve(error.code)).end();
     });
     const read = () => { try { return readFileSync(${JSON.stringify(tokenFile)}, 'utf8'); } catch (error) { return error.code; } };
     const at = { host: '127.0.0.1', port: ${String(port)} };
     console.log(JSON.stringify({
       file: read(),
       socket: await ask({ socketPath: ${JSON.stringify(box.socket)}, path: '/v1/runs' }),
       health: await ask({ ...at, path: '/v1/health' }),
       runs: await ask({ ...at, path: '/v1/runs' }),
       stop: await ask({ ...at, path: '/v1/daemon/stop', method: 'POST' }),
       process: await ask({ ...at, path: '/v1/daemon' }),
     }));`,
    { mode: 0o644 },
  );
  const { stdout, stderr } = await box.startProgram(...asUser(other, [process.execPath, script])).ended;
  t.notOk(stdout.includes(token));
  const found = JSON.parse(stdout || `"${stderr}"`) as object;
  t.match(found, {
    file: 'EACCES',
    socket: 'EACCES',
    health: [200, '{"status":"ok"}'],
    runs: [401, /unauthenticated/],
    stop: [401, /unauthenticated/],
    process: [401, /unauthenticated/],
  });
  t.notOk(stdout.includes(box.directory), 'no path of the user');
  t.equal((await box.http('GET', '/v1/health')).status, 200, 'the daemon still runs');
});

void t.test('protects responses in browsers, and rejects requests of web pages', async (t) => {
  const box = new Sandbox(t);
  const { port, token } = await openListener(box);
  for (const answer of [
    await tcpRequest(port, '/v1/runs', bearer(token)),
    await tcpRequest(port, '/v1/runs'),
    await box.http('GET', '/v1/none'),
  ]) {
    t.match(answer.headers, {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': /default-src 'none'/,
      'cross-origin-resource-policy': 'same-origin',
    });
    for (const name of Object.keys(answer.headers))
      t.notMatch(name, /^access-control|^x-powered-by|^set-cookie/);
  }
  for (const headers of [
    { host: 'evil.example' },
    { host: `evil.example:${String(port)}` },
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])
    for (const answer of [
      await tcpRequest(port, '/v1/runs', { ...bearer(token), ...headers }),
      await box.http('GET', '/v1/runs', undefined, headers),
    ])
      t.match([answer.status, codeOf(answer)], [403, 'origin-forbidden'], JSON.stringify(headers));
  for (const host of ['localhost:1', '127.0.0.1:65535', '[::1]:9000'])
    t.equal(
      (await tcpRequest(port, '/v1/runs', { ...bearer(token), host })).status,
      200,
      `forwarded: ${host}`,
    );
  const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'PUT' };
  t.equal((await tcpRequest(port, '/v1/runs', preflight, 'OPTIONS')).status, 403);
});
