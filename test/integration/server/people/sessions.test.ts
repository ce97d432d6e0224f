// Sessions of people on a team server without an identity provider: links, cookies, expiry, and requests of other pages.
import t from 'tap';
import type { CreatedSignInLink, UserSessionList } from '../../../../daemon/contract/types.ts';
import { setUserState } from '../../../../daemon/access/accounts/users.ts';
import { readAudit } from '../../../../daemon/ledger/audit.ts';
import { onEachLedger } from '../../../support/each-ledger.ts';
import { codeOf } from '../../../support/http.ts';
import { People } from '../../../support/people.ts';

const SESSION = '__Host-nf-escrow-session';

onEachLedger('a link signs in once, with a cookie that scripts and other sites cannot use', async (t) => {
  const people = await People.start(t);
  const ada = await people.server.user('ada');
  const secret = await people.link(ada);
  const [one, two] = [people.browser(), people.browser()];
  t.match(await one.session(), { user: null, csrfToken: null, methods: ['link'], provider: null });
  const answers = await Promise.all([one, two].map((browser) => browser.signIn(secret)));
  t.same(answers.map(({ status }) => status).sort(), [200, 403], 'one of two');
  const winner = answers[0]?.status === 200 ? one : two;
  const [line = ''] = answers.find(({ status }) => status === 200)?.headers['set-cookie'] ?? [];
  t.match(line, /^__Host-nf-escrow-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  t.match(await winner.session(), { user: 'ada', isRecent: true, email: null });
  t.equal((await winner.send('GET', '/v1/workspaces')).status, 200);
  t.match(JSON.parse((await winner.send('GET', '/v1/whoami')).text), { name: 'ada', scopes: null });
  const again = await people.browser().signIn(secret);
  t.equal(codeOf(again), 'sign-in-link-invalid');
  const dump = await people.dump();
  for (const canary of [secret, winner.cookies.get(SESSION) ?? '', winner.csrfToken])
    t.notOk(canary === '' || dump.includes(canary), 'only hashes are stored');
  const events = (await readAudit(people.server.ledger.db, { limit: 100 })).items;
  for (const type of ['sign-in-link.created', 'session.started', 'sign-in.denied'])
    t.ok(
      events.some((event) => event.type === type),
      type,
    );
});

void t.test('a session of another browser is not taken over at the sign-in', async (t) => {
  const people = await People.start(t);
  const [ada, eve] = [await people.server.user('ada'), await people.server.user('eve')];
  const attacker = await people.signedIn(eve);
  const planted = attacker.cookies.get(SESSION) ?? '';
  const victim = people.browser();
  victim.cookies.set(SESSION, planted);
  await victim.session();
  t.equal((await victim.signIn(await people.link(ada))).status, 200);
  t.not(victim.cookies.get(SESSION), planted, 'another secret');
  t.match(await victim.session(), { user: 'ada' });
  t.match(await attacker.session(), { user: null }, 'the planted session has ended');
});

void t.test(
  'ends after the idle time and at the end of its life, on sign-out and when it is revoked',
  async (t) => {
    const people = await People.start(t);
    const { ledger } = people.server;
    const ada = await people.server.user('ada');
    const set = (change: object): Promise<unknown> =>
      ledger.write((db) => db.updateTable('user_sessions').set(change).execute());
    const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    for (const change of [{ last_used_at: ago(61) }, { expires_at: ago(0) }]) {
      const browser = await people.signedIn(ada);
      t.equal((await browser.send('GET', '/v1/workspaces')).status, 200);
      await set(change);
      t.equal((await browser.send('GET', '/v1/workspaces')).status, 401, JSON.stringify(change));
    }
    const browser = await people.signedIn(ada);
    await set({ last_used_at: ago(59) });
    t.equal((await browser.send('GET', '/v1/workspaces')).status, 200, 'a request restarts the idle time');
    const { last_used_at: used } = await ledger.db
      .selectFrom('user_sessions')
      .select('last_used_at')
      .orderBy('created_at', 'desc')
      .executeTakeFirstOrThrow();
    t.ok(used > ago(5));

    const stolen = people.browser();
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value);
    t.equal((await browser.send('DELETE', '/v1/session')).status, 204);
    t.equal(browser.cookies.size, 0);
    t.equal(
      (await stolen.send('GET', '/v1/workspaces')).status,
      401,
      'a copied cookie is void after the sign-out',
    );

    const [here, there] = [await people.signedIn(ada), await people.signedIn(ada)];
    const list = async (): Promise<UserSessionList['sessions']> =>
      (JSON.parse((await here.send('GET', '/v1/user/sessions')).text) as UserSessionList).sessions;
    const other = (await list()).find(({ isCurrent }) => !isCurrent);
    t.match(other, { method: 'link', address: '192.0.2.7' });
    t.equal((await here.send('DELETE', `/v1/user/sessions/${other?.id ?? ''}`)).status, 204);
    t.equal((await there.send('GET', '/v1/workspaces')).status, 401);
    const bob = await people.signedIn(await people.server.user('bob'));
    const [own] = await list();
    t.equal(codeOf(await bob.send('DELETE', `/v1/user/sessions/${own?.id ?? ''}`)), 'session-not-found');
    t.equal((await here.send('DELETE', '/v1/user/sessions')).status, 204);
    t.equal((await here.send('GET', '/v1/workspaces')).status, 401, 'all sessions, also the own one');
    t.equal((await bob.send('GET', '/v1/workspaces')).status, 200);
  },
);

