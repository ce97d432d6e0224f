import { asEscrowError } from '../../errors.ts';
import { step } from '../../system/steps.ts';
import { record } from '../../ledger/journal.ts';
import { dropUnneededVersions } from '../../vault/vault.ts';
import { now, write, type Engine } from '../dependencies.ts';
import { leasesOf, type LeaseRow } from '../records/queries.ts';
import { moveLease, moveRun } from '../records/states.ts';

/**
 * Takes back everything that was placed for a run that has ended, and checks that it is gone. What cannot be removed
 * stays in the ledger with the reason and is tried again later: this never throws for it. Repeatable.
 */
export async function purgeRun(engine: Engine, id: string): Promise<void> {
  await engine.removals.run(id, () => purge(engine, id));
}

/** Removes a run's leases, whatever state the run is in: who calls this has asked whether that may be. */
export async function removeLeases(engine: Engine, id: string): Promise<void> {
  await engine.removals.run(id, () => remove(engine, id));
}

async function purge(engine: Engine, id: string): Promise<void> {
  await remove(engine, id);
  const leases = await leasesOf(engine.ledger.db, id);
  if (leases.some(({ state }) => state !== 'gone')) return;
  await write(engine, 'run.record-purged', async (db) => {
    const run = await db.selectFrom('runs').select('state').where('id', '=', id).executeTakeFirstOrThrow();
    if (run.state !== 'ended') return;
    await moveRun(db, id, 'purged', { purged_at: now(engine) });
    const pins = await db.deleteFrom('pins').where('run_id', '=', id).returning(['secret_id']).execute();
    for (const { secret_id } of pins) {
      const secret = await db
        .selectFrom('secrets')
        .select('version')
        .where('id', '=', secret_id)
        .executeTakeFirst();
      await dropUnneededVersions(db, secret_id, secret?.version);
    }
  });
}

async function remove(engine: Engine, id: string): Promise<void> {
  const left = async (): Promise<LeaseRow[]> =>
    (await leasesOf(engine.ledger.db, id)).filter(({ state }) => state !== 'gone');
  const isSwitch = ({ store }: LeaseRow): boolean => store === engine.deadMan.kind;
  const leases = await left();
  await removeAll(
    engine,
    leases.filter((lease) => !isSwitch(lease)),
  );
  // A switch goes last: while a secret cannot be removed, it may be what removes it.
  if ((await left()).every(isSwitch)) await removeAll(engine, leases.filter(isSwitch));
}

/** All are waited for, whatever becomes of one: no removal may go on behind the back of the next try. */
async function removeAll(engine: Engine, leases: readonly LeaseRow[]): Promise<void> {
  const results = await Promise.allSettled(leases.map((lease) => removeLease(engine, lease)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function removeLease(engine: Engine, lease: LeaseRow): Promise<void> {
  await write(engine, 'lease.record-removing', async (db) => {
    // The try is counted before it is made, so that one which kills us is counted too.
    await db
      .updateTable('leases')
      .set({ tries: lease.tries + 1 })
      .where('id', '=', lease.id)
      .execute();
    if (lease.state !== 'removing') await moveLease(db, lease, 'removing');
  });
  try {
    const store = engine.stores.get(lease.store);
    if (store === undefined) throw new Error(`this nf-escrow has no store ${lease.store}`);
    const place = { target: lease.target, anchor: lease.anchor, sentAt: lease.sent_at };
    await step(engine.faults, 'lease.remove', () => store.remove(place));
    const finding = await step(engine.faults, 'lease.inspect', () => store.inspect(place));
    if (finding.state === 'present') throw new Error(finding.how);
    await write(engine, 'lease.record-gone', (db) =>
      moveLease(db, lease, 'gone', { gone_at: now(engine), check_result: finding.how, last_error: null }),
    );
  } catch (error) {
    const { message } = asEscrowError(error);
    if (message === lease.last_error) return; // said already; it is tried again for as long as it takes
    engine.log.error(
      { run: lease.run_id, target: lease.target, reason: message },
      'removal failed; it will be tried again',
    );
    await write(engine, 'lease.record-failed', async (db) => {
      await db.updateTable('leases').set({ last_error: message }).where('id', '=', lease.id).execute();
      const data = { target: lease.target, reason: message };
      await record(db, { run: lease.run_id, type: 'lease.removal-failed', data });
    });
  }
}
