import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { isRunDirectoryName } from '../contract/run-id.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Finding, LeaseLocation, LeaseRemover, NoteRecord } from '../stores/store.ts';
import { syncDirectory } from '../system/files/atomic-write.ts';
import { isDiskError } from '../system/files/disk-error.ts';
import { openDirectory, type OpenDirectory } from '../system/files/open-directory.ts';
import {
  assertPrivateDirectory,
  ensurePrivateDirectory,
  openPrivateDirectory,
} from '../system/files/private-directory.ts';
import { describeSystemError } from '../system/files/path-error.ts';
import { RUNS } from '../system/files/trust/trust-error.ts';
import { restoreAccessTo, restoreOwnerAccess } from '../system/files/restore-owner-access.ts';
import { noFaults, step, type FaultInjector } from '../system/steps.ts';
import { fillRunDirectory, type RunDirectoryContents } from './create.ts';
import { readExpiry, writeExpiry } from './expiry.ts';
import { HeldDirectories } from './held-directory.ts';
import { identityOf } from './identity.ts';
import { inspectRunDirectory } from './inspect.ts';
import { locateRunDirectory, type KnownDirectory } from './locate.ts';
import { newLocator, parseLocator, parseRecord, type DirectoryRecord } from './record.ts';
import { RunDirectoryRemoval } from './removal.ts';

/** A run directory that was found on disk, and its expiry. */
export interface FoundDirectory {
  readonly run: string;
  readonly location: LeaseLocation;
  /** When it may be removed even if it is unknown whether its run is alive (milliseconds since 1970). */
  readonly expiresAt: number;
}

/**
 * Creates, finds and removes run directories. Every run has one, even if its secrets are in another store. The locator of the
 * lease contains the parent's identity and the marker. The record contains the identities of the directory and of each file
 * with values. The daemon holds each directory open, to detect whether it was moved or deleted.
 */
export class RunDirectories implements LeaseRemover {
  readonly kind = 'run-directory';
  readonly #defaultParent: string;
  readonly #faults: FaultInjector;
  readonly #held = new HeldDirectories();

  /** `defaultParent`: parent of run directories unless the compute environment names another directory. */
  constructor(defaultParent: string, faults: FaultInjector = noFaults) {
    this.#defaultParent = defaultParent;
    this.#faults = faults;
  }