onEachLedger('a suspended user has no session and no link, also after being resumed', async (t) => {
  const people = await People.start(t);
  const { server } = people;
  const [root, ada] = [await server.user('root', true), await server.user('ada')];
  const browser = await people.signedIn(ada);
  const link = await people.link(ada);
  await setUserState(server.ledger, root, 'ada', 'suspended');
  t.equal((await browser.send('GET', '/v1/workspaces')).status, 401);
  t.equal(codeOf(await people.browser().signIn(link)), 'sign-in-link-invalid');
  await setUserState(server.ledger, root, 'ada', 'active');
  t.equal((await browser.send('GET', '/v1/workspaces')).status, 401);
  t.equal(codeOf(await people.browser().signIn(link)), 'sign-in-link-invalid');
});

void t.test('rejects changes that the page of the server has not sent', async (t) => {
  const people = await People.start(t);
  const { server } = people;
  const root = await server.user('root', true);
  const browser = await people.signedIn(root);
  const body = { name: 'laptop', scopes: ['read'] };
  const create = (
    headers: Record<string, string | undefined>,
    cookie = browser.cookie,
  ): ReturnType<typeof browser.send> => {
    const all: Record<string, string | undefined> = {
      ...cookie,
      ...{ origin: 'https://localhost', 'sec-fetch-site': 'same-origin', 'x-csrf-token': browser.csrfToken },
      ...headers,
    };
    const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return server.exchange('/v1/tokens', { method: 'POST', body, headers: Object.fromEntries(sent) });
  };
  const other = await people.signedIn(await server.user('eve'));
  const cases: [string, Record<string, string | undefined>, string][] = [
    ['no CSRF token', { 'x-csrf-token': undefined }, 'csrf-token-invalid'],
    ['another CSRF token', { 'x-csrf-token': 'x'.repeat(43) }, 'csrf-token-invalid'],
    ['the CSRF token of another session', { 'x-csrf-token': other.csrfToken }, 'csrf-token-invalid'],
    ['no header of a browser', { origin: undefined, 'sec-fetch-site': undefined }, 'csrf-token-invalid'],
    ['another origin', { origin: 'https://evil.example' }, 'origin-forbidden'],
    ['another port', { origin: 'https://localhost:8443' }, 'origin-forbidden'],
    ['plain HTTP', { origin: 'http://localhost' }, 'origin-forbidden'],
    ['a sandboxed frame', { origin: 'null' }, 'origin-forbidden'],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 'origin-forbidden'],
    ['a subdomain', { 'sec-fetch-site': 'same-site' }, 'origin-forbidden'],
  ];
  for (const [title, headers, code] of cases) t.equal(codeOf(await create(headers)), code, title);
  t.equal(codeOf(await create({ 'content-type': 'text/plain' })), 'unsupported-media-type', 'a form');
  const twice = { cookie: `${SESSION}=${'x'.repeat(43)}; ${browser.cookie['cookie'] ?? ''}` };
  t.equal((await create({}, twice)).status, 401, 'a cookie of another path in front');
  t.equal((await create({})).status, 201, 'the page itself');
  const read = await server.exchange('/v1/tokens', {
    headers: { ...browser.cookie, origin: 'https://evil.example' },
  });
  t.equal(codeOf(read), 'origin-forbidden', 'reads too');
  t.equal(read.headers['access-control-allow-origin'], undefined);
  // Without a session, no page can sign a browser in to the account of somebody else.
  const secret = await people.link(root);
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ])
    t.equal(
      codeOf(await people.browser().send('POST', '/v1/sign-in/link', { secret }, headers)),
      'origin-forbidden',
    );
});

