import { randomUUID } from 'node:crypto';
import { pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import type { CreatedToken, Token, TokenInput, TokenScope } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { findServiceAccount } from '../accounts/service-accounts.ts';
import { authorize } from '../authorize.ts';
import { permittedOrganizations } from '../permitted-objects.ts';
import { SERVICE_ACCOUNT, type Principal } from '../principal.ts';
import { findWorkspace } from '../scopes.ts';
import { assertAddresses } from './address-list.ts';
import { createTokenText, hashOfToken, isTokenText } from './token-format.ts';

const COLLECTION = 'tokens';
const DAY_SECONDS = 24 * 3600;

/** Limits of new tokens. */
export interface TokenLimits {
  /** Lifetime of a token whose request names none. */
  readonly defaultDays: number;
  readonly maxDays: number;
  /** Maximum number of tokens of a principal that are not revoked. */
  readonly perPrincipal: number;
}

export const TOKEN_LIMITS: TokenLimits = { defaultDays: 90, maxDays: 365, perPrincipal: 100 };

/** To whom a token belongs. */
type Owner = { readonly userId: string } | { readonly serviceAccountId: string };

/**
 * Creates a token of the person who asks, or of a service account. Requires a session of a person: a token cannot create
 * tokens. The text is in the result and nowhere else. Throws `not-permitted`, `workspace-not-found`,
 * `service-account-not-found`, `request-unprocessable`.
 */
export async function createToken(
  ledger: Ledger,
  by: Principal,
  input: TokenInput,
  limits: TokenLimits = TOKEN_LIMITS,
): Promise<CreatedToken> {
  return ledger.write(async (db) => {
    const owner = await ownerOf(db, by, input.serviceAccount);
    const workspace =
      input.workspace === undefined ? undefined : await findWorkspace(db, input.workspace, by);
    const [organization] = input.serviceAccount?.split('/') ?? [];
    if (workspace !== undefined && organization !== undefined && workspace.organization !== organization)
      throw new EscrowError(
        'request-unprocessable',
        `Cannot restrict a token of ${input.serviceAccount ?? ''} to a workspace of another organization.`,
      );
    const created = await issueToken(db, owner, { ...input, workspaceId: workspace?.id ?? null }, limits);
    const { id, name, scopes, expires } = created.token;
    await record(db, {
      type: 'token.created',
      by: by.user,
      data: { id, name, scopes, expires, serviceAccount: input.serviceAccount ?? null },
      ...(organization === undefined ? {} : { place: organization }),
    });
    return created;
  });
}

/** Creates a token in a transaction of the caller, who has checked that this is permitted. Throws `request-unprocessable`. */
export async function issueToken(
  db: Queries,
  owner: Owner,
  {
    name,
    scopes,
    expiresInDays,
    addresses = [],
    workspaceId = null,
  }: Omit<TokenInput, 'workspace' | 'serviceAccount'> & { readonly workspaceId?: string | null },
  { defaultDays, maxDays, perPrincipal }: TokenLimits = TOKEN_LIMITS,
): Promise<CreatedToken> {
  assertAddresses(addresses);
  const days = expiresInDays ?? Math.min(defaultDays, maxDays);
  if (days > maxDays)
    throw new EscrowError(
      'request-unprocessable',
      `Cannot create a token for ${String(days)} days: the maximum is ${String(maxDays)}.`,
    );
  await assertBelowLimit(db, owner, perPrincipal);
  const text = createTokenText();
  const id = randomUUID();
  await db
    .insertInto('tokens')
    .values({
      id,
      hash: hashOfToken(text),
      name,
      user_id: 'userId' in owner ? owner.userId : null,
      service_account_id: 'userId' in owner ? null : owner.serviceAccountId,
      scopes: JSON.stringify(scopes),
      scope_id: workspaceId,
      addresses: JSON.stringify(addresses),
      created_at: ledgerTime(db),
      expires_at: ledgerTime(db, days * DAY_SECONDS),
    })
    .execute();
  const row = await selectTokens(db).where('tokens.id', '=', id).executeTakeFirstOrThrow();
  return { text, token: describe(row) };
}

/** Lists the tokens of the person who asks, or of a service account, newest first. Throws `cursor-invalid`, `not-permitted`. */
export async function listTokens(
  db: Queries,
  by: Principal,
  { limit, cursor, serviceAccount }: PageRequest & { readonly serviceAccount?: string },
): Promise<Page<Token>> {
  const after = readCursor(COLLECTION, cursor, ['string', 'string']);
  let query = selectTokens(db).where('tokens.revoked_at', 'is', null);
  if (serviceAccount === undefined) query = query.where('tokens.user_id', '=', await personOf(db, by));
  else {
    const [organization = '', name = ''] = serviceAccount.split('/');
    await authorize(db, by, 'service_accounts:read', { organization });
    const { id } = await findServiceAccount(db, organization, name);
    query = query.where('tokens.service_account_id', '=', id);
  }
  if (after !== undefined)
    query = query.where((where) =>
      where.or([
        where('tokens.created_at', '<', after[0]),
        where.and([where('tokens.created_at', '=', after[0]), where('tokens.id', '<', after[1])]),
      ]),
    );
  const rows = await query
    .orderBy('tokens.created_at', 'desc')
    .orderBy('tokens.id', 'desc')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ id, created_at }) => [created_at, id]);
  return { items: items.map(describe), ...next };
}

