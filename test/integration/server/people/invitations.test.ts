// Invitations, on each database: who can create, accept and revoke them, and what they give.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { acceptInvitation } from '../../../../daemon/access/invitations/accept-invitation.ts';
import {
  createInvitation,
  issueInvitation,
} from '../../../../daemon/access/invitations/create-invitation.ts';
import {
  findInvitation,
  listInvitations,
  revokeInvitation,
} from '../../../../daemon/access/invitations/invitations.ts';
import { setUserState } from '../../../../daemon/access/accounts/users.ts';
import { changeOrganizationMember } from '../../../../daemon/access/members/organization-members.ts';
import { removeOrganization } from '../../../../daemon/access/organizations.ts';
import type { User } from '../../../../daemon/access/principal.ts';
import type { FoundSession } from '../../../../daemon/access/sign-in/authenticate-session.ts';
import { authenticateSession } from '../../../../daemon/access/sign-in/authenticate-session.ts';
import { readAudit } from '../../../../daemon/ledger/audit.ts';
import { onEachLedger } from '../../../support/each-ledger.ts';
import { Team } from '../../../support/team.ts';
import type { OrganizationRole } from '../../../../daemon/contract/types.ts';
import { openTestLedger } from '../../../support/test-ledger.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

const LIMITS = { idleMinutes: 60, lifetimeHours: 24 };
const LINKS = { ...LIMITS, hasProvider: false };
const PROVIDER = { ...LIMITS, hasProvider: true };
const invalid = { code: 'invitation-invalid' };
const offer = { email: 'Bob@Example.org', organization: 'lab', role: 'member' } as const;

interface Ground {
  readonly team: Team;
  /** Administrator of the server and owner of `lab`. */
  readonly ada: User;
}

async function ground(t: Test): Promise<Ground> {
  const ledger = await openTestLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  const team = new Team(ledger);
  const [ada, other] = [await team.user('ada', true), await team.user('other')];
  await team.organization('lab', [
    [ada, 'owner'],
    [other, 'owner'],
  ]);
  return { team, ada };
}

/** The session of a person whom a provider has identified. */
function proven(email: string | null, user?: User, subject = 'bob-at-provider'): FoundSession {
  return {
    ...{ id: 'none', user, isAdministrator: false, isRecent: true, authenticatedAt: null, expiresAt: '' },
    identity: { issuer: 'https://id.example.org', subject, email },
  };
}

onEachLedger('an invitation creates the account and the membership, once', async (t) => {
  const { team, ada } = await ground(t);
  const { ledger } = team;
  const { secret, invitation } = await createInvitation(ledger, ada, offer);
  t.match(invitation, { email: 'bob@example.org', organization: 'lab', role: 'member', invitedBy: 'ada' });
  t.match((await listInvitations(ledger.db, { limit: 10 })).items, [invitation]);
  for (let count = 0; count < 3; count += 1) await findInvitation(ledger.db, secret);
  const results = await Promise.allSettled(
    [1, 2, 3].map(() => acceptInvitation(ledger, { secret, session: undefined }, LINKS)),
  );
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1, 'one of three');
  for (const result of results) if (result.status === 'rejected') t.match(result.reason, invalid);
  const [text = ''] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  t.match(await authenticateSession(ledger.db, text, LIMITS), { user: { user: 'bob' }, isRecent: true });
  const users = await ledger.db
    .selectFrom('users')
    .select(['name', 'email'])
    .where('name', 'like', 'bob%')
    .execute();
  t.same(users, [{ name: 'bob', email: 'bob@example.org' }], 'one account');
  const member = ledger.db.selectFrom('organization_members').innerJoin('users', 'users.id', 'user_id');
  t.match(await member.select('role').where('users.name', '=', 'bob').execute(), [{ role: 'member' }]);
  await t.rejects(findInvitation(ledger.db, secret), invalid, 'consumed');
  const types = (await readAudit(ledger.db, { limit: 100 })).items.map(({ type }) => type);
  for (const type of [
    'invitation.created',
    'invitation.accepted',
    'session.started',
    'organization.member-added',
  ])
    t.ok(types.includes(type), type);
  const stored = JSON.stringify([
    await ledger.db.selectFrom('invitations').selectAll().execute(),
    await ledger.db.selectFrom('journal').selectAll().execute(),
    await ledger.db.selectFrom('user_sessions').selectAll().execute(),
  ]);
  for (const canary of [secret, text]) t.notOk(stored.includes(canary), 'only hashes are stored');
});

