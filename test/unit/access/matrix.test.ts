// Every role x permission x kind of workspace x scope of a token, derived from the policy table.
import t from 'tap';
import { authorize } from '../../../daemon/access/authorize.ts';
import type { Place } from '../../../daemon/access/places.ts';
import { policy, type AnyRole } from '../../../daemon/access/policy.ts';
import type { Principal, TeamPrincipal, TokenGrant } from '../../../daemon/access/principal.ts';
import type { OrganizationRole, Permission, Role, TokenScope } from '../../../daemon/contract/types.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import type { Queries } from '../../../daemon/ledger/ledger.ts';
import { Team } from '../../support/team.ts';

const ORGANIZATION_ROLES: readonly (OrganizationRole | null)[] = ['owner', 'admin', 'member', null];
const ROLES: readonly (Role | null)[] = ['owner', 'admin', 'maintain', 'launch', 'view', null];
const KINDS = ['private', 'shared', 'own personal', "another's personal"] as const;
const SCOPES: readonly TokenScope[] = ['read', 'launch', 'secrets:write', 'manage'];

/** The effective role in a workspace by kind, role in the organization and role in the workspace. Empty: not visible. */
function roleIn(
  kind: (typeof KINDS)[number],
  organization: OrganizationRole | null,
  own: Role | null,
): Role | '' {
  if (organization === null || kind === "another's personal") return '';
  if (kind === 'own personal' || organization === 'owner') return 'owner';
  const inherited = { admin: 'admin', member: kind === 'shared' ? 'launch' : '' }[organization] as Role | '';
  const [first] = ROLES.filter((role): role is Role => role !== null && (role === own || role === inherited));
  return first ?? '';
}

async function verdict(db: Queries, by: Principal, permission: Permission, place: Place): Promise<string> {
  try {
    await authorize(db, by, permission, place);
    return 'permitted';
  } catch (error) {
    if (!(error instanceof EscrowError)) throw error;
    return error.code;
  }
}

t.setTimeout(300_000); // thousands of decisions, each with queries

void t.test('decides every cell as the policy table says', async (t) => {
  const team = await Team.open(t);
  const { db } = team.ledger;
  const counts: Record<string, number> = {};
  let count = 0;
  for (const organizationRole of ORGANIZATION_ROLES)
    for (const ownRole of ROLES) {
      count += 1;
      const organization = `org-${String(count)}`;
      const [user, other] = [await team.user(`u${String(count)}`), await team.user(`o${String(count)}`)];
      await team.organization(organization, [
        [other, 'owner'],
        ...(organizationRole === null ? [] : [[user, organizationRole] as const]),
      ]);
      const tokens = new Map<string, TokenGrant | undefined>([['session', undefined]]);
      for (const scope of SCOPES) tokens.set(scope, await team.grant(user, { scopes: [scope] }));
      for (const [index, kind] of KINDS.entries()) {
        const name = `w${String(index)}`;
        const visibility = kind.endsWith('personal') ? 'personal' : (kind as 'private' | 'shared');
        const person = kind === 'own personal' ? user : other;
        const id = await team.workspace({
          organization,
          name,
          visibility,
          ...(visibility === 'personal' ? { person } : {}),
        });
        if (ownRole !== null) await team.member(id, user, ownRole);
        const role = roleIn(kind, organizationRole, ownRole);
        const cell = { kind, organizationRole, ownRole };
        await expectAll(
          { workspace: `${organization}/${name}` },
          'workspace',
          role,
          visibility === 'personal',
          cell,
        );
      }
      await expectAll({ organization }, 'organization', organizationRole ?? '', false, { organizationRole });
      await expectAll('server', 'server', 'none', false, {});
      await expectAll('self', 'self', 'person', false, {});

      async function expectAll(
        place: Place,
        on: string,
        role: AnyRole | 'none' | '',
        isPersonal: boolean,
        cell: object,
      ): Promise<void> {
        for (const permission of Object.keys(policy) as Permission[]) {
          const { on: kind, roles, scope, personal = true } = policy[permission];
          if (kind !== on) continue;
          for (const [name, token] of tokens) {
            const isNamed = name === 'session' || name === scope;
            const expected =
              role === ''
                ? `${on}-not-found`
                : !(roles as readonly string[]).includes(role)
                  ? 'not-permitted'
                  : isPersonal && !personal
                    ? 'workspace-personal'
                    : isNamed
                      ? 'permitted'
                      : 'not-permitted';
            const by: TeamPrincipal = token === undefined ? user : { ...user, token };
            const found = await verdict(db, by, permission, place);
            counts[found] = (counts[found] ?? 0) + 1;
            if (found !== expected) t.equal(found, expected, JSON.stringify({ ...cell, permission, name }));
          }
        }
      }
    }
  // The comparison above reports only differences, because an assertion for each cell would take most of the time.
  t.equal(
    Object.values(counts).reduce((sum, one) => sum + one),
    cellsExpected(),
  );
  t.comment(`${String(cellsExpected())} cells`);
  for (const found of [
    'permitted',
    'not-permitted',
    'workspace-not-found',
    'organization-not-found',
    'workspace-personal',
  ])
    t.ok((counts[found] ?? 0) > 100, `${found}: ${String(counts[found])}`);
});

function cellsExpected(): number {
  const on = (kind: string): number => Object.values(policy).filter((rule) => rule.on === kind).length;
  const perPrincipal = KINDS.length * on('workspace') + on('organization') + on('server') + on('self');
  return ORGANIZATION_ROLES.length * ROLES.length * perPrincipal * (SCOPES.length + 1);
}
