import { lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRunDirectoryName } from '../contract/run-id.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import type { Finding, LeaseLocation, LeaseRemover } from '../stores/store.ts';
import { syncDirectory } from '../system/files/atomic-write.ts';
import { isDiskError } from '../system/files/disk-error.ts';
import { ensurePrivateDirectory, openPrivateDirectory } from '../system/files/private-directory.ts';
import { RUNS } from '../system/files/trust/trust-error.ts';
import { removeTree } from '../system/files/remove-tree.ts';
import { restoreOwnerAccess } from '../system/files/restore-owner-access.ts';
import { noFaults, step, type FaultInjector } from '../system/steps.ts';
import { fillRunDirectory, type RunDirectoryContents } from './create.ts';
import { readExpiry, writeExpiry } from './expiry.ts';

/** A run directory that was found on disk, and its expiry. */
export interface FoundDirectory {
  readonly run: string;
  readonly location: LeaseLocation;
  /** When it may be removed even if it is unknown whether its run is alive (milliseconds since 1970). */
  readonly expiresAt: number;
}

/**
 * Creates, finds and removes run directories. Every run has one, wherever its secrets are. The locator of its lease is the
 * inode of the directory that holds it: NFS keeps inodes through an unmount and a reboot, but not device numbers.
 */
export class RunDirectories implements LeaseRemover {
  readonly kind = 'run-directory';
  readonly #defaultParent: string;
  readonly #faults: FaultInjector;

  /** `defaultParent`: where run directories are created unless the compute environment names another directory. */
  constructor(defaultParent: string, faults: FaultInjector = noFaults) {
    this.#defaultParent = defaultParent;
    this.#faults = faults;
  }

  /** Returns the absolute path of a run's directory, without creating it. */
  locate(run: string, { runsDirectory }: Pick<ComputeEnvironment, 'runsDirectory'>): string {
    return join(runsDirectory ?? this.#defaultParent, run);
  }

  /** Creates the parent directory if it is missing; returns the locator. Idempotent. Throws `store-unavailable`. */
  async prepare(target: string): Promise<string> {
    try {
      ensurePrivateDirectory(dirname(target), RUNS);
      return locatorOf(statSync(dirname(target)));
    } catch (error) {
      throw writeError(dirname(target), error);
    }
  }

  /**
   * Creates a run directory with its contents. Not idempotent on purpose: an existing target is an error. On any error the
   * caller removes the target. Throws `store-unavailable`, `permissions-too-open`.
   */
  async create(target: string, contents: RunDirectoryContents): Promise<void> {
    let directory;
    try {
      await step(this.#faults, 'directory.make', () => {
        const parent = openPrivateDirectory(dirname(target), { purpose: RUNS, create: true });
        try {
          mkdirSync(parent.at(basename(target)), { mode: 0o700 }); // fails if anything is there, even a dangling link
        } finally {
          parent.close();
        }
      });
      directory = openPrivateDirectory(target, { purpose: RUNS });
      await fillRunDirectory(directory.self, contents, this.#faults);
      await step(this.#faults, 'directory.sync', () => syncDirectory(dirname(target)));
    } catch (error) {
      throw writeError(target, error);
    } finally {
      directory?.close();
    }
  }

  async remove({ target, locator }: LeaseLocation): Promise<void> {
    assertRunDirectory(target);
    assertSameParent(target, locator);
    await removeTree(target, this.#faults);
  }

  /** On NFS, a file that is unlinked while it is open remains as `.nfsXXXX` and keeps its directory: that counts as present. */
  async inspect({ target, locator }: LeaseLocation): Promise<Finding> {
    assertRunDirectory(target);
    assertSameParent(target, locator);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      if (!readdirSync(dirname(target)).includes(basename(target)))
        return { state: 'absent', evidence: `${target} does not exist, nor does its directory list it` };
    }
    return { state: 'present', evidence: `${target} exists` };
  }

  async inspectOnce(location: LeaseLocation): Promise<Finding> {
    return this.inspect(location);
  }

  async renew({ target }: LeaseLocation, expiresAt: string): Promise<void> {
    assertRunDirectory(target);
    writeExpiry(target, expiresAt);
  }

  /** Lists our own run directories in `parent`. Throws Node's system error if it cannot be read. */
  async list(parent = this.#defaultParent): Promise<FoundDirectory[]> {
    const entries = readdirSync(parent, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isRunDirectoryName(entry.name))
      .flatMap(({ name }) => {
        const target = join(parent, name);
        if (lstatSync(target, { throwIfNoEntry: false })?.uid !== process.getuid?.()) return [];
        restoreOwnerAccess(target);
        const expiresAt = readExpiry(target);
        return expiresAt === undefined // another process may have removed it in the meantime
          ? []
          : [{ run: name, location: { target, locator: null, sentAt: null }, expiresAt }];
      });
  }
}

/** Targets come from the ledger; still, nothing but a run directory is ever inspected or removed. */
function assertRunDirectory(target: string): void {
  if (isRunDirectoryName(basename(target)) && target === join(dirname(target), basename(target))) return;
  throw new EscrowError('internal', `"${target}" is not a run directory.`);
}

function locatorOf({ ino }: { readonly ino: number }): string {
  return `inode ${String(ino)}`;
}

/** Throws unless the parent directory is the one in which the directory was created: only there can it be absent. */
function assertSameParent(target: string, locator: string | null): void {
  const found = statSync(dirname(target), { throwIfNoEntry: false });
  if (found !== undefined && (locator === null || locator === locatorOf(found))) return;
  const what = found === undefined ? 'does not exist' : 'is a different directory now';
  throw new EscrowError('store-unavailable', `"${dirname(target)}" ${what}: is its file system mounted?`);
}

/** A disk that cannot be written makes the store unavailable; other errors state their own reason. */
function writeError(path: string, error: unknown): EscrowError {
  const reason = error instanceof EscrowError ? error.cause : error;
  if (error instanceof EscrowError && !isDiskError(reason)) return error;
  return new EscrowError('store-unavailable', `"${path}" cannot be written: ${String(systemCode(reason))}.`, {
    cause: reason,
  });
}
