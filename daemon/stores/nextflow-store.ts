import { lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isPlacedId } from '../contract/run-id.ts';
import type { Carrier } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { isDiskError } from '../system/files/disk-error.ts';
import { syncDirectory } from '../system/files/atomic-write.ts';
import { letIn } from '../system/files/restore-owner-access.ts';
import { ensurePrivateDirectory, openPrivateDirectory } from '../system/files/private-directory.ts';
import { RUNS } from '../system/files/trust/trust-error.ts';
import { removeTree } from '../system/files/remove-tree.ts';
import { noFaults, step, type Faults } from '../system/steps.ts';
import { assertCarried } from '../run-directory/nextflow-format.ts';
import { fillRunDirectory, readExpiry, writeExpiry } from '../run-directory/create.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import type {
  DirectoryStore,
  Finding,
  FoundDirectory,
  Part,
  Place,
  Placement,
  References,
  Wanted,
} from './store.ts';

/**
 * A run directory of our own with the run's secrets in it, for runs whose tasks see this file system: a file each for our
 * plugin, a secrets store for a Nextflow without it. design.md, "The run directory".
 */
export class NextflowStore implements DirectoryStore {
  readonly kind = 'nextflow-store';
  readonly #runsDirectory: string;
  readonly #faults: Faults;

  constructor(runsDirectory: string, faults: Faults = noFaults) {
    this.#runsDirectory = runsDirectory;
    this.#faults = faults;
  }

  divide({ run, environment: { runsDirectory }, secrets }: Wanted): Part[] {
    return [{ target: join(runsDirectory ?? this.#runsDirectory, run), secrets }];
  }

  /** The plugin carries any bytes; Nextflow's own format does not. */
  check(secrets: ReadonlyMap<string, SecretValue>, { plugin, why }: Carrier): void {
    if (plugin === null) assertCarried(secrets, why);
  }

  async place(placement: Placement): Promise<References> {
    const { target } = placement;
    let directory;
    try {
      await step(this.#faults, 'directory.make', () => {
        const runs = openPrivateDirectory(dirname(target), { purpose: RUNS, create: true });
        try {
          mkdirSync(runs.at(basename(target)), { mode: 0o700 }); // fails where something is, even a dangling link
        } finally {
          runs.close();
        }
      });
      directory = openPrivateDirectory(target, { purpose: RUNS });
      await fillRunDirectory(directory.self, placement, this.#faults);
      await step(this.#faults, 'directory.sync', () => syncDirectory(dirname(target)));
    } catch (error) {
      throw unwritable(target, error);
    } finally {
      directory?.close();
    }
    return new Map(); // what is in here is found by its path
  }

  /** The runs directory, by its inode: NFS keeps that through an unmount and a reboot, and its device number it does not. */
  async prepare(target: string): Promise<string> {
    try {
      ensurePrivateDirectory(dirname(target), RUNS);
      return `inode ${String(statSync(dirname(target)).ino)}`;
    } catch (error) {
      throw unwritable(dirname(target), error);
    }
  }

  async remove({ target, anchor }: Place): Promise<void> {
    this.#assertOurs(target);
    assertInPlace(target, anchor);
    await removeTree(target, this.#faults);
  }

  /** On NFS a file that is removed while open lives on as `.nfsXXXX` and holds its directory: then that is present. */
  async inspect({ target, anchor }: Place): Promise<Finding> {
    this.#assertOurs(target);
    assertInPlace(target, anchor);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      if (!readdirSync(dirname(target)).includes(basename(target)))
        return { state: 'absent', how: `${target} does not exist, nor does its directory list it` };
    }
    return { state: 'present', how: `${target} exists` };
  }

  async look(place: Place): Promise<Finding> {
    return this.inspect(place);
  }

  async renew({ target }: Place, expiresAt: string): Promise<void> {
    this.#assertOurs(target);
    writeExpiry(target, expiresAt);
  }

  async list(within = this.#runsDirectory): Promise<FoundDirectory[]> {
    const entries = readdirSync(within, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isPlacedId(entry.name))
      .flatMap(({ name }) => {
        const target = join(within, name);
        if (lstatSync(target, { throwIfNoEntry: false })?.uid !== process.getuid?.()) return [];
        letIn(target);
        const expiresAt = readExpiry(target);
        // Who removes it may be faster than this.
        return expiresAt === undefined
          ? []
          : [{ run: name, place: { target, anchor: null, sentAt: null }, expiresAt }];
      });
  }

  /** The target comes from the ledger; still nothing outside our own directory is ever looked at or removed. */
  #assertOurs(target: string): void {
    if (isPlacedId(basename(target)) && target === join(dirname(target), basename(target))) return;
    throw new EscrowError('internal', `"${target}" is not a run directory.`);
  }
}

/** A disk that cannot be written is the store's trouble; what else stands in the way says so itself. */
function unwritable(path: string, error: unknown): EscrowError {
  const reason = error instanceof EscrowError ? error.cause : error;
  if (error instanceof EscrowError && !isDiskError(reason)) return error;
  return new EscrowError('store-unavailable', `"${path}" cannot be written: ${String(systemCode(reason))}.`, {
    cause: reason,
  });
}

/** Throws unless the runs directory is there, and the one into which was placed: only there can something be gone. */
function assertInPlace(target: string, anchor: string | null): void {
  const found = statSync(dirname(target), { throwIfNoEntry: false });
  if (found !== undefined && (anchor === null || anchor === `inode ${String(found.ino)}`)) return;
  const what = found === undefined ? 'is not there' : 'is another directory now';
  throw new EscrowError('store-unavailable', `"${dirname(target)}" ${what}: is its file system mounted?`);
}
