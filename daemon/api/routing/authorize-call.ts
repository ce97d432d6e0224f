import type { Request } from 'express';
import { authorize, authorizeList, type Place } from '../../access/authorize.ts';
import { policy } from '../../access/policy.ts';
import { EscrowError } from '../../errors.ts';
import { findPermittedRun } from '../../runs/records/permitted-runs.ts';
import type { Served } from '../served.ts';
import type { Operation } from './operation.ts';

type Parameters = Readonly<Record<string, string>>;

/**
 * Checks that the principal of a request may use an operation, and returns the parameters of its path. `run` becomes the id of
 * a run that the principal may see, so that no handler can find another one by a name or a prefix. For the user of a daemon,
 * nothing is read, and the parameters stay as they are.
 *
 * Throws `team-server-required`, `user-daemon-required`, and the errors of `authorize`.
 */
export async function authorizeCall(
  one: Pick<Operation, 'access' | 'permission' | 'ofTeamServer' | 'method' | 'path'>,
  request: Request,
  { identify, ledger: { db } }: Pick<Served, 'identify' | 'ledger'>,
): Promise<Parameters> {
  const params = request.params as Parameters;
  if (one.access === 'public' || one.access === 'session') return params;
  const by = identify(request);
  const route = `${one.method.toUpperCase()} ${one.path}`;
  if (by.kind === 'machine') {
    if (one.ofTeamServer === true)
      throw new EscrowError('team-server-required', `Cannot use ${route} on the daemon of a user.`);
    return params;
  }
  const { permission } = one;
  if (permission === undefined)
    throw new EscrowError('user-daemon-required', `Cannot use ${route} on a team server.`);
  const { run } = params;
  if (run !== undefined) return { ...params, run: await findPermittedRun(db, by, permission, run) };
  const place = placeOf(params, policy[permission].on);
  if (place === undefined) await authorizeList(db, by, permission);
  else await authorize(db, by, permission, place);
  return params;
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