onEachLedger('a revoked, expired or unknown invitation is void', async (t) => {
  const { team, ada } = await ground(t);
  const { ledger } = team;
  const revoked = await createInvitation(ledger, ada, offer);
  await revokeInvitation(ledger, ada, revoked.invitation.id);
  await t.rejects(revokeInvitation(ledger, ada, revoked.invitation.id), { code: 'invitation-not-found' });
  const expired = await createInvitation(ledger, ada, offer);
  await ledger.write((db) => db.updateTable('invitations').set({ expires_at: '2026-01-01' }).execute());
  const removed = await createInvitation(ledger, ada, {
    email: 'x@example.org',
    organization: 'lab',
    role: 'admin',
  });
  await removeOrganization(ledger, ada, 'lab');
  for (const secret of [revoked.secret, expired.secret, removed.secret, 'x', ''])
    await t.rejects(acceptInvitation(ledger, { secret, session: undefined }, LINKS), invalid);
  t.same((await listInvitations(ledger.db, { limit: 10 })).items, []);
});

onEachLedger('with a provider, only the owner of the verified address can accept', async (t) => {
  const { team, ada } = await ground(t);
  const { ledger } = team;
  const { secret } = await createInvitation(ledger, ada, offer);
  const accept = (session: FoundSession | undefined, user?: string): Promise<string> =>
    acceptInvitation(ledger, { secret, session, ...(user === undefined ? {} : { user }) }, PROVIDER);
  const other = { code: 'invitation-for-other-address' };
  await t.rejects(accept(undefined), { code: 'sign-in-required' });
  await t.rejects(accept(proven('eve@example.org')), other);
  await t.rejects(accept(proven(null)), other, 'an address that is not verified');
  await t.rejects(accept(proven('bob@\u212Aexample.org')), other, 'a letter that is similar');
  const eve = await team.user('eve');
  const link = { ...proven(null, eve), identity: undefined };
  await t.rejects(accept(link), other, 'a session without an identity');
  await t.rejects(accept(proven('bob@example.org'), 'ada'), { code: 'name-taken' });
  await accept(proven('bob@example.org'), 'robert');
  t.match(
    await ledger.db
      .selectFrom('user_identities')
      .innerJoin('users', 'users.id', 'user_id')
      .selectAll()
      .execute(),
    [{ name: 'robert', issuer: 'https://id.example.org', subject: 'bob-at-provider' }],
  );

  const late = await createInvitation(ledger, ada, { email: 'bob@example.org' });
  await t.rejects(
    acceptInvitation(ledger, { secret: late.secret, session: proven('bob@example.org') }, PROVIDER),
    { code: 'sign-in-required' },
    'another tab has accepted an invitation for this identity',
  );
  await revokeInvitation(ledger, ada, late.invitation.id);

  // A second invitation adds the existing account to another organization.
  await team.organization('mill', [[ada, 'owner']]);
  const second = await createInvitation(ledger, ada, { ...offer, organization: 'mill' });
  const robert = await ledger.db
    .selectFrom('users')
    .select('id')
    .where('name', '=', 'robert')
    .executeTakeFirstOrThrow();
  const session = proven('bob@example.org', { kind: 'user', id: robert.id, user: 'robert' });
  await acceptInvitation(ledger, { secret: second.secret, session }, PROVIDER);
  t.equal((await ledger.db.selectFrom('users').select('id').execute()).length, 4, 'no second account');
});

onEachLedger('an operator links the identity of an administrator who has an account', async (t) => {
  const { team, ada } = await ground(t);
  const { ledger } = team;
  const operator = { name: 'operator:root', id: null };
  const { secret } = await ledger.write((db) =>
    issueInvitation(db, operator, { email: 'ada@example.org', userId: ada.id, user: 'ada' }),
  );
  await t.rejects(
    acceptInvitation(
      ledger,
      { secret, session: proven('ada@example.org', await team.user('eve')) },
      PROVIDER,
    ),
    { code: 'invitation-for-other-address' },
    'another account',
  );
  await acceptInvitation(ledger, { secret, session: proven('ada@example.org') }, PROVIDER);
  t.match(await ledger.db.selectFrom('user_identities').selectAll().execute(), [{ user_id: ada.id }]);
});

