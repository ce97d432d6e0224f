// Users, service accounts, organizations and workspaces of a team server in a ledger, written without the code under test.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createUser } from '../../daemon/access/accounts/users.ts';
import type { ServiceAccount, TokenGrant, User } from '../../daemon/access/principal.ts';
import { issueToken } from '../../daemon/access/tokens/tokens.ts';
import type {
  CreatedToken,
  OrganizationRole,
  Role,
  TokenInput,
  Workspace,
} from '../../daemon/contract/types.ts';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import { openLedger } from '../../daemon/ledger/sqlite/open.ts';
import { temporaryDirectory } from './temporary.ts';

const AT = '2026-01-05T10:00:00.000Z';

interface NewWorkspace {
  readonly organization: string;
  readonly name: string;
  readonly visibility: Workspace['visibility'];
  readonly person?: User;
}

/** Fills a ledger with the objects of a team server. */
export class Team {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  static async open(t: Test): Promise<Team> {
    const ledger = await openLedger(join(temporaryDirectory(t), 'ledger.db'));
    t.teardown(() => ledger.close());
    return new Team(ledger);
  }

  async user(name: string, administrator = false): Promise<User> {
    const id = await this.ledger.write((db) => createUser(db, 'test', { name, administrator }));
    return { kind: 'user', id, user: name };
  }

  async organization(
    name: string,
    members: readonly (readonly [User, OrganizationRole])[] = [],
  ): Promise<string> {
    const id = randomUUID();
    await this.ledger.write(async (db) => {
      await db.insertInto('organizations').values({ id, name, created_at: AT }).execute();
      for (const [{ id: user_id }, role] of members)
        await db
          .insertInto('organization_members')
          .values({ organization_id: id, user_id, role, added_at: AT })
          .execute();
    });
    return id;
  }

  async workspace({ organization, name, visibility, person }: NewWorkspace): Promise<string> {
    const id = randomUUID();
    await this.ledger.write((db) =>
      db
        .insertInto('scopes')
        .values({
          ...{ id, kind: 'workspace', organization, name, visibility },
          person_id: person?.id ?? null,
          created_at: AT,
        })
        .execute(),
    );
    return id;
  }

  async member(scope_id: string, { id }: { readonly id: string }, role: Role): Promise<void> {
    await this.ledger.write((db) =>
      db.insertInto('workspace_members').values({ scope_id, member_id: id, role, added_at: AT }).execute(),
    );
  }

  /** Creates a service account. Its principal has a grant that is replaced by that of a token. */
  async account(organizationId: string, name: string): Promise<Omit<ServiceAccount, 'token'>> {
    const id = randomUUID();
    await this.ledger.write((db) =>
      db
        .insertInto('service_accounts')
        .values({ id, organization_id: organizationId, name, created_at: AT, created_by: 'test' })
        .execute(),
    );
    return { kind: 'service-account', id, user: `service-account:${name}`, organizationId };
  }

  async token(
    of: { readonly kind: string; readonly id: string },
    input: Partial<TokenInput> & { readonly workspaceId?: string } = {},
  ): Promise<CreatedToken> {
    const owner = of.kind === 'user' ? { userId: of.id } : { serviceAccountId: of.id };
    const all = { name: 'test', scopes: ['read', 'launch', 'secrets:write', 'manage'] as const, ...input };
    return this.ledger.write((db) =>
      issueToken(db, owner, all as Parameters<typeof issueToken>[2], {
        defaultDays: 1,
        maxDays: 30,
        perPrincipal: 100_000,
      }),
    );
  }

  /** Creates a token and returns what it grants. */
  async grant(...args: Parameters<Team['token']>): Promise<TokenGrant> {
    const { token } = await this.token(...args);
    return { id: token.id, scopes: token.scopes, workspaceId: args[1]?.workspaceId ?? null };
  }
}
