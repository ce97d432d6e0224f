import { notFoundError } from '../contract/not-found.ts';
import type { Permission } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/ledger.ts';
import { deciding } from './denial.ts';
import { assertCurrent, type Standing } from './assert-current.ts';
import { findVisible, permittedOrganizations, type VisibleWorkspace } from './permitted-objects.ts';
import type { Place } from './places.ts';
import { policy, type AnyRole } from './policy.ts';
import type { Principal, TeamPrincipal } from './principal.ts';
import { workspaceNotFound } from './scopes.ts';

/** Why a request is permitted. */
export interface Grant {
  /** The role of the principal with regard to the object. */
  readonly role: AnyRole;
  /** The object, if it is a workspace of a team server. */
  readonly workspace?: VisibleWorkspace;
}

/**
 * Decides whether a principal has a permission. Call it in the transaction that writes, so that a change of roles, tokens or
 * accounts that was committed before applies. The machine user owns everything, and nothing is read.
 *
 * Throws `unauthenticated`; `workspace-not-found` or `organization-not-found` for an object that the principal may not see, as
 * for one that does not exist; `not-permitted` for one that it may see; `workspace-personal`.
 */
export async function authorize(
  db: Queries,
  by: Principal,
  permission: Permission,
  place: Place,
): Promise<Grant> {
  if (by.kind === 'machine') return { role: 'owner' };
  return deciding({ by: by.user, permission, place }, () => decide(db, by, permission, place));
}

/**
 * Decides like `authorize` for a principal that was authenticated just now. Account and token are not read again, because each request
 * would wait for one more query. What changes something is authorized again in its transaction.
 */
export async function authorizeRequest(
  db: Queries,
  by: TeamPrincipal,
  permission: Permission,
  place: Place,
): Promise<Grant> {
  const known = standingWithoutQuery(place);
  return deciding({ by: by.user, permission, place }, () => decide(db, by, permission, place, known));
}

/** Only a permission on the server depends on whether the principal is an administrator, which has to be read. */
function standingWithoutQuery(place: Place | undefined): Standing | undefined {
  return place === 'server' ? undefined : { isAdministrator: false };
}

async function decide(
  db: Queries,
  by: TeamPrincipal,
  permission: Permission,
  place: Place,
  known?: Standing,
): Promise<Grant> {
  const standing = known ?? (await assertCurrent(db, by));
  const { role, what, workspace } = await find(db, by, standing, place);
  const { roles, personal = true } = policy[permission];
  if (role === undefined || !roles.includes(role)) throw roleDenied(permission, role, what);
  if (workspace?.visibility === 'personal' && !personal)
    throw new EscrowError(
      'workspace-personal',
      `Permission ${permission} denied in ${what}: it is a personal workspace.`,
    );
  assertScope(by, permission);
  assertTokenReaches(by, place, permission);
  return { role, ...(workspace === undefined ? {} : { workspace }) };
}

/**
 * Decides whether a principal may ask for a list, which is filtered: the account is current, and the token has the scope.
 * Throws `unauthenticated`, `not-permitted`.
 */
export async function authorizeList(db: Queries, by: Principal, permission: Permission): Promise<void> {
  if (by.kind === 'machine') return;
  const place = generalPlace(permission);
  await deciding({ by: by.user, permission, place }, () => decideOnList(db, by, permission));
}

/** Decides like `authorizeList` for a principal that was authenticated just now (`authorizeRequest`). */
export async function authorizeListRequest(
  db: Queries,
  by: TeamPrincipal,
  permission: Permission,
): Promise<void> {
  const place = generalPlace(permission);
  const known = standingWithoutQuery(place);
  await deciding({ by: by.user, permission, place }, () => decideOnList(db, by, permission, known));
}

/** Returns the place of a permission that concerns the server or the principal itself. */
function generalPlace(permission: Permission): 'server' | 'self' | undefined {
  const { on } = policy[permission];
  return on === 'server' || on === 'self' ? on : undefined;
}

async function decideOnList(
  db: Queries,
  by: TeamPrincipal,
  permission: Permission,
  known?: Standing,
): Promise<void> {
  const { on, roles } = policy[permission];
  const { isAdministrator } = known ?? (await assertCurrent(db, by));
  if (on === 'server' && !isAdministrator) throw roleDenied(permission, undefined, 'this server');
  if (on === 'self' && !(by.kind === 'user' && roles.includes('person')))
    throw roleDenied(permission, undefined, by.user);
  assertScope(by, permission);
  if (on === 'server' || on === 'self') assertTokenReaches(by, on, permission);
}