onEachLedger(
  'invites only what the administrator may grant, also at the time of the acceptance',
  async (t) => {
    const { team, ada } = await ground(t);
    const { ledger } = team;
    const [guest, admin] = [await team.user('guest', true), await team.user('admin', true)];
    await team.organization('mill', [
      [ada, 'owner'],
      [admin, 'admin'],
    ]);
    await t.rejects(createInvitation(ledger, guest, offer), { code: 'organization-not-found' });
    const ownership = { email: 'x@example.org', organization: 'mill', role: 'owner' } as const;
    await t.rejects(createInvitation(ledger, admin, ownership), { code: 'not-permitted' });
    await t.rejects(createInvitation(ledger, await team.user('bob'), { email: 'x@example.org' }), {
      code: 'not-permitted',
    });
    const token = await team.grant(ada);
    await t.rejects(createInvitation(ledger, { ...ada, token }, offer), { code: 'not-permitted' }, 'a token');
    await t.rejects(createInvitation(ledger, ada, { ...offer, user: 'guest' }), { code: 'name-taken' });
    for (const wrong of [
      { email: 'x' },
      { email: 'b\u00f6b@example.org' },
      { email: 'x@example.org', organization: 'lab' },
      { email: 'x@example.org', role: 'admin' as const },
    ])
      await t.rejects(
        createInvitation(ledger, ada, wrong),
        { code: 'request-unprocessable' },
        JSON.stringify(wrong),
      );

    const demoted = await createInvitation(ledger, admin, { ...ownership, role: 'admin' });
    await changeOrganizationMember(ledger, ada, 'mill', { user: 'admin', role: 'member' });
    await t.rejects(acceptInvitation(ledger, { secret: demoted.secret, session: undefined }, LINKS), invalid);
    const suspended = await createInvitation(ledger, guest, { email: 'x@example.org' });
    await setUserState(ledger, ada, 'guest', 'suspended');
    await t.rejects(
      acceptInvitation(ledger, { secret: suspended.secret, session: undefined }, LINKS),
      invalid,
    );
    t.same(await ledger.db.selectFrom('users').select('id').where('email', 'is not', null).execute(), []);
  },
);

onEachLedger(
  'raises the role of a member and never lowers it, so that an operator can appoint an owner',
  async (t) => {
    const { team, ada } = await ground(t);
    const { ledger } = team;
    const bob = await team.user('bob');
    await team.organization('mill', [
      [ada, 'owner'],
      [bob, 'member'],
    ]);
    const accept = async (role: OrganizationRole): Promise<void> => {
      const input = { email: 'bob@example.org', organization: 'mill', role, userId: bob.id };
      const { secret } = await ledger.write((db) =>
        issueInvitation(db, { name: 'operator:root', id: null }, input),
      );
      await acceptInvitation(ledger, { secret, session: undefined }, LINKS);
    };
    const roleOfBob = async () =>
      (
        await ledger.db
          .selectFrom('organization_members')
          .select('role')
          .where('user_id', '=', bob.id)
          .executeTakeFirstOrThrow()
      ).role;
    const root = await team.user('root', true);
    await t.rejects(setUserState(ledger, root, 'ada', 'suspended'), { code: 'last-owner' });
    for (const [offered, expected] of [
      ['member', 'member'],
      ['admin', 'admin'],
      ['member', 'admin'],
      ['owner', 'owner'],
      ['admin', 'owner'],
    ] as const) {
      await accept(offered);
      t.equal(await roleOfBob(), expected, offered);
    }
    await setUserState(ledger, root, 'ada', 'suspended');
    const { items } = await readAudit(ledger.db, { type: 'organization.member-changed', limit: 10 });
    t.equal(items.length, 2, 'only changes are recorded');
  },
);

void t.test('without a provider, the owner of an account signs in to it', async (t) => {
  const { team, ada } = await ground(t);
  const { ledger } = team;
  const first = await createInvitation(ledger, ada, { email: 'bob@example.org' });
  const text = await acceptInvitation(ledger, { secret: first.secret, session: undefined }, LINKS);
  const session = await authenticateSession(ledger.db, text, LIMITS);
  const second = await createInvitation(ledger, ada, offer);
  const accept = (one: FoundSession | undefined): Promise<string> =>
    acceptInvitation(ledger, { secret: second.secret, session: one }, LINKS);
  await t.rejects(accept(undefined), { code: 'sign-in-required' }, 'the account exists');
  const after = await authenticateSession(ledger.db, await accept(session), LIMITS);
  t.equal(after?.user?.user, 'bob');
  t.not(after?.id, session?.id, 'a new session');
  t.equal(await authenticateSession(ledger.db, text, LIMITS), undefined, 'the earlier session has ended');
});
