// Logins of terminals: codes, approvals, and what an attacker can try.
import t, { type Test } from 'tap';
import { setUserState } from '../../../../daemon/access/accounts/users.ts';
import { approveDeviceLogin } from '../../../../daemon/access/device-logins/decide-login.ts';
import { readUserCode } from '../../../../daemon/access/device-logins/user-code.ts';
import type { User } from '../../../../daemon/access/principal.ts';
import type { CreatedToken, DeviceAuthorization, DeviceLogin } from '../../../../daemon/contract/types.ts';
import { readAudit } from '../../../../daemon/ledger/audit.ts';
import { onEachLedger } from '../../../support/each-ledger.ts';
import { codeOf, type Answer } from '../../../support/http.ts';
import { People } from '../../../support/people.ts';
import type { TeamBrowser } from '../../../support/team-browser.ts';

const DEVICES = '/v1/device-authorizations';

interface Ground {
  readonly people: People;
  readonly ada: User;
  readonly browser: TeamBrowser;
  readonly request: (scopes?: readonly string[]) => Promise<DeviceAuthorization>;
  readonly poll: (login: DeviceAuthorization) => Promise<Answer>;
}

async function start(t: Test): Promise<Ground> {
  const people = await People.start(t);
  const { server } = people;
  const ada = await server.user('ada');
  const post = (path: string, body: object): Promise<Answer> =>
    server.exchange(path, { method: 'POST', body });
  return {
    ...{ people, ada, browser: await people.signedIn(ada) },
    request: async (scopes) => {
      const answer = await post(DEVICES, { hostName: 'login1', ...(scopes === undefined ? {} : { scopes }) });
      const login = JSON.parse(answer.text) as DeviceAuthorization;
      if (answer.status === 201)
        people.secrets.push(login.deviceCode, login.userCode, login.userCode.replace('-', ''));
      return login;
    },
    poll: ({ deviceCode }) => post('/v1/device-tokens', { deviceCode }),
  };
}

const decide = (
  browser: TeamBrowser,
  decision: 'find' | 'approve' | 'deny',
  userCode: string,
): Promise<Answer> => browser.send('POST', `${DEVICES}/${decision}`, { userCode });

/** Changes the last half of a code. */
function wrong(code: string): string {
  return `${code.slice(0, 5)}${code.endsWith('BBBB') ? 'CCCC' : 'BBBB'}`;
}

onEachLedger('gives the token of the approver to one request of the terminal', async (t) => {
  const { people, browser, request, poll } = await start(t);
  const login = await request();
  t.match(login, {
    ...{ userCode: /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/, expiresIn: 300, interval: 5 },
    verificationUri: 'https://localhost/device',
  });
  t.equal(codeOf(await poll(login)), 'authorization-pending');
  t.equal(codeOf(await poll(login)), 'slow-down', 'before the interval is over');
  const found = await decide(browser, 'find', ` ${login.userCode.toLowerCase().replace('-', ' ')} `);
  t.match(JSON.parse(found.text) as DeviceLogin, {
    ...{ hostName: 'login1', address: '192.0.2.7', isOwnAddress: true, scopes: ['read', 'launch'] },
  });
  t.equal((await decide(browser, 'approve', login.userCode)).status, 204);
  const answers = await Promise.all([poll(login), poll(login), poll(login)]);
  const given = answers.filter(({ status }) => status === 201);
  t.equal(given.length, 1, 'one of three');
  for (const answer of answers) if (answer.status !== 201) t.equal(codeOf(answer), 'expired-token');
  const { text, token } = JSON.parse(given[0]?.text ?? '{}') as CreatedToken;
  people.secrets.push(text);
  t.match(token, { name: 'login login1', scopes: ['read', 'launch'] });
  t.match(JSON.parse((await people.server.send(text, '/v1/whoami')).text), { name: 'ada' });
  t.equal(codeOf(await poll(login)), 'expired-token', 'a replayed poll');
  t.equal(codeOf(await decide(browser, 'approve', login.userCode)), 'user-code-invalid', 'a replayed code');
  const dump = await people.dump();
  for (const secret of people.secrets) t.notOk(dump.includes(secret), 'no code and no token is stored');
  const events = (await readAudit(people.server.ledger.db, { limit: 100 })).items;
  const approval = events.find(({ type }) => type === 'device-login.approved');
  t.match(approval, {
    by: 'ada',
    data: { host: 'login1', address: '192.0.2.7', scopes: ['read', 'launch'] },
  });
  t.type(approval?.origin?.session, 'string');
});

onEachLedger('two approvals at once give one token, of the first', async (t) => {
  const { people, ada, request, poll } = await start(t);
  const { ledger } = people.server;
  const eve = await people.server.user('eve');
  await people.signedIn(eve);
  const sessions = await ledger.db.selectFrom('user_sessions').select(['id', 'user_id']).execute();
  const as = (user: User): User => ({
    ...user,
    session: { id: sessions.find(({ user_id }) => user_id === user.id)?.id ?? '', idleSeconds: 3600 },
  });
  const login = await request();
  const results = await Promise.allSettled(
    [ada, eve].map((user) => approveDeviceLogin(ledger, as(user), login.userCode)),
  );
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  const winner = results[0]?.status === 'fulfilled' ? 'ada' : 'eve';
  const { text } = JSON.parse((await poll(login)).text) as CreatedToken;
  t.match(JSON.parse((await people.server.send(text, '/v1/whoami')).text), { name: winner });
  t.equal((await ledger.db.selectFrom('tokens').select('id').execute()).length, 1);
});

