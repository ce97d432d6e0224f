// Random teams: `authorize` and the lists decide what an independently written oracle decides.
import fc from 'fast-check';
import t from 'tap';
import { authorize } from '../../../daemon/access/authorize.ts';
import type { Place } from '../../../daemon/access/places.ts';
import type { TeamPrincipal } from '../../../daemon/access/principal.ts';
import { listWorkspaces } from '../../../daemon/access/workspaces.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { documentedRule, oracle, permissions, type Situation } from '../../support/permission-oracle.ts';
import { Team } from '../../support/team.ts';

/** A run builds a team and makes a decision about each permission. */
const RUNS = 100;

const scopes = fc.uniqueArray(fc.constantFrom('read', 'launch', 'secrets:write', 'manage'), { minLength: 1 });
const token = fc.record({ scopes, reach: fc.constantFrom('all', 'this workspace', 'other workspace') });

const situations = fc.record<Situation>({
  isPerson: fc.boolean(),
  isCurrent: fc.integer({ max: 9 }).map((number) => number !== 0),
  isAdministrator: fc.boolean(),
  organization: fc.constantFrom('owner', 'admin', 'member', 'account', null),
  member: fc.constantFrom('owner', 'admin', 'maintain', 'launch', 'view', null),
  visibility: fc.constantFrom('private', 'shared', 'personal'),
  isOwn: fc.boolean(),
  token: fc.option(token, { nil: undefined }),
});

/** Excludes what cannot be: service accounts have a token, no session, and belong to an organization. */
function possible(given: Situation): Situation {
  const { isPerson, organization } = given;
  return isPerson
    ? { ...given, organization: organization === 'account' ? null : organization }
    : {
        ...given,
        organization: organization === 'account' ? 'account' : null,
        isAdministrator: false,
        token: given.token ?? { scopes: ['read', 'launch'], reach: 'all' },
      };
}

t.setTimeout(300_000); // thousands of decisions, each with queries

void t.test('decides what the oracle decides', async (t) => {
  const team = await Team.open(t);
  const { ledger } = team;
  let count = 0;
  await fc.assert(
    fc.asyncProperty(situations.map(possible), async (situation) => {
      count += 1;
      const { organization, name, by } = await build(team, situation, count);
      const places: Readonly<Record<string, Place>> = {
        workspace: { workspace: `${organization}/${name}` },
        organization: { organization },
        server: 'server',
        self: 'self',
      };
      for (const permission of permissions) {
        const place = places[documentedRule(permission).on] ?? 'self';
        const found = await authorize(ledger.db, by, permission, place).then(
          () => 'permitted',
          (error: unknown) => (error instanceof EscrowError ? error.code : String(error)),
        );
        const expected = oracle(situation, permission);
        if (found !== expected)
          throw new Error(`${permission}: ${found} instead of ${expected} for ${JSON.stringify(situation)}`);
      }
      const { items } = await listWorkspaces(ledger.db, by, { limit: 100 });
      const isListed = items.some((one) => one.organization === organization && one.name === name);
      const verdict = oracle({ ...situation, isCurrent: true }, 'workspaces:read');
      if (isListed !== (verdict !== 'workspace-not-found'))
        throw new Error(`listed: ${JSON.stringify(situation)}`);
    }),
    { numRuns: RUNS },
  );
  t.ok(count >= RUNS);
});

interface Built {
  readonly organization: string;
  readonly name: string;
  readonly by: TeamPrincipal;
}

async function build(team: Team, situation: Situation, count: number): Promise<Built> {
  const organization = `org-${String(count)}`;
  const name = 'rna';
  const other = await team.user(`other-${String(count)}`);
  const user = await team.user(`user-${String(count)}`, situation.isAdministrator);
  const { organization: role, visibility, isOwn, isPerson } = situation;
  const id = await team.organization(organization, [
    [other, 'owner'],
    ...(role === null || role === 'account' ? [] : [[user, role] as const]),
  ]);
  const elsewhere = await team.organization(`elsewhere-${String(count)}`, []);
  const account = await team.account(role === 'account' ? id : elsewhere, `ci-${String(count)}`);
  const subject = isPerson ? user : account;
  const person = isOwn ? user : other;
  const scope = await team.workspace({
    organization,
    name,
    visibility,
    ...(visibility === 'personal' ? { person } : {}),
  });
  const away = await team.workspace({
    organization: `elsewhere-${String(count)}`,
    name: 'x',
    visibility: 'private',
  });
  if (situation.member !== null) await team.member(scope, subject, situation.member);
  const { token } = situation;
  const reach = {
    all: {},
    'this workspace': { workspaceId: scope },
    'other workspace': { workspaceId: away },
  };
  const grant =
    token === undefined
      ? undefined
      : await team.grant(subject, { scopes: token.scopes as never, ...reach[token.reach] });
  if (!situation.isCurrent) await end(team, grant?.id, subject.id);
  return {
    organization,
    name,
    by: { ...subject, ...(grant === undefined ? {} : { token: grant }) } as TeamPrincipal,
  };
}

/** Revokes the token, or suspends the user of a session. */
async function end({ ledger }: Team, token: string | undefined, user: string): Promise<void> {
  await ledger.write(async (db) => {
    if (token === undefined)
      await db.updateTable('users').set({ state: 'suspended' }).where('id', '=', user).execute();
    else await db.updateTable('tokens').set({ revoked_at: '2026-01-06' }).where('id', '=', token).execute();
  });
}