/**
 * Revokes a token of the person who asks, or of a service account that they manage. The next request with it is refused.
 * Throws `token-not-found`, `not-permitted`.
 */
export async function revokeToken(ledger: Ledger, by: Principal, id: string): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'tokens:revoke', 'self');
    if (by.kind !== 'user') return; // `authorize` has refused all others but the machine user, who has no tokens
    const managed = permittedOrganizations(db, by, 'service_accounts:write').select('organizations.id as id');
    const row = await selectTokens(db)
      .select('organizations.name as place')
      .where('tokens.id', '=', id)
      .where('tokens.revoked_at', 'is', null)
      .where((where) =>
        where.or([
          where('tokens.user_id', '=', by.id),
          where('service_accounts.organization_id', 'in', managed),
        ]),
      )
      .executeTakeFirst();
    if (row === undefined)
      throw new EscrowError('token-not-found', `There is no token with the id ${id.slice(0, 80)}.`);
    await revoke(db, by.user, row);
  });
}

/**
 * Revokes a token for one who has its text, as in RFC 7009: the one who gives it up, or who has found it. Idempotent. An unknown token
 * is no error, so that the answer does not tell whether a token exists.
 */
export async function revokeTokenText(ledger: Ledger, text: string): Promise<void> {
  if (!isTokenText(text)) return; // without a query
  await ledger.write(async (db) => {
    const row = await selectTokens(db)
      .leftJoin('users', 'users.id', 'tokens.user_id')
      .select(['organizations.name as place', 'users.name as user'])
      .where('tokens.hash', '=', hashOfToken(text))
      .where('tokens.revoked_at', 'is', null)
      .executeTakeFirst();
    if (row === undefined) return;
    const { user, place, account } = row;
    await revoke(db, user ?? `${SERVICE_ACCOUNT}${place ?? ''}/${account ?? ''}`, row);
  });
}

interface Revoked {
  readonly id: string;
  readonly name: string;
  /** The organization of a service account. */
  readonly place: string | null;
}

async function revoke(db: Queries, by: string, { id, name, place }: Revoked): Promise<void> {
  await db
    .updateTable('tokens')
    .set({ revoked_at: ledgerTime(db) })
    .where('id', '=', id)
    .execute();
  const data = { id, name };
  await record(db, { type: 'token.revoked', by, data, ...(place === null ? {} : { place }) });
}

async function ownerOf(db: Queries, by: Principal, serviceAccount: string | undefined): Promise<Owner> {
  if (serviceAccount === undefined) {
    await authorize(db, by, 'tokens:create', 'self');
    return { userId: by.kind === 'user' ? by.id : '' };
  }
  const [organization = '', name = ''] = serviceAccount.split('/');
  await authorize(db, by, 'service_accounts:issue_token', { organization });
  return { serviceAccountId: (await findServiceAccount(db, organization, name)).id };
}

async function personOf(db: Queries, by: Principal): Promise<string> {
  await authorize(db, by, 'tokens:read', 'self');
  return by.kind === 'user' ? by.id : '';
}

async function assertBelowLimit(db: Queries, owner: Owner, limit: number): Promise<void> {
  const tokens = db
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', ledgerTime(db));
  const own =
    'userId' in owner
      ? tokens.where('user_id', '=', owner.userId)
      : tokens.where('service_account_id', '=', owner.serviceAccountId);
  const { count } = await own.executeTakeFirstOrThrow();
  if (count >= limit)
    throw new EscrowError(
      'request-unprocessable',
      `Cannot create another token: there are ${String(limit)}, which is the maximum.`,
      { hint: 'Revoke a token first: nf-escrow tokens revoke ID' },
    );
}

function selectTokens(db: Queries) {
  return db
    .selectFrom('tokens')
    .leftJoin('service_accounts', 'service_accounts.id', 'tokens.service_account_id')
    .leftJoin('organizations', 'organizations.id', 'service_accounts.organization_id')
    .leftJoin('scopes', 'scopes.id', 'tokens.scope_id')
    .selectAll('tokens')
    .select(['service_accounts.name as account', 'organizations.name as account_organization'])
    .select(['scopes.organization as workspace_organization', 'scopes.name as workspace']);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectTokens>['execute']>>[number];

function describe(row: Row): Token {
  const { account, account_organization, workspace, workspace_organization, scope_id } = row;
  return {
    id: row.id,
    name: row.name,
    serviceAccount: account === null ? null : `${account_organization ?? ''}/${account}`,
    scopes: JSON.parse(row.scopes) as TokenScope[],
    // A token of a removed workspace gives access to nothing, and must not appear to be unrestricted.
    workspace:
      workspace === null ? (scope_id === null ? null : '') : `${workspace_organization ?? ''}/${workspace}`,
    addresses: JSON.parse(row.addresses) as string[],
    dateCreated: row.created_at,
    expires: row.expires_at,
    lastUsed: row.last_used_at,
    lastUsedFrom: row.last_used_from,
  };
}
