// The cells that matrix.test.ts does not have: service accounts, administrators, and tokens that are restricted to a workspace. `authorize`
// decides what an independently written oracle decides.
import t from 'tap';
import { authorize } from '../../../daemon/access/authorize.ts';
import type { Place } from '../../../daemon/access/places.ts';
import type { TeamPrincipal } from '../../../daemon/access/principal.ts';
import type { OrganizationRole, Role, TokenScope } from '../../../daemon/contract/types.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { documentedRule, oracle, permissions, type Situation } from '../../support/permission-oracle.ts';
import { Team } from '../../support/team.ts';

const ORGANIZATION = 'lab';
const SCOPES: readonly TokenScope[] = ['read', 'launch', 'secrets:write', 'manage'];
const MEMBER_ROLES: readonly (Role | null)[] = ['owner', 'admin', 'maintain', 'launch', 'view', null];
const ORGANIZATION_ROLES: readonly (OrganizationRole | null)[] = ['owner', 'admin', 'member', null];

const KINDS = [
  { name: 'private', visibility: 'private', isOwn: false },
  { name: 'shared', visibility: 'shared', isOwn: false },
  { name: 'of-another', visibility: 'personal', isOwn: false },
  { name: 'own', visibility: 'personal', isOwn: true },
] as const;

type Token = Situation['token'];

/** Tokens with each scope alone, with all scopes, and those of one workspace. */
const SCOPED: readonly Token[] = [...SCOPES.map((scope) => [scope]), SCOPES].map((scopes) => ({
  scopes,
  reach: 'all',
}));
const RESTRICTED: readonly Token[] = [...SCOPES.map((scope) => [scope]), SCOPES].flatMap((scopes) =>
  (['this workspace', 'other workspace'] as const).map((reach) => ({ scopes, reach })),
);

type Subject = Pick<Situation, 'isPerson' | 'isAdministrator' | 'organization' | 'member'>;

const PEOPLE: readonly Subject[] = MEMBER_ROLES.flatMap((member) =>
  ORGANIZATION_ROLES.map((organization) => ({
    isPerson: true,
    isAdministrator: false,
    organization,
    member,
  })),
);
const ACCOUNTS: readonly Subject[] = MEMBER_ROLES.flatMap((member) =>
  (['account', null] as const).map((organization) => ({
    ...{ isPerson: false, isAdministrator: false, organization, member },
  })),
);
const ADMINISTRATORS: readonly Subject[] = (['owner', null] as const).map((organization) => ({
  ...{ isPerson: true, isAdministrator: true, organization, member: null },
}));

/** Principals and the tokens that they use. Service accounts have no session. */
const CASES: readonly (readonly [Subject, readonly Token[]])[] = [
  ...PEOPLE.map((subject) => [subject, RESTRICTED] as const),
  ...ACCOUNTS.map((subject) => [subject, [...SCOPED, ...RESTRICTED]] as const),
  ...ADMINISTRATORS.map((subject) => [subject, [undefined, ...SCOPED, ...RESTRICTED]] as const),
];

t.setTimeout(300_000); // tens of thousands of decisions, each with queries

void t.test(
  'decides about service accounts, administrators and restricted tokens as the oracle does',
  async (t) => {
    const team = await Team.open(t);
    const cells = await Cells.build(team);
    const wrong: string[] = [];
    let count = 0;
    for (const [subject, tokens] of CASES)
      for (const token of tokens)
        for (const [index, kind] of KINDS.entries()) {
          const { visibility, isOwn } = kind;
          const situation: Situation = { ...subject, isCurrent: true, visibility, isOwn, token };
          const { by, title } = await cells.find(subject, kind.name, token);
          for (const permission of permissions) {
            if (index > 0 && documentedRule(permission).on !== 'workspace') continue;
            const found = await decide(team, by, permission, title);
            const expected = oracle(situation, permission);
            count += 1;
            if (found !== expected)
              wrong.push(`${permission}: ${found} instead of ${expected} for ${JSON.stringify(situation)}`);
          }
        }
    t.comment(`${String(count)} cells`);
    t.equal(count, cellsExpected(), 'no cell is missing');
    t.same(wrong.slice(0, 20), []);
  },
);

