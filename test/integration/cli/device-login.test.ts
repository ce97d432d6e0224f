// `nf-escrow login URL` on a host without a browser.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Identity } from '../../../daemon/contract/types.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { People } from '../../support/people.ts';
import { Sandbox, until, type Started } from '../../support/sandbox.ts';
import { Authority } from '../../support/server/authority.ts';
import { HttpsFront } from '../../support/server/https-front.ts';
import type { TeamBrowser } from '../../support/team-browser.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

t.setTimeout(600_000);

interface Login extends Started {
  readonly code: string;
  readonly output: () => string;
}

interface Ground {
  readonly box: Sandbox;
  readonly people: People;
  readonly browser: TeamBrowser;
  readonly front: HttpsFront;
  /** `nf-escrow login` with the address of the server. */
  readonly command: readonly string[];
  readonly login: (...options: string[]) => Promise<Login>;
}

async function start(t: Test): Promise<Ground> {
  const people = await People.start(t);
  const browser = await people.signedIn(await people.server.user('ada'));
  const front = await HttpsFront.start(t, people.server.socketPath);
  const box = new Sandbox(t);
  const url = `https://localhost:${String(front.port)}`;
  const command = ['login', url, '--name', 'vault', '--ca-file', front.authority.caFile];
  const login = async (...options: string[]): Promise<Login> => {
    const started = box.start([...command, ...options]);
    let output = '';
    started.child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    started.child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await until('the code', () => /^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(output)?.[1]);
    await until('the terminal waits', () => output.includes('Waiting for your approval'));
    return { ...started, code, output: () => output };
  };
  return { box, people, browser, front, command, login };
}

void t.test('prints an address and a code, and stores the token after the approval', async (t) => {
  const { box, people, browser, login } = await start(t);
  const { code, output, ended } = await login();
  t.match(output(), /^ {2}https:\/\/localhost\/device$/m, 'the code is not in the address');
  const { status } = await browser.send('POST', '/v1/device-authorizations/approve', { userCode: code });
  t.equal(status, 204);
  const { status: exit, stdout, stderr } = await ended;
  t.equal(exit, 0, stderr);
  t.match(stdout, /Signed in to vault as ada/);
  const file = join(box.state, 'servers.json');
  t.equal(statSync(file).mode & 0o777, 0o600);
  const [token = ''] = /nfe_[0-9A-Za-z]{49}/.exec(readFileSync(file, 'utf8')) ?? [];
  t.notOk(token === '' || output().includes(token), 'the token is in the file only');
  const { servers } = await box.json<{ servers: { identity: Identity }[] }>(['whoami']);
  t.match(servers, [{ identity: { name: 'ada', scopes: ['read', 'launch'] } }]);
  t.notOk((await people.dump()).includes(token));
  const body = { name: 'x', scopes: ['read'] };
  const created = await people.server.send(token, '/v1/tokens', { method: 'POST', body });
  t.match([created.status, created.text], [403, /not-permitted/], 'a token cannot create tokens');
});

void t.test('prints the addresses of forms for what a token may not do', async (t) => {
  const { box, people, command } = await start(t);
  const { text } = await people.server.token(await people.server.user('bob'));
  await box.escrow([...command, '--token-stdin'], { input: text });
  const url = command[1] ?? '';
  const cases: readonly (readonly [words: readonly string[], address: string])[] = [
    [
      ['tokens', 'create', 'my laptop', '--scope', 'read', 'launch', '--days', '30'],
      '/#/account?token=my+laptop&scopes=read%2Claunch&days=30',
    ],
    [
      [
        ...['tokens', 'create', 'ci', '--scope', 'launch', '--service-account', 'lab/ci'],
        ...['--workspace', 'lab/rna', '--address', '192.0.2.0/24', '2001:db8::1'],
      ],
      '/#/organizations/lab/service-accounts/ci?token=ci&scopes=launch&workspace=lab%2Frna&addresses=192.0.2.0%2F24%2C2001%3Adb8%3A%3A1',
    ],
    [
      ['users', 'invite', 'x@example.org', '--organization', 'lab', '--role', 'member', '--days', '3'],
      '/#/invitations?email=x%40example.org&organization=lab&role=member&days=3',
    ],
    [['users', 'sign-in-link', 'a&b'], '/#/users?sign-in-link=a%26b'],
  ];
  for (const [words, address] of cases) {
    const { status, stdout, stderr } = await box.escrow(words);
    t.match(
      [status, stdout, stderr],
      [0, `${url}${address}\n`, /^To create .*, open this address in a browser/],
    );
    t.same(await box.json(words), { url: `${url}${address}` });
  }
  for (const words of [
    ['tokens', 'create', 'x', '--scope', 'read', '--days', '0'],
    ['tokens', 'create', 'x', '--scope', 'read', '--service-account', 'lab'],
    ['users', 'invite', 'x@example.org', '--days', 'x'],
  ])
    t.equal((await box.escrow(words)).status, 64, words.join(' '));
});

