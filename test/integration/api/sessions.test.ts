import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import t from 'tap';
import type { DaemonStatus, Problem } from '../../../daemon/contract/types.ts';
import { accounts, asUser } from '../../support/accounts.ts';
import { exchange, type Exchanged } from '../../support/exchange.ts';
import { freePorts } from '../../support/free-ports.ts';
import { askForProof, openDashboard, signIn } from '../../support/page.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const codeOf = ({ text }: Pick<Exchanged, 'text'>): string => (JSON.parse(text) as Problem).code;
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

void t.test('a code opens the dashboard once, and gives access to everything', async (t) => {
  const box = new Sandbox(t);
  const { code, port } = await openDashboard(box);
  const { token } = await signIn({ port }, code);
  const again = await exchange({ port }, 'POST', '/v1/sessions', {}, { code });
  t.match([again.status, codeOf(again)], [403, 'sign-in-code-invalid']);
  t.equal((await exchange({ port }, 'GET', '/v1/runs', bearer(token))).status, 200);
  t.equal((await exchange({ port }, 'GET', '/v1/runs')).status, 401);
  t.same(box.filesWith(token), [], 'no file contains the token');
  t.same(box.filesWith(code), [], 'no file contains the code');
  t.equal((await exchange({ port }, 'DELETE', '/v1/sessions/current', bearer(token))).status, 204);
  t.equal((await exchange({ port }, 'GET', '/v1/runs', bearer(token))).status, 401, 'the session has ended');
});

void t.test('the id of a session gives proofs and nothing else', async (t) => {
  const box = new Sandbox(t);
  const { code, port } = await openDashboard(box);
  const session = await signIn({ port }, code);
  const named = { authorization: `Session ${session.id}` };
  for (const path of ['/v1/runs', '/v1/user/secrets', '/metrics', '/v1/daemon'])
    t.equal((await exchange({ port }, 'GET', path, named)).status, 401, path);
  t.equal((await exchange({ port }, 'DELETE', '/v1/sessions/current', named)).status, 401);
  const proof = await askForProof({ port }, session, `http://127.0.0.1:${String(port)}`);
  t.match([proof.status, proof.text], [200, proof.expected]);
  const unknown = await askForProof({ port }, { ...session, id: 'x'.repeat(22) }, 'http://127.0.0.1:1');
  t.match([unknown.status, codeOf(unknown)], [401, 'unauthenticated']);
});

void t.test('a server on another port cannot pass a proof on', async (t) => {
  const box = new Sandbox(t);
  const { code, port } = await openDashboard(box);
  const session = await signIn({ port }, code);
  for (const origin of ['http://127.0.0.1:1', 'http://localhost', 'http://[::1]:1']) {
    const answer = await askForProof({ port }, session, origin);
    t.match([answer.status, codeOf(answer)], [403, 'origin-forbidden'], origin);
  }
  const proxied = await askForProof({ port }, session, 'https://ondemand.example.org');
  t.equal(proxied.status, 200, 'a proxy forwards from any port');
});

void t.test('a link to an address that the daemon has left gives no session', async (t) => {
  const box = new Sandbox(t);
  const { code: early } = await openDashboard(box);
  const [free] = await freePorts(1);
  const { code, port } = await openDashboard(box, ['--no-open', '--port', String(free)]);
  t.equal(port, free);
  const answer = await exchange({ port }, 'POST', '/v1/sessions', {}, { code: early });
  t.match([answer.status, codeOf(answer)], [403, 'sign-in-code-invalid']);
  await signIn({ port }, code);
});

void t.test('a page continues its session after a restart of the daemon', async (t) => {
  const box = new Sandbox(t);
  const { code, port } = await openDashboard(box);
  const session = await signIn({ port }, code);
  await box.escrow(['daemon', 'stop']);
  await box.escrow(['daemon', 'start']);
  const proof = await askForProof({ port }, session, `http://127.0.0.1:${String(port)}`);
  t.match([proof.status, proof.text], [200, proof.expected], 'at the same address');
  t.equal((await exchange({ port }, 'GET', '/v1/runs', bearer(session.token))).status, 200);
});