void t.test('sessions create what tokens cannot: tokens, links and invitations', async (t) => {
  const people = await People.start(t);
  const { server } = people;
  const root = await server.user('root', true);
  await server.user('bob');
  const { text: token } = await server.token(root);
  const browser = await people.signedIn(root);
  const requests: [string, object | undefined][] = [
    ['/v1/tokens', { name: 'laptop', scopes: ['read'] }],
    ['/v1/users/bob/sign-in-links', undefined],
    ['/v1/invitations', { email: 'x@example.org' }],
    ['/v1/device-authorizations/approve', { userCode: 'BCDF-GHJK' }],
    ['/v1/device-authorizations/find', { userCode: 'BCDF-GHJK' }],
  ];
  for (const [path, body] of requests) {
    const sending = { method: 'POST', ...(body === undefined ? {} : { body }) };
    t.equal(codeOf(await server.send(token, path, sending)), 'not-permitted', `${path} with a token`);
    const answer = await browser.send('POST', path, body);
    t.ok(answer.status === 201 || codeOf(answer) === 'user-code-invalid', `${path} ${answer.text}`);
  }
  const made = JSON.parse(
    (await browser.send('POST', '/v1/users/bob/sign-in-links')).text,
  ) as CreatedSignInLink;
  t.match(made, { user: 'bob', link: /^https:\/\/localhost\/sign-in#[\w-]{43}$/ });
  const bob = people.browser();
  t.equal((await bob.signIn(made.link.split('#')[1] ?? '')).status, 200);
  t.equal(codeOf(await bob.send('POST', '/v1/users/root/sign-in-links')), 'not-permitted');
  t.equal((await browser.send('DELETE', '/v1/users/bob/sessions')).status, 204);
  t.equal((await bob.send('GET', '/v1/workspaces')).status, 401);
  const both = await browser.send('GET', '/v1/users', undefined, { authorization: 'Bearer nfe_x' });
  t.equal(both.status, 401, 'a request with a token does not use the cookie');
});

void t.test('pages load nothing else, are in no frame, and change nothing', async (t) => {
  const people = await People.start(t);
  const secret = await people.link(await people.server.user('ada'));
  for (const path of ['/sign-in', '/invitation', '/device', '/sign-in/script.js', '/sign-in/style.css']) {
    // As a link in a message: from another site, and without a cookie.
    const answer = await people.server.exchange(path, { headers: { 'sec-fetch-site': 'cross-site' } });
    t.equal(answer.status, 200, path);
    t.match(answer.headers, {
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': /^default-src 'none'; script-src https:\/\/localhost\/sign-in\/script\.js;/,
    });
    t.match(answer.headers['content-security-policy'], "frame-ancestors 'none'");
    t.notMatch(answer.headers['content-security-policy'], /unsafe|\*/);
    t.notMatch(answer.text, /<script>|onclick=|style=/);
  }
  t.equal(
    (await people.server.exchange('/sign-in/callback?code=x&state=y')).status,
    401,
    'without a provider',
  );
  t.equal((await people.browser().signIn(secret)).status, 200, 'the link was not used');
});
