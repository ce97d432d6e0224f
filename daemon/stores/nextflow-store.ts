import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ComputeEnvironment } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { isDiskError } from '../host/disk-error.ts';
import { syncDirectory, writeDurable } from '../host/durable.ts';
import { assertPrivateDirectory, ensurePrivateDirectory } from '../host/private-directory.ts';
import { removeTree } from '../host/remove-durable.ts';
import { assertCarried, storeJson } from './nextflow-format.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import type { Finding, Placement, Store } from './store.ts';

const RUN_DIRECTORY = /^r[0-9a-z]+$/;

/**
 * A run directory of our own with a private Nextflow secrets store in it, for runs whose tasks see this file system.
 * design.md, "The run directory".
 */
export class NextflowStore implements Store {
  readonly kind = 'nextflow-store';
  readonly #runsDirectory: string;

  constructor(runsDirectory: string) {
    this.#runsDirectory = runsDirectory;
  }

  locate(run: string, { runsDirectory }: ComputeEnvironment): string {
    return join(runsDirectory ?? this.#runsDirectory, run);
  }

  check(secrets: ReadonlyMap<string, SecretValue>): void {
    assertCarried(secrets);
  }

  async place({ run, ledger, target, secrets }: Placement): Promise<void> {
    try {
      ensurePrivateDirectory(dirname(target));
      mkdirSync(target, { mode: 0o700 }); // fails where something is, even a dangling link
      assertPrivateDirectory(target);
      writeDurable(join(target, 'run.json'), JSON.stringify({ run, ledger, secrets: [...secrets.keys()] }));
      writeDurable(
        join(target, 'shim'),
        readFileSync(fileURLToPath(import.meta.resolve('#templates/shim.sh'))),
        0o700,
      );
      if (secrets.size > 0) writeDurable(join(target, 'store.json'), storeJson(secrets));
      // Last: until it is there the shim starts nothing.
      writeDurable(join(target, 'armed'), '');
      syncDirectory(dirname(target));
    } catch (error) {
      const reason = error instanceof EscrowError ? error.cause : error;
      if (error instanceof EscrowError && !isDiskError(reason)) throw error;
      throw new EscrowError(
        'store-unavailable',
        `"${target}" cannot be written: ${String(systemCode(reason))}.`,
        { cause: reason },
      );
    }
    return Promise.resolve();
  }

  async remove(target: string): Promise<void> {
    this.#assertOurs(target);
    removeTree(target);
    return Promise.resolve();
  }

  /** On NFS a file that is removed while open lives on as `.nfsXXXX` and holds its directory: then that is present. */
  async inspect(target: string): Promise<Finding> {
    this.#assertOurs(target);
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
      const listed = existsSync(dirname(target)) && readdirSync(dirname(target)).includes(basename(target));
      if (!listed)
        return Promise.resolve({
          state: 'absent',
          how: `${target} does not exist, nor does its directory list it`,
        });
    }
    return Promise.resolve({ state: 'present', how: `${target} exists` });
  }

  /** The target comes from the ledger; still nothing outside our own directory is ever looked at or removed. */
  #assertOurs(target: string): void {
    if (RUN_DIRECTORY.test(basename(target)) && target === join(dirname(target), basename(target))) return;
    throw new EscrowError('internal', `"${target}" is not a run directory.`);
  }
}
