import { join } from 'node:path';
import { listComputeEnvironments } from '../compute-envs/compute-environments.ts';
import type { ReceiptCheck } from '../contract/types.ts';
import { asEscrowError, systemCode } from '../errors.ts';
import { fifoState } from '../host/fifo.ts';
import { step } from '../host/steps.ts';
import { record } from '../ledger/journal.ts';
import type { FoundDirectory, Place, Removal } from '../stores/store.ts';
import { now, write, type Engine } from './engine.ts';
import { leasesOf, type LeaseRow } from './queries.ts';

/** Looks now at everything that was placed for a run. What cannot be looked for is `unknown`, with the reason. */
export async function lookAgain(engine: Engine, run: string): Promise<ReceiptCheck[]> {
  const leases = await leasesOf(engine.ledger.db, run);
  return Promise.all(
    leases.map(async (lease): Promise<ReceiptCheck> => {
      const { store, target } = lease;
      try {
        const finding = await engine.stores.get(store)?.look(placeOf(lease));
        if (finding === undefined) throw new Error(`this nf-escrow has no store ${store}`);
        return { store, target, found: finding.state, how: finding.how, at: now(engine) };
      } catch (error) {
        return { store, target, found: 'unknown', how: asEscrowError(error).message, at: now(engine) };
      }
    }),
  );
}

/**
 * Removes what is there again of a purged run: a disk that lost power may bring back what was removed, and so may who
 * restores a backup. Throws as the store does.
 */
export async function removeReturned(engine: Engine, run: string): Promise<void> {
  await engine.removals.run(run, async () => {
    for (const lease of await leasesOf(engine.ledger.db, run)) {
      const store = engine.stores.get(lease.store);
      if (store !== undefined) await removeFound(engine, store, run, placeOf(lease));
    }
  });
}

/**
 * Looks at every run directory that there is, with a row of the ledger or without one. One whose run is purged has come
 * back, and goes. So does one that no run of this ledger owns (the ledger was lost, or restored from a backup), once its
 * expiry is past. Whoever may be alive keeps what it has.
 */
export async function reviewDirectories(engine: Engine): Promise<void> {
  const environments = await listComputeEnvironments(engine.ledger.db);
  const elsewhere = new Set(environments.flatMap(({ runsDirectory }) => runsDirectory ?? []));
  for (const within of [undefined, ...elsewhere])
    for (const found of await listed(engine, within))
      try {
        await engine.removals.run(found.run, async () => {
          if (await mayGo(engine, found))
            await removeFound(engine, engine.runDirectories, found.run, found.place);
        });
      } catch (error) {
        notReviewed(engine, found.place.target, error); // it keeps no other from being looked at
      }
}

function notReviewed(engine: Engine, path: string, error: unknown): void {
  const reason = asEscrowError(error).message;
  engine.log.error({ path, code: systemCode(error), reason, err: error }, 'not reviewed; there is another');
}

async function listed(engine: Engine, within: string | undefined): Promise<FoundDirectory[]> {
  try {
    return await engine.runDirectories.list(within);
  } catch (error) {
    // Nothing was ever placed there, or its file system is away.
    if (systemCode(error) !== 'ENOENT') notReviewed(engine, within ?? 'the runs directory', error);
    return [];
  }
}

async function mayGo(engine: Engine, { run, place, expiresAt }: FoundDirectory): Promise<boolean> {
  if (fifoState(join(place.target, 'alive')) === 'held') return false;
  const row = await engine.ledger.db
    .selectFrom('runs')
    .select('state')
    .where('id', '=', run)
    .executeTakeFirst();
  if (row !== undefined) return row.state === 'purged';
  return expiresAt < engine.clock().getTime();
}

async function removeFound(engine: Engine, store: Removal, run: string, place: Place): Promise<void> {
  const { target } = place;
  if ((await step(engine.faults, 'lease.inspect', () => store.look(place))).state === 'absent') return;
  await step(engine.faults, 'returned.remove', () => store.remove(place));
  engine.log.warn({ run, target }, 'what was there again, or belonged to no run, was removed');
  await write(engine, 'returned.record', (db) =>
    record(db, { run, type: 'lease.removed-again', data: { target } }),
  );
}

function placeOf({ target, anchor, sent_at: sentAt }: LeaseRow): Place {
  return { target, anchor, sentAt };
}
