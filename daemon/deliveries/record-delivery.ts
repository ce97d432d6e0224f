import { authorize } from '../access/authorize.ts';
import { keyOf, type Principal } from '../access/principal.ts';
import { findWorkspace, titleOf, type WorkspaceScope } from '../access/scopes.ts';
import { findServerEnvironment } from '../compute-envs/server-environments.ts';
import type { ComputeEnvironment, DeliveryRequest } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Queries } from '../ledger/ledger.ts';
import { missedSeconds } from '../releases/availability.ts';
import { describeVersions, insertRelease } from '../releases/insert-release.ts';
import type { ReleasedVersion } from '../releases/payload.ts';
import type { PinnedVersion } from '../releases/pinned-versions.ts';
import { leaseTimes, timeIn, type Delivering } from './delivering.ts';

/** A delivery in the ledger. `pinned`: the versions to deliver; empty for a repeated request. */
export interface RecordedDelivery {
  readonly id: string;
  readonly isNew: boolean;
  readonly pinned: readonly PinnedVersion[];
  readonly environment: ComputeEnvironment;
}

/**
 * Records a delivery that a principal requests, or finds the one that an earlier request has recorded. Call it in a transaction. The audit
 * event is committed with it, before a value leaves the server. Throws the errors of `authorize`, `compute-environment-not-found`,
 * `compute-environment-invalid`, `secret-not-found`, `secret-changed`, `release-conflict`.
 */
export async function recordDelivery(
  deps: Delivering,
  db: Queries,
  by: Principal,
  request: DeliveryRequest,
  secrets: readonly ReleasedVersion[],
): Promise<RecordedDelivery> {
  const { workspace, run, expires, credentialHash } = request;
  await authorize(db, by, 'releases:create', { workspace });
  const scope = await findWorkspace(db, workspace, by);
  const found = await findServerEnvironment(db, scope, request.computeEnvironment);
  const environment = deps.complete(found.environment);
  const now = timeIn(deps.ledger);
  const inserted = await insertRelease(db, { by, run, recipient: '', expires, secrets, now }, scope);
  if (inserted === undefined)
    return { ...(await findRepeated(db, by, request, secrets, scope)), environment };
  const { id, pinned } = inserted;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('release_credentials')
    .values({ hash: credentialHash, release_id: id })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) throw conflict(request, 'has the credential of another run');
  const { lease, creation } = deps.times ?? leaseTimes;
  await db
    .insertInto('deliveries')
    .values({
      ...{
        id,
        scope_id: scope.id,
        environment_id: found.id,
        environment: environment.name,
        state: 'placing',
      },
      ...{ expires_at: timeIn(deps.ledger, lease), missed_seconds: await missedSeconds(db) },
      next_at: timeIn(deps.ledger, creation),
    })
    .execute();
  const data = {
    ...{ workspace: titleOf(scope), release: id, run, repeated: false },
    secrets: secrets.map(({ name, version }) => ({ name, version })),
    ...{ expires, computeEnvironment: environment.name },
  };
  await record(db, { type: 'secret.released', by: by.user, data });
  return { id, isNew: true, pinned, environment };
}

async function findRepeated(
  db: Queries,
  by: Principal,
  request: DeliveryRequest,
  secrets: readonly ReleasedVersion[],
  scope: WorkspaceScope,
): Promise<Omit<RecordedDelivery, 'environment'>> {
  const found = await db
    .selectFrom('releases')
    .leftJoin('deliveries', 'deliveries.id', 'releases.id')
    .select(['releases.id', 'releases.scope_id', 'releases.secrets', 'releases.expires_at'])
    .select('deliveries.environment')
    .where('principal_id', '=', keyOf(by))
    .where('run_id', '=', request.run)
    .executeTakeFirstOrThrow();
  if (found.environment === null) throw conflict(request, 'was sent to the daemon');
  const isSame =
    found.scope_id === scope.id &&
    found.environment === request.computeEnvironment &&
    found.secrets === describeVersions(secrets) &&
    found.expires_at === request.expires;
  if (!isSame) throw conflict(request, 'has other secrets, another compute environment or another expiry');
  const credential = await db
    .selectFrom('release_credentials')
    .select('hash')
    .where('release_id', '=', found.id)
    .where('hash', '=', request.credentialHash)
    .executeTakeFirst();
  if (credential === undefined) throw conflict(request, 'has another credential');
  return { id: found.id, isNew: false, pinned: [] };
}

/** Creates the error of a request that differs from the one that was carried out for the run, or of one that cannot be repeated. */
export function conflict({ run }: Pick<DeliveryRequest, 'run'>, why: string): EscrowError {
  return new EscrowError('release-conflict', `Cannot deliver secrets to run ${run}: its release ${why}.`);
}
