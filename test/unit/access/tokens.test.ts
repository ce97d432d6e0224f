import t, { type Test } from 'tap';
import { setUserState } from '../../../daemon/access/accounts/users.ts';
import { removeServiceAccount } from '../../../daemon/access/accounts/service-accounts.ts';
import { addOrganizationMember } from '../../../daemon/access/members/organization-members.ts';
import type { User } from '../../../daemon/access/principal.ts';
import { assertAddresses, isInAddresses } from '../../../daemon/access/tokens/address-list.ts';
import { authenticateToken } from '../../../daemon/access/tokens/authenticate-token.ts';
import { createTokenText, isTokenText } from '../../../daemon/access/tokens/token-format.ts';
import {
  createToken,
  listTokens,
  revokeToken,
  revokeTokenText,
} from '../../../daemon/access/tokens/tokens.ts';
import { Team } from '../../support/team.ts';

const ADDRESS = '192.0.2.7';
const refused = { code: 'unauthenticated', message: 'The request has no valid token.' };

interface Ground {
  readonly team: Team;
  readonly owner: User;
  readonly admin: User;
  readonly organizationId: string;
}

async function ground(t: Test): Promise<Ground> {
  const team = await Team.open(t);
  const [owner, admin] = [await team.user('owner'), await team.user('root', true)];
  const organizationId = await team.organization('lab', [[owner, 'owner']]);
  await team.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  return { team, owner, admin, organizationId };
}

void t.test('has a recognizable form with a checksum', (t) => {
  const texts = Array.from({ length: 200 }, createTokenText);
  t.equal(new Set(texts).size, texts.length);
  for (const text of texts) {
    t.match(text, /^nfe_[0-9A-Za-z]{49}$/);
    t.ok(isTokenText(text));
    const other = text.slice(0, 10) + (text[10] === 'a' ? 'b' : 'a') + text.slice(11);
    t.notOk(isTokenText(other), 'one character changed');
  }
  for (const wrong of ['', 'nfe_', 'x'.repeat(53), `${texts[0] ?? ''}\n`, ` ${texts[0] ?? ''}`])
    t.notOk(isTokenText(wrong));
  t.end();
});

void t.test('matches IPv4, IPv6 and mapped addresses', (t) => {
  const cases: readonly (readonly [string[], string | undefined, boolean])[] = [
    [[], undefined, true],
    [['192.0.2.0/24'], '192.0.2.255', true],
    [['192.0.2.0/24'], '::ffff:192.0.2.1', true],
    [['::ffff:192.0.2.0/120'], '192.0.2.9', true],
    [['192.0.2.0/24'], '192.0.3.0', false],
    [['192.0.2.7'], '192.0.2.8', false],
    [['2001:db8::/32'], '2001:db8:1::5', true],
    [['2001:db8::/32'], '2001:db9::', false],
    [['2001:db8::1', '10.0.0.0/8'], '10.255.0.1', true],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '192.0.2.1', false],
    [['192.0.2.0/24'], undefined, false],
    [['192.0.2.0/24'], 'not an address', false],
  ];
  for (const [entries, address, expected] of cases)
    t.equal(isInAddresses(entries, address), expected, `${entries.join()} ${String(address)}`);
  for (const entry of [
    '',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/1/1',
    '192.0.2.0/',
    'host',
    '::/129',
    '1.2.3',
    '::ffff:1.2.3.4/24',
  ])
    t.throws(
      () => {
        assertAddresses([entry]);
      },
      { code: 'request-unprocessable' },
      entry,
    );
  t.end();
});

void t.test('authenticates its principal, and keeps only a hash', async (t) => {
  const { team, owner } = await ground(t);
  const { db } = team.ledger;
  const { text, token } = await createToken(team.ledger, owner, {
    name: 'laptop',
    scopes: ['read'],
    workspace: 'lab/rna',
  });
  const found = await authenticateToken(db, text, ADDRESS);
  t.match(found, { kind: 'user', id: owner.id, user: 'owner', token: { id: token.id, scopes: ['read'] } });
  t.ok(found.token?.workspaceId);
  for (const table of ['tokens', 'journal'] as const)
    t.notOk(JSON.stringify(await db.selectFrom(table).selectAll().execute()).includes(text), table);
  t.match(await listTokens(db, owner, { limit: 10 }), {
    items: [{ name: 'laptop', workspace: 'lab/rna', lastUsedFrom: ADDRESS }],
  });
});

void t.test('refuses tokens that are unknown, expired, revoked or sent from elsewhere', async (t) => {
  const { team, owner } = await ground(t);
  const { db } = team.ledger;
  await t.rejects(authenticateToken(db, createTokenText(), ADDRESS), refused, 'unknown');
  await t.rejects(authenticateToken(db, 'nfe_', ADDRESS), refused, 'malformed');
  const bound = await team.token(owner, { addresses: ['198.51.100.0/24'] });
  await t.rejects(authenticateToken(db, bound.text, ADDRESS), refused, 'another network');
  t.ok(await authenticateToken(db, bound.text, '::ffff:198.51.100.3'));
  const expired = await team.token(owner);
  await db
    .updateTable('tokens')
    .set({ expires_at: new Date(Date.now() - 1).toISOString() })
    .where('id', '=', expired.token.id)
    .execute();
  await t.rejects(authenticateToken(db, expired.text, ADDRESS), refused, 'expired');
  const revoked = await team.token(owner);
  await revokeToken(team.ledger, owner, revoked.token.id);
  await t.rejects(authenticateToken(db, revoked.text, ADDRESS), refused, 'revoked');
  await t.rejects(revokeToken(team.ledger, owner, revoked.token.id), { code: 'token-not-found' });
});

