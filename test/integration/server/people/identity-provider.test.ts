// Sign-in with a real OpenID provider, and its errors.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createInvitation } from '../../../../daemon/access/invitations/create-invitation.ts';
import { setUserState } from '../../../../daemon/access/accounts/users.ts';
import { readOidcSettings } from '../../../../daemon/server/configuration/oidc-settings.ts';
import { OidcClient } from '../../../../daemon/server/sign-in/oidc/oidc-client.ts';
import { readAudit } from '../../../../daemon/ledger/audit.ts';
import { codeOf, type Answer } from '../../../support/http.ts';
import { dumpOf } from '../../../support/people.ts';
import { IdentityProvider, type Person } from '../../../support/server/identity-provider.ts';
import { TeamBrowser } from '../../../support/team-browser.ts';
import { ORIGIN, TeamServer } from '../../../support/team-server.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

const ADA: Person = { sub: 'ada-at-provider', email: 'Ada@Example.org', email_verified: true };

interface Ground {
  readonly server: TeamServer;
  readonly provider: IdentityProvider;
  readonly browser: () => TeamBrowser;
  /** Signs a person in. Returns the response of the callback. */
  readonly signIn: (browser: TeamBrowser, person?: Person, options?: object) => Promise<Answer>;
}

async function start(t: Test, allowedDomains: readonly string[] = ['example.org']): Promise<Ground> {
  const provider = await IdentityProvider.start(t, ORIGIN);
  const clientSecretFile = join(temporaryDirectory(t), 'client-secret');
  writeFileSync(clientSecretFile, `${provider.clientSecret}\n`, { mode: 0o600 });
  const settings = readOidcSettings(
    {
      ...{ issuer: provider.issuer, clientId: provider.clientId, clientSecretFile },
      ...{ caFile: provider.authority.caFile, allowedDomains: [...allowedDomains] },
    },
    'a test',
  );
  if (settings === undefined) throw new Error('no settings');
  const server = await TeamServer.start(t, {}, 'server', {
    client: new OidcClient(settings, ORIGIN),
    settings,
  });
  const browser = (): TeamBrowser => new TeamBrowser((path, sending) => server.exchange(path, sending));
  return {
    ...{ server, provider, browser },
    signIn: async (one, person = ADA, options = {}) => {
      provider.person = person;
      return callBack(one, await provider.follow(await begin(one, options)));
    },
  };
}

/** Starts a sign-in and returns the address at the provider. */
async function begin(browser: TeamBrowser, options: object = {}): Promise<string> {
  await browser.session();
  const { status, text } = await browser.send('POST', '/v1/sign-in/provider', options);
  if (status !== 200) throw new Error(text);
  return (JSON.parse(text) as { location: string }).location;
}

/** Follows a redirect of the provider to the server: a navigation from another site. */
async function callBack(browser: TeamBrowser, address: string): Promise<Answer> {
  const { pathname, search } = new URL(address);
  return browser.send('GET', `${pathname}${search}`, undefined, { 'sec-fetch-site': 'cross-site' });
}

async function userOf(browser: TeamBrowser): Promise<string | null> {
  return (await browser.session()).user;
}

void t.test('signs in with PKCE, state and nonce, and finds users by issuer and subject', async (t) => {
  const { server, provider, browser, signIn } = await start(t);
  const one = browser();
  t.match(await one.session(), { methods: ['provider'], provider: new URL(provider.issuer).host });
  const { searchParams } = new URL(await begin(one));
  for (const name of ['state', 'nonce', 'code_challenge'])
    t.match(searchParams.get(name), /^[\w-]{43}$/, name);
  t.equal(searchParams.get('code_challenge_method'), 'S256');
  const answer = await signIn(one);
  t.match(answer, { status: 303, headers: { location: '/sign-in' } }, answer.text);
  t.match(await one.session(), { user: 'ada', email: 'ada@example.org' });
  t.equal((await one.send('GET', '/v1/workspaces')).status, 200);
  t.same([...one.cookies.keys()], ['__Host-nf-escrow-session'], 'the cookie of the sign-in is gone');

  const two = browser();
  await signIn(two, { ...ADA, email: 'lovelace@elsewhere.example' });
  t.equal(await userOf(two), 'ada', 'another address of the same person');
  const three = browser();
  await signIn(three, { ...ADA, sub: 'somebody-else' });
  t.equal(await userOf(three), 'ada-2', 'another person with the same address');
  const users = await server.ledger.db.selectFrom('users').select('name').orderBy('name').execute();
  t.same(users, [{ name: 'ada' }, { name: 'ada-2' }]);
  const dump = await dumpOf(server.ledger);
  for (const canary of [
    provider.clientSecret,
    one.csrfToken,
    ...one.cookies.values(),
    searchParams.get('state') ?? '-',
  ])
    t.notOk(dump.includes(canary), 'the ledger contains no secret of a sign-in');
  const types = (await readAudit(server.ledger.db, { limit: 100 })).items.map(({ type }) => type);
  for (const type of ['user.created', 'user.identity-added', 'session.started'])
    t.ok(types.includes(type), type);
});