  /** Returns the absolute path of a run's directory, without creating it. */
  locate(run: string, { runsDirectory }: Pick<ComputeEnvironment, 'runsDirectory'>): string {
    return join(runsDirectory ?? this.#defaultParent, run);
  }

  /** Creates the parent directory if it is missing. Returns the locator. Idempotent. Throws `store-unavailable`. */
  async prepare(target: string): Promise<string> {
    try {
      ensurePrivateDirectory(dirname(target), RUNS);
      const parent = openPrivateDirectory(dirname(target), { purpose: RUNS });
      try {
        return newLocator(identityOf(parent));
      } finally {
        parent.close();
      }
    } catch (error) {
      throw writeError(dirname(target), error);
    }
  }

  /**
   * Creates a run directory with its contents, holds it, and returns its record for the ledger. Not idempotent: an existing
   * target is an error. The caller removes the target after any error. Throws `store-unavailable`, `permissions-too-open`.
   */
  async create(
    target: string,
    contents: RunDirectoryContents,
    locator: string | null = null,
  ): Promise<string> {
    let directory;
    try {
      await step(this.#faults, 'directory.make', () => {
        const parent = openPrivateDirectory(dirname(target), { purpose: RUNS, create: true });
        try {
          mkdirSync(parent.at(basename(target)), { mode: 0o700 }); // fails for any existing entry, even a dangling link
        } finally {
          parent.close();
        }
      });
      directory = openPrivateDirectory(target, { purpose: RUNS });
      const marker = parseLocator(locator)?.marker ?? randomBytes(16).toString('hex');
      const files = await fillRunDirectory(directory.self, contents, marker, this.#faults);
      await step(this.#faults, 'directory.sync', () => syncDirectory(dirname(target)));
      const record: DirectoryRecord = { directory: identityOf(directory), files };
      this.#held.add(target, openDirectory(`${directory.self}/.`), record);
      return JSON.stringify(record);
    } catch (error) {
      throw writeError(target, error);
    } finally {
      directory?.close();
    }
  }

  /** Holds the directory open. Does nothing if it is not accessible or not the recorded one. */
  hold({ target, locator, record }: LeaseLocation): void {
    const known = parseRecord(record);
    if (known === undefined || this.#held.get(target) !== undefined) return;
    let found;
    try {
      found = locateRunDirectory({ target, locator, record: known, held: undefined });
    } catch {
      return; // the removal reports the error when it is due
    }
    if (found.kind === 'here') this.#held.add(target, found.directory, known);
    else if (found.kind === 'replaced') found.directory?.close();
  }

  release({ target }: Pick<LeaseLocation, 'target'>): void {
    this.#held.release(target);
  }

  /** Closes all held directories. */
  close(): void {
    this.#held.close();
  }

  async remove(location: LeaseLocation, note?: NoteRecord): Promise<void> {
    const subject = { ...this.#known(location), noted: location.record };
    await new RunDirectoryRemoval(subject, this.#faults, note).run();
  }

  /** On NFS, a file that is unlinked while open remains as `.nfsXXXX` and keeps its directory, which counts as present. */
  async inspect(location: LeaseLocation): Promise<Finding> {
    return inspectRunDirectory(this.#known(location), true);
  }

  async inspectOnce(location: LeaseLocation): Promise<Finding> {
    return inspectRunDirectory(this.#known(location), false);
  }

  async renew({ target }: LeaseLocation, expiresAt: string): Promise<void> {
    assertRunDirectory(target);
    writeExpiry(this.reach(target), expiresAt);
  }

  /**
   * Returns a path that leads to a run directory now, also if it was moved: through its descriptor, if one is held. If the
   * directory was deleted or its file system is unmounted, returns the recorded path.
   */
  reach(target: string): string {
    return this.#heldWithName(target)?.self ?? target;
  }

  /** Restores the owner's access to a run directory that a task may have closed. */
  restoreAccess(target: string): void {
    const held = this.#heldWithName(target);
    if (held === undefined) restoreOwnerAccess(target);
    else restoreAccessTo(held.fd);
  }

  /**
   * Lists our run directories in `parent`. Throws Node's system error if it cannot be read, and `permissions-too-open` if
   * others could have created entries there.
   */
  async list(parent = this.#defaultParent): Promise<FoundDirectory[]> {
    const entries = readdirSync(parent, { withFileTypes: true });
    assertPrivateDirectory(parent, RUNS);
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

  #heldWithName(target: string): OpenDirectory | undefined {
    const held = this.#held.get(target);
    const where = held?.find(target)?.kind;
    return where === 'here' || where === 'moved' ? held?.directory : undefined;
  }

  #known({ target, locator, record }: LeaseLocation): KnownDirectory {
    assertRunDirectory(target);
    const held = this.#held.get(target);
    return { target, locator, record: held?.record ?? parseRecord(record), held };
  }
}

/** Throws unless the target is a run directory. Targets come from the ledger, but a removal must never go wrong. */
function assertRunDirectory(target: string): void {
  if (isRunDirectoryName(basename(target)) && target === join(dirname(target), basename(target))) return;
  throw new EscrowError('internal', `Cannot access "${target}": it is not a run directory.`);
}

/** Converts a disk error to `store-unavailable`. Other errors state their own reason. */
function writeError(path: string, error: unknown): EscrowError {
  const reason = error instanceof EscrowError ? error.cause : error;
  if (error instanceof EscrowError && !isDiskError(reason)) return error;
  return new EscrowError('store-unavailable', `Cannot write "${path}": ${describeSystemError(reason)}.`, {
    cause: reason,
  });
}