interface Found {
  readonly role: AnyRole | undefined;
  /** Names the object in messages. */
  readonly what: string;
  readonly workspace?: VisibleWorkspace;
}

async function find(
  db: Queries,
  by: TeamPrincipal,
  { isAdministrator }: Standing,
  place: Place,
): Promise<Found> {
  if (place === 'self') return { role: by.kind === 'user' ? 'person' : undefined, what: by.user };
  if (place === 'server') return { role: isAdministrator ? 'administrator' : undefined, what: 'this server' };
  if ('organization' in place) {
    const role = await roleInOrganization(db, by, place.organization);
    return { role, what: `organization ${place.organization}` };
  }
  const found = await findVisible(db, by, place.workspace);
  if (found === undefined) throw await workspaceNotFound(db, place.workspace, by);
  return { role: found.role, what: `workspace ${found.title}`, workspace: found };
}

/** Returns the role of a principal in an organization that it may see. Throws `organization-not-found`. */
async function roleInOrganization(db: Queries, by: TeamPrincipal, name: string): Promise<AnyRole> {
  const found = await permittedOrganizations(db, by, 'organizations:read')
    .leftJoin('organization_members', (join) =>
      join
        .onRef('organization_members.organization_id', '=', 'organizations.id')
        .on('organization_members.user_id', '=', by.id),
    )
    .select('organization_members.role')
    .where('organizations.name', '=', name)
    .executeTakeFirst();
  if (found === undefined) throw await organizationNotFound(db, name, by);
  return found.role ?? 'member'; // a service account
}

/** Creates the error for a name that no organization has, or none that the principal may see. */
export async function organizationNotFound(db: Queries, name: string, by: Principal): Promise<EscrowError> {
  const visible =
    by.kind === 'machine'
      ? db.selectFrom('organizations')
      : permittedOrganizations(db, by, 'organizations:read');
  const rows = await visible.select('organizations.name').orderBy('organizations.name').execute();
  const among = rows.map((organization) => organization.name);
  const detail = `There is no organization "${name}".`;
  return notFoundError('organization-not-found', detail, { name, among });
}

function roleDenied(permission: Permission, role: AnyRole | undefined, what: string): EscrowError {
  const { roles, on } = policy[permission];
  if (on === 'self')
    return new EscrowError(
      'not-permitted',
      `Permission ${permission} denied: a service account cannot have this permission.`,
      { hint: 'Use the account of a user.' },
    );
  if (on === 'server')
    return new EscrowError(
      'not-permitted',
      `Permission ${permission} denied on ${what}: you are not an administrator.`,
      { hint: 'Ask an administrator of the server to perform the operation.' },
    );
  const detail = `Permission ${permission} denied in ${what}`;
  return new EscrowError(
    'not-permitted',
    role === undefined ? `${detail}: you have no role there.` : `${detail}: your role is ${role}.`,
    {
      hint: `Ask an owner or admin of the organization or workspace for one of these roles: ${roles.join(', ')}.`,
    },
  );
}

/** Throws `not-permitted` unless the token of a request, if it has one, has the scope that the permission needs. */
function assertScope({ token }: TeamPrincipal, permission: Permission): void {
  const { scope } = policy[permission];
  if (token === undefined || (scope !== 'session' && token.scopes.includes(scope))) return;
  throw scope === 'session'
    ? new EscrowError(
        'not-permitted',
        `Permission ${permission} denied: a token cannot have this permission.`,
        {
          hint: 'Open the page of the server, sign in, and repeat the action there.',
        },
      )
    : new EscrowError(
        'not-permitted',
        `Permission ${permission} denied: the token does not have the scope ${scope}.`,
        { hint: `Use a token with the scope ${scope}.` },
      );
}

/** Throws `not-permitted` if the token is restricted to a workspace, and the permission concerns more than that. */
function assertTokenReaches({ token }: TeamPrincipal, place: Place, permission: Permission): void {
  if (token === undefined || token.workspaceId === null || permission === 'organizations:read') return;
  if (typeof place === 'object' && 'workspace' in place) return;
  throw new EscrowError(
    'not-permitted',
    `Permission ${permission} denied: the token is restricted to one workspace.`,
    { hint: 'Use a token that is not restricted to a workspace.' },
  );
}
