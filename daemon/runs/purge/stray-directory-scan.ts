import { runFile } from '../../run-directory/layout.ts';
import { listComputeEnvironments } from '../../compute-envs/compute-environments.ts';
import type { ReceiptCheck } from '../../contract/types.ts';
import { asEscrowError, EscrowError, systemCode } from '../../errors.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { step } from '../../system/steps.ts';
import { record } from '../../ledger/journal.ts';
import type { FoundDirectory } from '../../run-directory/run-directories.ts';
import type { LeaseLocation, LeaseRemover } from '../../stores/store.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { Heartbeat } from '../../run-directory/heartbeat.ts';
import { leasesOf, locationOf } from '../records/queries.ts';

/** Inspects everything that was placed for a run. An object that cannot be inspected is `unknown`, with the reason. */
export async function inspectLeases(deps: RunDependencies, run: string): Promise<ReceiptCheck[]> {
  const leases = await leasesOf(deps.ledger.db, run);
  return Promise.all(
    leases.map(async (lease): Promise<ReceiptCheck> => {
      const { store, target } = lease;
      try {
        const finding = await deps.removers.get(store)?.inspectOnce(locationOf(lease));
        if (finding === undefined) throw new Error(`this version of nf-escrow has no store ${store}`);
        const { state, evidence } = finding;
        return { store, target, result: state === 'unverified' ? 'unknown' : state, evidence, at: now(deps) };
      } catch (error) {
        const { message: evidence } = asEscrowError(error);
        const code = error instanceof EscrowError ? { errorCode: error.code } : {};
        return { store, target, result: 'unknown', evidence, ...code, at: now(deps) };
      }
    }),
  );
}

/**
 * Removes objects of a purged run that exist again, after a power loss or the restore of a backup. Throws the errors of the
 * store.
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
 * How long a directory without a run must be seen expired and not alive, on the monotonic clock. If the wall clock is set
 * forward, all directories look expired at once.
 */
export const CONFIRM_MS = 5 * 60_000;

/** Scans run directories and removes stray ones. */
export class StrayDirectoryScan {
  readonly #deps: RunDependencies;
  /** Expired directories without a run, with the time of the first sighting. */
  readonly #expired = new Map<string, { since: number; readonly heartbeat: Heartbeat }>();

  constructor(deps: RunDependencies) {
    this.#deps = deps;
  }

  /**
   * Reviews all run directories, with or without a row in the ledger. Removes directories of purged runs. Removes a
   * directory without a run (the ledger was lost or restored from a backup) once it was seen expired for CONFIRM_MS. Keeps
   * directories of heads that may be alive. Returns whether some need another scan.
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
      notReviewed(this.#deps, location.target, error); // continues with the others
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

  /** Returns whether the expiry is confirmed. A head on another host holds no FIFO here, but its heartbeat changes. */
  #isBelieved(target: string): boolean {
    const clock = (): number => monotonic(this.#deps);
    const heartbeat = new Heartbeat(() => target, clock);
    const seen = this.#expired.get(target) ?? { since: clock(), heartbeat };
    this.#expired.set(target, seen);
    if (seen.heartbeat.isBeating()) seen.since = clock();
    return clock() - seen.since >= CONFIRM_MS;
  }
}

function notReviewed(deps: RunDependencies, path: string, error: unknown): void {
  const reason = asEscrowError(error).message;
  deps.log.error({ path, code: systemCode(error), reason, err: error }, 'cannot inspect run directory');
}

async function listed(deps: RunDependencies, within: string | undefined): Promise<FoundDirectory[]> {
  try {
    return await deps.runDirectories.list(within);
  } catch (error) {
    // The directory was never created, or its file system is not mounted.
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
  deps.log.warn({ run, target }, 'removed an object that had reappeared or belonged to no run');
  await write(deps, 'returned.record', (db) =>
    record(db, { run, type: 'lease.reappeared-removed', data: { target } }),
  );
}