function cellsExpected(): number {
  const ofWorkspaces = permissions.filter((one) => documentedRule(one).on === 'workspace').length;
  const perPrincipal = KINDS.length * ofWorkspaces + permissions.length - ofWorkspaces;
  return CASES.reduce((sum, [, tokens]) => sum + tokens.length * perPrincipal, 0);
}

async function decide(
  { ledger }: Team,
  by: TeamPrincipal,
  permission: (typeof permissions)[number],
  workspace: string,
): Promise<string> {
  const places: Readonly<Record<string, Place>> = {
    ...{ workspace: { workspace }, organization: { organization: ORGANIZATION } },
    ...{ server: 'server', self: 'self' },
  };
  return authorize(ledger.db, by, permission, places[documentedRule(permission).on] ?? 'self').then(
    () => 'permitted',
    (error: unknown) => (error instanceof EscrowError ? error.code : String(error)),
  );
}

/** A principal of the matrix, and the id of its personal workspace, in which only people have `own`. */
interface Made {
  readonly by: Omit<TeamPrincipal, 'token'>;
  readonly own: string;
}

/** One organization with a workspace of each kind, and a principal for each combination of roles. */
class Cells {
  readonly #team: Team;
  readonly #made = new Map<Subject, Made>();
  readonly #ids = new Map<string, string>();

  private constructor(team: Team) {
    this.#team = team;
  }

  static async build(team: Team): Promise<Cells> {
    const cells = new Cells(team);
    const another = await team.user('another');
    const id = await team.organization(ORGANIZATION, [[another, 'owner']]);
    const elsewhere = await team.organization('elsewhere');
    const add = async (
      name: string,
      more: { visibility: 'private' | 'shared' | 'personal'; person?: typeof another },
    ) => cells.#ids.set(name, await team.workspace({ organization: ORGANIZATION, name, ...more }));
    await add('private', { visibility: 'private' });
    await add('shared', { visibility: 'shared' });
    await add('of-another', { visibility: 'personal', person: another });
    cells.#ids.set(
      'other',
      await team.workspace({ organization: 'elsewhere', name: 'other', visibility: 'private' }),
    );
    for (const [index, [subject]] of CASES.entries()) {
      const { isPerson, isAdministrator, organization, member } = subject;
      const name = `p${String(index)}`;
      const user = await team.user(name, isAdministrator);
      const by = isPerson ? user : await team.account(organization === 'account' ? id : elsewhere, name);
      if (isPerson && organization !== null && organization !== 'account')
        await team.ledger.write((db) =>
          db
            .insertInto('organization_members')
            .values({ organization_id: id, user_id: by.id, role: organization, added_at: '2026-01-05' })
            .execute(),
        );
      const own = `own-${name}`;
      await add(own, { visibility: 'personal', person: user });
      for (const workspace of ['private', 'shared', 'of-another', own])
        if (member !== null) await team.member(cells.#ids.get(workspace) ?? '', by, member);
      cells.#made.set(subject, { by, own });
    }
    return cells;
  }

  async find(
    subject: Subject,
    kind: string,
    token: Situation['token'],
  ): Promise<{ readonly by: TeamPrincipal; readonly title: string }> {
    const made = this.#made.get(subject);
    if (made === undefined) throw new Error('no such principal');
    const { by, own } = made;
    const name = kind === 'own' ? own : kind;
    const title = `${ORGANIZATION}/${name}`;
    if (token === undefined) return { by: by as TeamPrincipal, title };
    const at = { all: undefined, 'this workspace': name, 'other workspace': 'other' }[token.reach];
    const workspaceId = at === undefined ? undefined : this.#ids.get(at);
    const grant = await this.#team.grant(by, {
      scopes: token.scopes as [TokenScope],
      ...(workspaceId === undefined ? {} : { workspaceId }),
    });
    return { by: { ...by, token: grant } as TeamPrincipal, title };
  }
}