void t.test('revokes a token for anybody who has its text, once', async (t) => {
  const { team, owner, admin, organizationId } = await ground(t);
  const { ledger } = team;
  await team.account(organizationId, 'ci');
  const input = { name: 'cron', scopes: ['launch'], serviceAccount: 'lab/ci' } as const;
  const [bound, narrow, ofAccount, kept] = [
    await team.token(owner, { addresses: ['198.51.100.0/24'] }),
    await createToken(ledger, owner, { name: 'x', scopes: ['launch'], workspace: 'lab/rna' }),
    await createToken(ledger, owner, { ...input, scopes: ['launch'] }),
    await team.token(admin),
  ];
  for (const { text } of [bound, narrow, ofAccount, ofAccount]) await revokeTokenText(ledger, text);
  for (const text of [createTokenText(), 'nfe_', '', '%', kept.token.id]) await revokeTokenText(ledger, text);
  for (const { text } of [bound, narrow, ofAccount])
    await t.rejects(authenticateToken(ledger.db, text, '198.51.100.3'), refused);
  t.ok(await authenticateToken(ledger.db, kept.text, ADDRESS));
  const events = await ledger.db
    .selectFrom('journal')
    .select(['principal', 'data'])
    .where('type', '=', 'token.revoked')
    .orderBy('seq')
    .execute();
  t.same(
    events.map(({ principal, data }) => [principal, (JSON.parse(data) as { id: string }).id]),
    [
      ['owner', bound.token.id],
      ['owner', narrow.token.id],
      ['service-account:lab/ci', ofAccount.token.id],
    ],
  );
});

void t.test('refuses tokens of suspended users and removed service accounts', async (t) => {
  const { team, owner, admin, organizationId } = await ground(t);
  const { db } = team.ledger;
  const { ledger } = team;
  const other = await team.user('other');
  await addOrganizationMember(ledger, owner, 'lab', { user: other.user, role: 'owner' }); // one owner has to be active
  const own = await team.token(owner);
  const account = await team.account(organizationId, 'ci');
  const ofAccount = await createToken(team.ledger, owner, {
    name: 'cron',
    scopes: ['launch'],
    serviceAccount: 'lab/ci',
  });
  t.match(await authenticateToken(db, ofAccount.text, ADDRESS), {
    kind: 'service-account',
    id: account.id,
    user: 'service-account:lab/ci',
  });
  await setUserState(team.ledger, admin, 'owner', 'suspended');
  await t.rejects(authenticateToken(db, own.text, ADDRESS), refused);
  await t.rejects(
    createToken(team.ledger, owner, { name: 'x', scopes: ['read'] }),
    refused,
    'a session of the user',
  );
  await setUserState(team.ledger, admin, 'owner', 'active');
  t.ok(await authenticateToken(db, own.text, ADDRESS), 'kept while suspended');
  await removeServiceAccount(team.ledger, owner, 'lab', 'ci');
  await t.rejects(authenticateToken(db, ofAccount.text, ADDRESS), refused);
  await t.rejects(
    setUserState(team.ledger, admin, 'root', 'suspended'),
    { code: 'not-permitted' },
    'nobody suspends themselves',
  );
});

void t.test('records the last use at most once a minute', async (t) => {
  const { team, owner } = await ground(t);
  const { db } = team.ledger;
  const { text, token } = await team.token(owner);
  const lastUse = () =>
    db
      .selectFrom('tokens')
      .select(['last_used_at', 'last_used_from'])
      .where('id', '=', token.id)
      .executeTakeFirstOrThrow();
  await authenticateToken(db, text, '::ffff:192.0.2.7');
  const first = await lastUse();
  t.equal(first.last_used_from, '192.0.2.7');
  await authenticateToken(db, text, '192.0.2.8');
  t.same(await lastUse(), first);
  await db
    .updateTable('tokens')
    .set({ last_used_at: new Date(Date.now() - 61_000).toISOString() })
    .where('id', '=', token.id)
    .execute();
  await authenticateToken(db, text, '192.0.2.8');
  t.equal((await lastUse()).last_used_from, '192.0.2.8');
});

void t.test('limits lifetime and number, and needs a session', async (t) => {
  const { team, owner, organizationId } = await ground(t);
  const limits = { defaultDays: 7, maxDays: 30, perPrincipal: 2 };
  const create = (days?: number) =>
    createToken(
      team.ledger,
      owner,
      { name: 'x', scopes: ['read'], ...(days === undefined ? {} : { expiresInDays: days }) },
      limits,
    );
  const { token } = await create();
  t.equal(Date.parse(token.expires) - Date.parse(token.dateCreated), 7 * 24 * 3_600_000);
  await t.rejects(create(31), { code: 'request-unprocessable' });
  await create(30);
  await t.rejects(create(), { code: 'request-unprocessable' }, 'the maximum number');
  const withToken = { ...owner, token: await team.grant(owner) };
  await team.account(organizationId, 'ci');
  for (const serviceAccount of [undefined, 'lab/ci'])
    await t.rejects(
      createToken(team.ledger, withToken, {
        name: 'x',
        scopes: ['read'],
        ...(serviceAccount === undefined ? {} : { serviceAccount }),
      }),
      { code: 'not-permitted', message: /a token cannot have this permission/ },
    );
  const stranger = await team.user('stranger');
  await t.rejects(createToken(team.ledger, stranger, { name: 'x', scopes: ['read'], workspace: 'lab/rna' }), {
    code: 'workspace-not-found',
  });
  await t.rejects(
    createToken(team.ledger, stranger, { name: 'x', scopes: ['read'], serviceAccount: 'lab/ci' }),
    { code: 'organization-not-found' },
  );
  await t.rejects(revokeToken(team.ledger, stranger, token.id), { code: 'token-not-found' });
});