void t.test('a daemon whose port was taken keeps working, and returns to it', async (t) => {
  const box = new Sandbox(t);
  const { code, port } = await openDashboard(box);
  const session = await signIn({ port }, code);
  await box.escrow(['daemon', 'stop']);
  const received: string[] = [];
  const impostor = createServer((request, response) => {
    received.push(request.headers.authorization ?? '');
    response.setHeader('content-type', 'application/json').end('{"proof":"x"}');
  });
  await new Promise<void>((resolve) => impostor.listen(port, '127.0.0.1', resolve));
  t.teardown(() => impostor.close());
  t.equal((await box.escrow(['daemon', 'start'])).status, 0);
  const proof = await askForProof({ port }, session, `http://127.0.0.1:${String(port)}`);
  t.not(proof.text, proof.expected, 'another server cannot prove that it is the daemon');
  t.notOk(received.some((header) => header.includes(session.token)));
  await new Promise((resolve) => impostor.close(resolve));
  await until('the daemon listens again', async () =>
    exchange({ port }, 'GET', '/v1/runs', bearer(session.token)).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
});

void t.test('the redirect file is private, and exists until its code is used', async (t) => {
  const box = new Sandbox(t);
  const browser = join(box.directory, 'bin');
  mkdirSync(browser);
  const script = '#!/bin/sh\ncat "${1#file://}" > "$HOME/page"; echo "$@" > "$HOME/opened"\n';
  writeFileSync(join(browser, 'xdg-open'), script, { mode: 0o755 });
  const written = (name: string): string => {
    const path = join(box.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  };
  const env = { DISPLAY: ':0', PATH: `${browser}:${process.env['PATH'] ?? ''}` };
  const { code, port, stdout } = await openDashboard(box, [], env);
  t.match(stdout, /It opens in your browser/);
  await until('the browser is started', () => written('opened') !== '');
  const opened = written('opened');
  const path = new URL(opened).pathname;
  t.notOk(opened.includes(code), 'the command line of the browser has no code');
  t.match(written('page'), `url=http://127.0.0.1:${String(port)}/#code=${code}`);
  t.equal(statSync(path).mode & 0o777, 0o600);
  await signIn({ port }, code);
  t.notOk(existsSync(path));
});

void t.test(
  'over SSH, prints how to forward a socket that requires a session, and opens no port',
  async (t) => {
    const box = new Sandbox(t);
    const ssh = { SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' };
    const { stdout, link, code } = await openDashboard(box, [], ssh);
    const socketPath = /ssh -L 8080:(\S+) \S+@\S+/.exec(stdout)?.[1] ?? '';
    t.ok(link.startsWith('http://localhost:8080/#code='));
    t.equal((await box.json<DaemonStatus>(['daemon', 'status'])).listener, undefined);
    t.match((await openDashboard(box, ['--port', '9000'], ssh)).link, /^http:\/\/localhost:9000\//);

    const target = { socketPath };
    t.match((await exchange(target, 'GET', '/')).headers['content-type'], 'text/html');
    t.equal(
      (await exchange(target, 'GET', '/v1/runs')).status,
      401,
      'who reaches the forwarded port has no access',
    );
    const session = await signIn(target, code);
    t.equal((await exchange(target, 'GET', '/v1/runs', bearer(session.token))).status, 200);
    const proof = await askForProof(target, session, 'http://localhost:8080');
    t.equal(proof.text, proof.expected);

    await box.escrow(['daemon', 'stop']);
    t.notOk(existsSync(socketPath));
    await box.escrow(['daemon', 'start']);
    t.equal(
      (await exchange(target, 'GET', '/v1/runs', bearer(session.token))).status,
      200,
      'after a restart',
    );
  },
);

void t.test('other users can neither read the files of the page nor use its socket', async (t) => {
  const [other] = accounts(t, 1) ?? [];
  if (other === undefined) return;
  const box = new Sandbox(t);
  chmodSync(box.directory, 0o755);
  await openDashboard(box);
  await openDashboard(box, [], { SSH_CONNECTION: 'x' });
  const directory = join(box.state, hostname());
  for (const name of ['page.sock', 'page.sessions']) {
    t.ok(existsSync(join(directory, name)));
    const { status, stderr } = await box.startProgram(...asUser(other, ['stat', join(directory, name)]))
      .ended;
    t.match([status, stderr], [1, /Permission denied/], name);
  }
});

void t.test('rejects an invalid port', async (t) => {
  const box = new Sandbox(t);
  for (const port of ['x', '65536', '-1']) {
    const { status, stderr } = await box.escrow(['dashboard', `--port=${port}`]);
    t.match([status, stderr], [64, /--port must be a number from 0 to 65535/]);
  }
});