void t.test('creates accounts only for verified addresses of the allowed domains', async (t) => {
  const { server, browser, signIn } = await start(t);
  const refused: Person[] = [
    { sub: '1', email: 'x@example.org', email_verified: false },
    { sub: '2', email: 'x@example.org', email_verified: 'true' },
    { sub: '3', email: 'x@example.org' },
    { sub: '4' },
    { sub: '5', email: 'x@sub.example.org', email_verified: true },
    { sub: '6', email: 'x@example.org.evil.example', email_verified: true },
    { sub: '7', email: 'x@evil.example@example.org', email_verified: true },
  ];
  for (const person of refused) {
    const one = browser();
    t.equal((await signIn(one, person)).status, 303);
    t.equal(await userOf(one), null, JSON.stringify(person));
    t.equal((await one.send('GET', '/v1/workspaces')).status, 401, 'the session permits nothing');
  }
  t.same(await server.ledger.db.selectFrom('users').select('name').execute(), []);
});

void t.test('a person without an account accepts an invitation to the verified address', async (t) => {
  const { server, browser, signIn } = await start(t, []);
  const root = await server.user('root', true);
  await server.organization('lab', [[root, 'owner']]);
  const { secret } = await createInvitation(server.ledger, root, {
    ...{ email: 'ada@example.org', organization: 'lab', role: 'member' },
  });
  const one = browser();
  const find = await one.send('POST', '/v1/invitations/find', { secret });
  t.match(JSON.parse(find.text), { email: 'ada@example.org', organization: 'lab', needsSignIn: true });
  t.equal(codeOf(await one.send('POST', '/v1/invitations/accept', { secret })), 'sign-in-required');
  const eve = browser();
  await signIn(eve, { ...ADA, sub: 'eve', email_verified: false });
  await eve.session();
  t.equal(
    codeOf(await eve.send('POST', '/v1/invitations/accept', { secret })),
    'invitation-for-other-address',
  );
  const back = await signIn(one, ADA, { returnTo: 'invitation' });
  t.equal(back.headers.location, '/invitation');
  t.equal(await userOf(one), null);
  const before = one.cookies.get('__Host-nf-escrow-session');
  t.match(JSON.parse((await one.send('POST', '/v1/invitations/accept', { secret })).text), { user: 'ada' });
  t.not(one.cookies.get('__Host-nf-escrow-session'), before, 'another session, because it may do more');
  await one.session();
  t.match(JSON.parse((await one.send('GET', '/v1/organizations')).text), {
    organizations: [{ name: 'lab' }],
  });
  const later = browser();
  await signIn(later);
  t.equal(await userOf(later), 'ada');
  t.equal(codeOf(await later.send('POST', '/v1/invitations/accept', { secret })), 'invitation-invalid');
  await setUserState(server.ledger, root, 'ada', 'suspended');
  const answer = await signIn(browser());
  t.match([answer.status, answer.text], [403, /the account is suspended/]);
});

void t.test('an approval needs a proof that the provider has just asked for', async (t) => {
  const { provider, browser } = await start(t);
  const one = browser();
  const atProvider = new Map<string, string>();
  provider.person = ADA;
  provider.skewMs = -20 * 60_000; // the person signed in at the provider 20 minutes ago
  await provider.follow(await begin(one), atProvider);
  provider.skewMs = 0;
  const single = await callBack(one, await provider.follow(await begin(one), atProvider));
  t.equal(single.status, 303, single.text);
  t.match(await one.session(), { user: 'ada', isRecent: false });
  const again = await callBack(
    one,
    await provider.follow(await begin(one, { recent: true, returnTo: 'device' }), atProvider),
  );
  t.equal(again.headers.location, '/device', again.text);
  t.match(await one.session(), { isRecent: true });
  // A provider that ignores the request for a proof.
  provider.skewMs = -20 * 60_000;
  const old = new Map<string, string>();
  await provider.follow(await begin(browser()), old);
  provider.skewMs = 0;
  provider.interfere = (url) => url.replace('&prompt=login', '').replace('&max_age=0', '&max_age=86400');
  const ignored = await callBack(one, await provider.follow(await begin(one, { recent: true }), old));
  t.match([ignored.status, ignored.text], [403, /auth_time/]);
});