onEachLedger('wrong codes lock the code, and not the account', async (t) => {
  const { people, browser, request, poll } = await start(t);
  const [login, other] = [await request(), await request()];
  for (let count = 0; count < 5; count += 1)
    t.equal(
      codeOf(await decide(browser, count % 2 === 0 ? 'find' : 'approve', wrong(login.userCode))),
      'user-code-invalid',
    );
  t.equal(
    codeOf(await decide(browser, 'approve', login.userCode)),
    'user-code-invalid',
    'the right code is locked',
  );
  t.equal(codeOf(await poll(login)), 'access-denied');
  t.equal((await decide(browser, 'approve', other.userCode)).status, 204, 'the account is not locked');
  t.equal((await poll(other)).status, 201);
  const types = (await readAudit(people.server.ledger.db, { limit: 100 })).items.map(({ type }) => type);
  t.ok(types.includes('device-login.locked'));
});

void t.test('an approval needs a recent sign-in, and a session that has not ended', async (t) => {
  const { people, browser, request, poll } = await start(t);
  const { ledger } = people.server;
  const login = await request();
  const set = (change: object): Promise<unknown> =>
    ledger.write((db) => db.updateTable('user_sessions').set(change).execute());
  for (const authenticated_at of [new Date(Date.now() - 11 * 60_000).toISOString(), null]) {
    await set({ authenticated_at });
    t.match(await browser.session(), { isRecent: false });
    t.equal(codeOf(await decide(browser, 'approve', login.userCode)), 'sign-in-not-recent');
  }
  t.equal((await decide(browser, 'find', login.userCode)).status, 200, 'it can be shown');
  t.equal(codeOf(await poll(login)), 'authorization-pending', 'the code stays valid');
  const anonymous = people.browser();
  t.equal((await decide(anonymous, 'approve', login.userCode)).status, 401);
  await set({ authenticated_at: new Date().toISOString() });
  t.equal((await decide(browser, 'approve', login.userCode)).status, 204);
});

void t.test('a denied, cancelled or expired login gives no token', async (t) => {
  const { people, browser, request, poll } = await start(t);
  const { server } = people;
  const denied = await request();
  t.equal((await decide(browser, 'deny', denied.userCode)).status, 204);
  t.equal(codeOf(await poll(denied)), 'access-denied');
  const cancelled = await request();
  await decide(browser, 'approve', cancelled.userCode);
  const body = { deviceCode: cancelled.deviceCode };
  t.equal((await server.exchange(`${DEVICES}/cancel`, { method: 'POST', body })).status, 204);
  t.equal(codeOf(await poll(cancelled)), 'access-denied', 'also after the approval');
  const expired = await request();
  await server.ledger.write((db) =>
    db
      .updateTable('device_logins')
      .set({ expires_at: new Date(Date.now() - 1).toISOString() })
      .execute(),
  );
  t.equal(codeOf(await decide(browser, 'approve', expired.userCode)), 'user-code-invalid');
  t.equal(codeOf(await poll(expired)), 'expired-token');
  t.equal(codeOf(await poll({ ...expired, deviceCode: 'x'.repeat(43) })), 'expired-token', 'an unknown one');
});

void t.test('a user who is suspended after the approval gets no token', async (t) => {
  const { people, browser, request, poll } = await start(t);
  const { server } = people;
  const root = await server.user('root', true);
  const login = await request();
  await decide(browser, 'approve', login.userCode);
  await setUserState(server.ledger, root, 'ada', 'suspended');
  t.equal(codeOf(await poll(login)), 'access-denied');
});

void t.test(
  'shows that a request comes from another address, with its host and scopes as text',
  async (t) => {
    const { people, browser } = await start(t);
    const { server } = people;
    const headers = { 'x-forwarded-for': '198.51.100.9' };
    const body = { hostName: '<b>login1</b>', scopes: ['manage'] };
    const answer = await server.exchange(DEVICES, { method: 'POST', body, headers });
    const { userCode } = JSON.parse(answer.text) as DeviceAuthorization;
    t.match(JSON.parse((await decide(browser, 'find', userCode)).text), {
      ...{ address: '198.51.100.9', isOwnAddress: false, hostName: '<b>login1</b>', scopes: ['manage'] },
    });
    for (const hostName of ['a b', 'a\n', '\u202Ehost', '', 'x'.repeat(101)])
      t.equal(
        codeOf(await server.exchange(DEVICES, { method: 'POST', body: { hostName } })),
        'request-invalid',
      );
    const page = await server.exchange('/device?user_code=BCDF-GHJK');
    t.notMatch(page.text, 'BCDF', 'a code in a link is ignored');
  },
);

void t.test('limits the logins of an address', async (t) => {
  const { people, request } = await start(t);
  await people.server.ledger.write(async (db) => {
    for (let index = 0; index < 100; index += 1) {
      const id = `login-${String(index)}`;
      await db
        .insertInto('device_logins')
        .values({
          ...{ id, hash: id, lookup: id, code_hash: id, address: '192.0.2.7', host_name: 'x', scopes: '[]' },
          ...{ state: 'pending', wrong_codes: 0, interval_seconds: 5, created_at: '2026-01-05' },
          expires_at: '2099-01-01',
        })
        .execute();
    }
  });
  t.match(await request(), { code: 'too-many-requests' });
});

void t.test('reads codes as people type them', (t) => {
  t.equal(readUserCode('wdjb-mjht'), 'WDJBMJHT');
  t.equal(readUserCode(' WDJB MJHT\t'), 'WDJBMJHT');
  for (const text of ['', 'WDJB', 'WDJB-MJHTX', 'ADJB-MJHT', 'WDJB_MJHT', '1DJB-MJHT'])
    t.equal(readUserCode(text), undefined);
  t.end();
});
