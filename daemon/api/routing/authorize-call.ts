import type { Request } from 'express';
import { authorizeListRequest, authorizeRequest, type Grant } from '../../access/authorize.ts';
import type { Place } from '../../access/places.ts';
import { policy } from '../../access/policy.ts';
import { EscrowError } from '../../errors.ts';
import { findPermittedRun } from '../../runs/records/permitted-runs.ts';
import type { Served } from '../served.ts';
import type { Operation } from './operation.ts';

type Parameters = Readonly<Record<string, string>>;

interface AuthorizedCall {
  readonly params: Parameters;
  readonly grant?: Grant;
}

/**
 * Checks that the principal of a request may use an operation, and returns the parameters of its path, and why it is permitted if the path
 * names an object of a team server. `run` becomes the id of a run that the principal may see, so that no handler can find another
 * one by a name or a prefix. For the user of a daemon, nothing is read, and the parameters stay as they are.
 *
 * Throws `user-daemon-required`, and the errors of `authorize`.
 */
export async function authorizeCall(
  one: Pick<Operation, 'access' | 'permission' | 'method' | 'path'>,
  request: Request,
  { identify, ledger: { db } }: Pick<Served, 'identify' | 'ledger'>,
): Promise<AuthorizedCall> {
  const params = request.params as Parameters;
  if (one.access === 'public' || one.access === 'session') return { params };
  // Both check a credential themselves.
  if ((one.access === 'release' || one.access === 'sign-in') && !isFromMachineUser(request, identify))
    return { params };
  const by = identify(request);
  if (by.kind === 'machine') return { params };
  const { permission } = one;
  if (permission === undefined)
    throw new EscrowError('user-daemon-required', `Cannot use ${routeOf(one)} on a team server.`);
  const { run } = params;
  if (run !== undefined)
    return { params: { ...params, run: await findPermittedRun(db, by, permission, run) } };
  const place = placeOf(params, policy[permission].on);
  if (place !== undefined) return { params, grant: await authorizeRequest(db, by, permission, place) };
  await authorizeListRequest(db, by, permission);
  return { params };
}

/**
 * Throws `team-server-required` for an operation that the daemon of a user does not have. Call it for a valid request, so that an
 * invalid one is rejected as on a team server.
 */
export function assertServed(
  one: Pick<Operation, 'ofTeamServer' | 'method' | 'path'>,
  request: Request,
  { identify }: Pick<Served, 'identify'>,
): void {
  if (one.ofTeamServer === true && isFromMachineUser(request, identify))
    throw new EscrowError('team-server-required', `Cannot use ${routeOf(one)} on the daemon of a user.`);
}

function routeOf({ method, path }: Pick<Operation, 'method' | 'path'>): string {
  return `${method.toUpperCase()} ${path}`;
}

/** A request with the credential of a release has no principal, except on the daemon of a user, who makes all requests. */
function isFromMachineUser(request: Request, identify: Served['identify']): boolean {
  try {
    return identify(request).kind === 'machine';
  } catch {
    return false;
  }
}

/** Returns the object that the parameters name, or undefined if the operation concerns several or names it in its body. */
function placeOf(
  { organization, workspace }: Parameters,
  on: (typeof policy)[keyof typeof policy]['on'],
): Place | undefined {
  if (on === 'server' || on === 'self') return on;
  if (organization === undefined) return undefined;
  if (on === 'organization') return { organization };
  return workspace === undefined ? undefined : { workspace: `${organization}/${workspace}` };
}