void t.test('rejects responses of other sign-ins, and names the reason', async (t) => {
  const { server, provider, browser } = await start(t);
  provider.person = ADA;
  const codes: string[] = [];
  const finish = async (change: (url: URL) => void, one = browser()): Promise<Answer> => {
    const address = new URL(await provider.follow(await begin(one)));
    codes.push(address.searchParams.get('code') ?? '');
    change(address);
    const answer = await callBack(one, address.href);
    t.equal(await userOf(one), null);
    return answer;
  };
  const failed = (answer: Answer, reason: RegExp): void => {
    t.match([answer.status, answer.type, answer.text], [403, /^text\/html/, reason]);
    t.match(answer.headers['content-security-policy'], "frame-ancestors 'none'");
    for (const code of codes) t.notOk(answer.text.includes(code), 'the code is not quoted');
  };
  failed(
    await finish((url) => {
      url.searchParams.set('state', 'x'.repeat(43));
    }),
    /another sign-in \(state\)/,
  );
  failed(
    await finish((url) => {
      url.searchParams.delete('state');
    }),
    /another sign-in \(state\)/,
  );
  failed(
    await finish((url) => {
      url.searchParams.set('iss', 'https://evil.example');
    }),
    /not valid/,
  );
  failed(
    await finish((url) => {
      url.searchParams.set('code', '<script>x</script>');
    }),
    /refused the sign-in \(invalid_grant\)/,
  );
  const one = browser();
  failed(
    await finish(() => {
      one.cookies.clear();
    }, one),
    /was not started in this browser/,
  );

  // The code of an attacker with the cookie of the victim: the code verifier is another one.
  const attacker = browser();
  const theirs = new URL(await provider.follow(await begin(attacker)));
  failed(
    await finish((url) => {
      url.searchParams.set('code', theirs.searchParams.get('code') ?? '');
    }),
    /invalid_grant/,
  );
  // A link with the response of an attacker, in a browser of the victim.
  const victim = browser();
  failed(await callBack(victim, theirs.href), /was not started in this browser/);

  provider.interfere = (url) => url.replace(/([?&]nonce=)[\w-]+/, '$1another');
  failed(await finish(() => undefined), /\(nonce\)/);
  provider.interfere = (url) => url;
  const used = browser();
  const address = await provider.follow(await begin(used));
  const cookie = new Map(used.cookies);
  t.equal((await callBack(used, address)).status, 303);
  const replayed = browser();
  for (const [name, value] of cookie) replayed.cookies.set(name, value);
  failed(await callBack(replayed, address), /invalid_grant/);

  const events = (await readAudit(server.ledger.db, { limit: 1000, type: 'sign-in.denied' })).items;
  t.match(events[0], { by: 'address:192.0.2.7', data: { code: 'sign-in-failed' } });
  const stored = JSON.stringify(events);
  for (const code of codes) t.notOk(stored.includes(code));
});

void t.test('rejects tokens of another time, and names the clocks', async (t) => {
  const { provider, browser, signIn } = await start(t);
  for (const hours of [-2, 2]) {
    provider.skewMs = hours * 3_600_000;
    const one = browser();
    const answer = await signIn(one);
    t.match(
      [answer.status, answer.text],
      [403, /clocks of the server and of the provider differ/],
      String(hours),
    );
    t.equal(await userOf(one), null);
  }
  for (const seconds of [-30, 30]) {
    provider.skewMs = seconds * 1000;
    t.equal((await signIn(browser())).status, 303, `${String(seconds)} s are tolerated`);
  }
});

void t.test('uses new keys of the provider at once, and rejects keys that it does not publish', async (t) => {
  const { provider, browser, signIn } = await start(t);
  t.equal((await signIn(browser())).status, 303);
  provider.rotateKeys();
  t.equal((await signIn(browser())).status, 303, 'without a restart');
  provider.answer = (url, response) => {
    if (!url.startsWith('/jwks')) return false;
    response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end('{"keys":[]}');
    return true;
  };
  const answer = await signIn(browser());
  t.match([answer.status, answer.text], [403, /does not publish the key/]);
});

void t.test('names a provider that is away, and continues when it is back', async (t) => {
  const { provider, browser, signIn } = await start(t);
  provider.stop();
  const one = browser();
  await one.session();
  const away = await one.send('POST', '/v1/sign-in/provider', {});
  t.match([away.status, codeOf(away)], [503, 'identity-provider-unavailable']);
  t.notMatch(away.text, /ECONNREFUSED|127\.0\.0\.1/, 'no details of the network');
  await provider.restart();
  t.equal((await signIn(one)).status, 303);
  const two = browser();
  const address = await provider.follow(await begin(two));
  provider.interfere = () => undefined;
  const failing = await callBack(two, address);
  t.match([failing.status, failing.text], [503, /Cannot use the identity provider/]);
  provider.interfere = (url) => url;
  provider.answer = (url, response) => {
    if (!url.startsWith('/token')) return false;
    response.writeHead(302, { location: 'https://localhost/other' }).end();
    return true;
  };
  const redirected = await signIn(browser());
  t.equal(redirected.status, 503, 'redirects are not followed');
});

void t.test('has no sign-in links, because the provider decides who signs in', async (t) => {
  const { server, browser, signIn } = await start(t);
  const one = browser();
  await signIn(one);
  await server.user('bob');
  await server.ledger.write((db) =>
    db.updateTable('users').set({ administrator: 1 }).where('name', '=', 'ada').execute(),
  );
  await one.session();
  t.equal(codeOf(await one.send('POST', '/v1/users/bob/sign-in-links')), 'sign-in-unavailable');
});
