import { notAuthenticated } from '../access/assert-current.ts';
import { authorize } from '../access/authorize.ts';
import { keyOf, type Principal } from '../access/principal.ts';
import type { DeliveryState } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Queries } from '../ledger/ledger.ts';
import { requestRemoval } from '../releases/delivery-rows.ts';
import { hashOfCredential, isReleaseCredential } from '../releases/release-credential.ts';
import { step } from '../system/steps.ts';
import { timeIn, type Delivering } from './delivering.ts';
import { describeDelivery, findRelease, type ReleaseRow } from './describe-delivery.ts';

/**
 * Requests the removal of what the server has delivered to a run whose daemon has this credential. The removal itself happens in the
 * background, by any replica, and is retried until it succeeds. Idempotent. `release`: its id, or that of the run, because the
 * response with the first may be lost. Throws `unauthenticated` for a credential that this delivery does not have.
 */
export async function endDelivery(
  deps: Pick<Delivering, 'ledger' | 'faults' | 'wake'>,
  release: string,
  credential: string | undefined,
): Promise<DeliveryState> {
  const id = await findOfCredential(deps.ledger.db, release, credential);
  const isChanged = await step(deps.faults, 'delivery.end', () =>
    deps.ledger.write((db) => requestRemoval(db, id, 'run-ended', timeIn(deps.ledger))),
  );
  if (isChanged) deps.wake();
  return describeDelivery(deps.ledger.db, id);
}

/** Returns the state of a delivery to the daemon that has its credential. Throws `unauthenticated`. */
export async function readDelivery(
  { ledger: { db } }: Pick<Delivering, 'ledger'>,
  release: string,
  credential: string | undefined,
): Promise<DeliveryState> {
  return describeDelivery(db, await findOfCredential(db, release, credential));
}

/**
 * Requests the removal of what the server has delivered to a run, as a principal who may manage the run. Throws `release-not-found`,
 * `not-permitted`, `request-unprocessable` if the daemon of the run delivered the secrets itself, and `run-alive`
 * if the run may be alive and `force` is not set.
 */
export async function purgeRelease(
  deps: Pick<Delivering, 'ledger' | 'faults' | 'wake'>,
  by: Principal,
  release: string,
  { force = false }: { readonly force?: boolean },
): Promise<DeliveryState> {
  const { ledger, faults, wake } = deps;
  const id = await step(faults, 'delivery.end', () =>
    ledger.write(async (db) => {
      const found = await findRelease(db, by, release);
      const permission = found.principal_id === keyOf(by) ? 'runs:manage' : 'runs:manage_all';
      await authorize(db, by, permission, { workspace: found.workspace });
      await assertRemovable(db, found, force);
      if (!(await requestRemoval(db, found.id, 'requested', timeIn(ledger)))) return found.id;
      const { workspace, run_id: run } = found;
      const data = { workspace, release: found.id, run, force };
      await record(db, { type: 'release.purge-requested', by: by.user, data });
      return found.id;
    }),
  );
  wake();
  return describeDelivery(ledger.db, id);
}

async function assertRemovable(
  db: Queries,
  { id, run_id: run, state }: ReleaseRow,
  force: boolean,
): Promise<void> {
  const delivery = await db.selectFrom('deliveries').select('state').where('id', '=', id).executeTakeFirst();
  if (delivery === undefined)
    throw new EscrowError(
      'request-unprocessable',
      `Cannot remove the secrets of run ${run}: its daemon has delivered them.`,
      { hint: `Remove them there: nf-escrow runs purge ${run}` },
    );
  const isOver = state === 'ended' || state === 'purged' || delivery.state === 'removed';
  if (isOver || delivery.state === 'removing' || force) return;
  throw new EscrowError(
    'run-alive',
    `Cannot remove the secrets of run ${run}: according to its daemon, it has not ended, so its tasks may still read them.`,
    { hint: 'Wait until the run has ended, or add --force.' },
  );
}

async function findOfCredential(
  db: Queries,
  release: string,
  credential: string | undefined,
): Promise<string> {
  if (credential === undefined || !isReleaseCredential(credential)) throw notAuthenticated(); // without a query
  const found = await db
    .selectFrom('release_credentials')
    .innerJoin('deliveries', 'deliveries.id', 'release_credentials.release_id')
    .innerJoin('releases', 'releases.id', 'release_credentials.release_id')
    .select('releases.id')
    .where('hash', '=', hashOfCredential(credential))
    .where((where) => where.or([where('releases.id', '=', release), where('releases.run_id', '=', release)]))
    .executeTakeFirst();
  if (found === undefined) throw notAuthenticated();
  return found.id;
}
