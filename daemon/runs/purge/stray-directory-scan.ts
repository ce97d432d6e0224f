import { runFile } from '../../run-directory/layout.ts';
import { listComputeEnvironments } from '../../compute-envs/compute-environments.ts';
import type { ReceiptCheck } from '../../contract/types.ts';
import { asEscrowError, systemCode } from '../../errors.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { step } from '../../system/steps.ts';
import { record } from '../../ledger/journal.ts';
import type { FoundDirectory } from '../../run-directory/run-directories.ts';
import type { LeaseLocation, LeaseRemover } from '../../stores/store.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { Heartbeat } from '../../run-directory/heartbeat.ts';
import { leasesOf, locationOf } from '../records/queries.ts';

/** Looks now at everything that was placed for a run. What cannot be looked for is `unknown`, with the reason. */
export async function inspectLeases(deps: RunDependencies, run: string): Promise<ReceiptCheck[]> {
  const leases = await leasesOf(deps.ledger.db, run);
  return Promise.all(
    leases.map(async (lease): Promise<ReceiptCheck> => {
      const { store, target } = lease;
      try {
        const finding = await deps.removers.get(store)?.inspectOnce(locationOf(lease));
        if (finding === undefined) throw new Error(`this nf-escrow has no store ${store}`);
        const { state, evidence } = finding;
        return { store, target, result: state === 'unverified' ? 'unknown' : state, evidence, at: now(deps) };
      } catch (error) {
        return { store, target, result: 'unknown', evidence: asEscrowError(error).message, at: now(deps) };
      }
    }),
  );
}

/**
 * Removes what is there again of a purged run: a disk that lost power may bring back what was removed, and so may who
 * restores a backup. Throws as the store does.
 */
export async function removeReappeared(deps: RunDependencies, run: string): Promise<void> {
  await deps.removals.run(run, async () => {
    for (const lease of await leasesOf(deps.ledger.db, run)) {
      const store = deps.removers.get(lease.store);
      if (store !== undefined) await removeFound(deps, store, run, locationOf(lease));
    }
  });
}

/**
 * So long a directory that no run owns has to be seen past its expiry and not alive, by a clock that nobody sets: a wall
 * clock that is set forward makes all of them look old at once.
 */
export const CONFIRM_MS = 5 * 60_000;

/** Looks at run directories, again and again. */
export class StrayDirectoryScan {
  readonly #deps: RunDependencies;
  /** Those that no run owns and that are past their expiry: since when they were seen so, and no heartbeat of theirs. */
  readonly #expired = new Map<string, { since: number; readonly heartbeat: Heartbeat }>();

  constructor(deps: RunDependencies) {
    this.#deps = deps;
  }

  /**
   * Looks at every run directory that there is, with a row of the ledger or without one. One whose run is purged has come
   * back, and goes. So does one that no run of this ledger owns (the ledger was lost, or restored from a backup), once it
   * was found past its expiry in two looks that are BELIEVED_MS apart. Whoever may be alive keeps what it has. True: some
   * wait for their second look.
   */
  async scan(): Promise<boolean> {
    const environments = await listComputeEnvironments(this.#deps.ledger.db);
    const elsewhere = new Set(environments.flatMap(({ runsDirectory }) => runsDirectory ?? []));
    const targets = new Set<string>();
    for (const within of [undefined, ...elsewhere])
      for (const found of await listed(this.#deps, within)) {
        targets.add(found.location.target);
        await this.#review(found);
      }
    for (const target of this.#expired.keys()) if (!targets.has(target)) this.#expired.delete(target);
    return this.#expired.size > 0;
  }

  async #review(found: FoundDirectory): Promise<void> {
    const { location, run } = found;
    try {
      await this.#deps.removals.run(run, async () => {
        if (!(await this.#mayGo(found))) return;
        await removeFound(this.#deps, this.#deps.runDirectories, run, location);
        this.#expired.delete(location.target);
      });
    } catch (error) {
      notReviewed(this.#deps, location.target, error); // it keeps no other from being looked at
    }
  }

  async #mayGo({ run, location: { target }, expiresAt }: FoundDirectory): Promise<boolean> {
    const isHeld = fifoState(runFile(target, 'alive')) === 'held';
    const { db } = this.#deps.ledger;
    const row = await db.selectFrom('runs').select('state').where('id', '=', run).executeTakeFirst();
    if (!isHeld && row === undefined && expiresAt < this.#deps.clock().getTime())
      return this.#isBelieved(target);
    this.#expired.delete(target);
    return !isHeld && row?.state === 'purged';
  }

  /** A head on another host holds no FIFO that we could see: its shim counts on between two looks. */
  #isBelieved(target: string): boolean {
    const clock = (): number => monotonic(this.#deps);
    const seen = this.#expired.get(target) ?? { since: clock(), heartbeat: new Heartbeat(target, clock) };
    this.#expired.set(target, seen);
    if (seen.heartbeat.isBeating()) seen.since = clock();
    return clock() - seen.since >= CONFIRM_MS;
  }
}

function notReviewed(deps: RunDependencies, path: string, error: unknown): void {
  const reason = asEscrowError(error).message;
  deps.log.error({ path, code: systemCode(error), reason, err: error }, 'not reviewed; there is another');
}

async function listed(deps: RunDependencies, within: string | undefined): Promise<FoundDirectory[]> {
  try {
    return await deps.runDirectories.list(within);
  } catch (error) {
    // Nothing was ever placed there, or its file system is away.
    if (systemCode(error) !== 'ENOENT') notReviewed(deps, within ?? 'the runs directory', error);
    return [];
  }
}

async function removeFound(
  deps: RunDependencies,
  store: LeaseRemover,
  run: string,
  place: LeaseLocation,
): Promise<void> {
  const { target } = place;
  if ((await step(deps.faults, 'lease.inspect', () => store.inspectOnce(place))).state !== 'present') return;
  await step(deps.faults, 'returned.remove', () => store.remove(place));
  deps.log.warn({ run, target }, 'what was there again, or belonged to no run, was removed');
  await write(deps, 'returned.record', (db) =>
    record(db, { run, type: 'lease.reappeared-removed', data: { target } }),
  );
}
