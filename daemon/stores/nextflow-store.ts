import { lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRunDirectoryName } from '../contract/run-id.ts';
import type { SecretDelivery } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { isDiskError } from '../system/files/disk-error.ts';
import { syncDirectory } from '../system/files/atomic-write.ts';
import { restoreOwnerAccess } from '../system/files/restore-owner-access.ts';
import { assertPrivateDirectory, ensurePrivateDirectory } from '../system/files/private-directory.ts';
import { removeTree } from '../system/files/remove-tree.ts';
import { noFaults, step, type FaultInjector } from '../system/steps.ts';
import { assertFitsNextflowFormat } from '../run-directory/nextflow-format.ts';
import { fillRunDirectory, readExpiry, writeExpiry } from '../run-directory/create.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import type {
  DirectoryStore,
  Finding,
  FoundDirectory,
  Bundle,
  LeaseLocation,
  Placement,
  References,
  DeliveryRequest,
} from './store.ts';

/**
 * A run directory of our own with the run's secrets in it, for runs whose tasks see this file system: a file each for our
 * plugin, a secrets store for a Nextflow without it. design.md, "The run directory".
 */
export class NextflowStore implements DirectoryStore {
  readonly kind = 'run-directory';
  readonly #runsDirectory: string;
  readonly #faults: FaultInjector;

  constructor(runsDirectory: string, faults: FaultInjector = noFaults) {
    this.#runsDirectory = runsDirectory;
    this.#faults = faults;
  }

  split({ run, environment: { runsDirectory }, secrets }: DeliveryRequest): Bundle[] {
    return [{ target: join(runsDirectory ?? this.#runsDirectory, run), secrets }];
  }

  /** The plugin carries any bytes; Nextflow's own format does not. */
  check(secrets: ReadonlyMap<string, SecretValue>, { plugin, reason: why }: SecretDelivery): void {
    if (plugin === null) assertFitsNextflowFormat(secrets, why);
  }

  async place(placement: Placement): Promise<References> {
    const { target } = placement;
    try {
      await step(this.#faults, 'directory.make', () => {
        ensurePrivateDirectory(dirname(target));
        mkdirSync(target, { mode: 0o700 }); // fails where something is, even a dangling link
      });
      assertPrivateDirectory(target);
      await fillRunDirectory(target, placement, this.#faults);
      await step(this.#faults, 'directory.sync', () => syncDirectory(dirname(target)));
    } catch (error) {
      throw unwritable(target, error);
    }
    return new Map(); // what is in here is found by its path
  }

  /** The runs directory, by its inode: NFS keeps that through an unmount and a reboot, and its device number it does not. */
  async prepare(target: string): Promise<string> {
    try {
      ensurePrivateDirectory(dirname(target));
      return `inode ${String(statSync(dirname(target)).ino)}`;
    } catch (error) {
      throw unwritable(dirname(target), error);
    }
  }

  async remove({ target, locator }: LeaseLocation): Promise<void> {
    this.#assertOurs(target);
    assertInPlace(target, locator);
    await removeTree(target, this.#faults);
  }

  /** On NFS a file that is removed while open lives on as `.nfsXXXX` and holds its directory: then that is present. */
  async inspect({ target, locator }: LeaseLocation): Promise<Finding> {
    this.#assertOurs(target);
    assertInPlace(target, locator);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      if (!readdirSync(dirname(target)).includes(basename(target)))
        return { state: 'absent', evidence: `${target} does not exist, nor does its directory list it` };
    }
    return { state: 'present', evidence: `${target} exists` };
  }

  async inspectOnce(place: LeaseLocation): Promise<Finding> {
    return this.inspect(place);
  }

  async renew({ target }: LeaseLocation, expiresAt: string): Promise<void> {
    this.#assertOurs(target);
    writeExpiry(target, expiresAt);
  }

  async list(within = this.#runsDirectory): Promise<FoundDirectory[]> {
    const entries = readdirSync(within, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isRunDirectoryName(entry.name))
      .flatMap(({ name }) => {
        const target = join(within, name);
        if (lstatSync(target, { throwIfNoEntry: false })?.uid !== process.getuid?.()) return [];
        restoreOwnerAccess(target);
        const expiresAt = readExpiry(target);
        // Who removes it may be faster than this.
        return expiresAt === undefined
          ? []
          : [{ run: name, place: { target, locator: null, sentAt: null }, expiresAt }];
      });
  }

  /** The target comes from the ledger; still nothing outside our own directory is ever looked at or removed. */
  #assertOurs(target: string): void {
    if (isRunDirectoryName(basename(target)) && target === join(dirname(target), basename(target))) return;
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
function assertInPlace(target: string, locator: string | null): void {
  const found = statSync(dirname(target), { throwIfNoEntry: false });
  if (found !== undefined && (locator === null || locator === `inode ${String(found.ino)}`)) return;
  const what = found === undefined ? 'is not there' : 'is another directory now';
  throw new EscrowError('store-unavailable', `"${dirname(target)}" ${what}: is its file system mounted?`);
}