void t.test(
  'revokes the token of a login at logout and at the next login, but no token from elsewhere',
  async (t) => {
    const { box, people, browser, login, command } = await start(t);
    const approved = async (): Promise<string> => {
      const { code, ended } = await login();
      await browser.send('POST', '/v1/device-authorizations/approve', { userCode: code });
      t.equal((await ended).status, 0);
      return /nfe_[0-9A-Za-z]{49}/.exec(readFileSync(join(box.state, 'servers.json'), 'utf8'))?.[0] ?? '';
    };
    const isValid = async (token: string): Promise<boolean> => {
      return (await people.server.send(token, '/v1/whoami')).status === 200;
    };
    const first = await approved();
    t.ok(await isValid(first));
    const second = await approved();
    t.same([await isValid(first), await isValid(second)], [false, true], 'the next login replaces the token');
    const { status, stderr } = await box.escrow(['logout']);
    t.same([status, stderr, await isValid(second)], [0, '', false]);
    const given = await people.server.token(await people.server.user('bob'));
    const input = `${given.text}\n`;
    t.equal((await box.escrow([...command, '--token-stdin'], { input })).status, 0);
    t.match((await box.escrow(['logout'])).stderr, /was not revoked, because other programs may use it/);
    t.ok(await isValid(given.text));
  },
);

void t.test('signs out although the server is away, and says that the token is valid', async (t) => {
  const { box, browser, login, front } = await start(t);
  const { code, ended } = await login();
  await browser.send('POST', '/v1/device-authorizations/approve', { userCode: code });
  await ended;
  front.interfere = () => 'refuse';
  const { status, stdout, stderr } = await box.escrow(['logout']);
  t.match([status, stdout, stderr], [0, /Signed out of vault/, /still valid until it expires/]);
  t.notMatch(readFileSync(join(box.state, 'servers.json'), 'utf8'), 'nfe_');
});

void t.test('ends without a token if the login is denied or interrupted', async (t) => {
  const { box, people, browser, login } = await start(t);
  const denied = await login('--scope', 'read', 'manage');
  await browser.send('POST', '/v1/device-authorizations/deny', { userCode: denied.code });
  const { status, stderr } = await denied.ended;
  t.match([status, stderr], [77, /the login was denied/]);
  const interrupted = await login();
  interrupted.child.kill('SIGINT');
  const end = await interrupted.ended;
  t.match([end.status, end.signal], [130, null]);
  t.match(interrupted.output(), /Cancelled\. You are not signed in/);
  t.notMatch(interrupted.output(), /at .*\.(js|ts|cjs):\d+/, 'no stack');
  const late = await browser.send('POST', '/v1/device-authorizations/approve', {
    userCode: interrupted.code,
  });
  t.equal(late.status, 403, 'nobody can approve it afterwards');
  t.notOk(existsSync(join(box.state, 'servers.json')));
  t.same(await people.server.ledger.db.selectFrom('tokens').select('id').execute(), []);
});

void t.test('refuses a server that sends another address, a code that is no code, or no token', async (t) => {
  const authority = new Authority(temporaryDirectory(t));
  const { certificateFile, keyFile } = authority.issue();
  const valid = {
    ...{ deviceCode: 'x'.repeat(43), userCode: 'BCDF-GHJK', expiresIn: 300, interval: 1 },
    verificationUri: 'https://localhost/device',
  };
  let [answer, token]: unknown[] = [valid, {}];
  const server = createServer(
    { cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    (request, response) => {
      const body = request.url === '/v1/device-authorizations' ? answer : token;
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    },
  );
  const port = await listenOnLoopback(server);
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const box = new Sandbox(t);
  const login = () =>
    box.escrow(['login', `https://localhost:${String(port)}`, '--ca-file', authority.caFile]);
  for (const change of [
    { verificationUri: 'https://evil.example/device' },
    { verificationUri: 'http://localhost/device' },
    { verificationUri: 'https://localhost/device?user_code=BCDF-GHJK' },
    { verificationUri: 'https://localhost@evil.example/device' },
    { userCode: '\u001b[2Jcode' },
    { interval: 0 },
    { expiresIn: 1e9 },
    { deviceCode: '' },
  ]) {
    answer = { ...valid, ...change };
    const { status, stdout, stderr } = await login();
    t.match([status, stderr], [69, /the response has an unexpected format/], JSON.stringify(change));
    t.notMatch(stdout + stderr, /evil|\u001b/);
  }
  answer = valid;
  token = { text: 'not a token' };
  t.equal((await login()).status, 69);
  t.notOk(existsSync(join(box.state, 'servers.json')));
});
