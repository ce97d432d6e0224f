import { unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { EscrowError } from '../errors.ts';
import type { NoteRecord } from '../stores/store.ts';
import type { OpenDirectory } from '../system/files/open-directory.ts';
import { emptyDirectory, removeEmpty } from '../system/files/remove-tree.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { SecretErasure } from './erase-secrets.ts';
import { locateByPath, locateRunDirectory, type KnownDirectory, type Located } from './locate.ts';
import type { DirectoryRecord } from './record.ts';

const OTHERS = 0o077n;
const MODE = 0o777n;

/**
 * Removes one run directory. First erases the files with values, by inode, and records the result before any name is removed,
 * so that the removal can continue after a crash. Then removes the directory, even if it was moved.
 */
export class RunDirectoryRemoval {
  readonly #known: KnownDirectory;
  readonly #faults: FaultInjector;
  readonly #note: NoteRecord | undefined;
  #record: DirectoryRecord | undefined;
  /** The record as the ledger has it. */
  #noted: string | null | undefined;

  constructor(
    known: KnownDirectory & { readonly noted: string | null | undefined },
    faults: FaultInjector,
    note: NoteRecord | undefined,
  ) {
    this.#noted = known.noted;
    this.#known = known;
    this.#faults = faults;
    this.#note = note;
    this.#record = known.record;
  }

  async run(): Promise<void> {
    const found = locateRunDirectory(this.#known);
    const directory = found.kind === 'here' || found.kind === 'moved' ? found.directory : undefined;
    try {
      await this.#removeOwn(found, directory);
    } finally {
      if (found.kind === 'here' && !found.isHeld) found.directory.close();
    }
    if (found.kind === 'replaced') await this.#removeOther(found);
    else if (found.kind === 'moved' || found.kind === 'deleted') await this.#removeNamesake();
  }

  async #removeOwn(found: Located, directory: OpenDirectory | undefined): Promise<void> {
    const { held } = this.#known;
    const erasure = new SecretErasure(this.#record?.files ?? [], { directory, held }, this.#faults);
    await erasure.erase();
    const remember = (): Promise<void> =>
      this.#remember({
        ...(found.kind === 'moved' ? { movedTo: found.to } : {}),
        ...(found.kind === 'replaced' ? { replacedBy: found.by } : {}),
        ...modeOf(directory),
        files: erasure.files,
      });
    await remember();
    if (directory !== undefined) {
      await emptyDirectory(directory, {
        faults: this.#faults,
        beforeUnlink: async (path, stats) => {
          if (await erasure.eraseFound(path, stats)) await remember();
        },
      });
      const name = basename(found.kind === 'moved' ? found.to : this.#known.target);
      if (!(await removeEmpty(directory, name, this.#faults)) && directory.look().nlink > 0n)
        throw new EscrowError(
          'store-unavailable',
          `Cannot remove "${this.#known.target}": it was moved during the removal.`,
        );
    }
    erasure.conclude();
    await remember();
  }

  /** Removes a directory with our name in our own parent: a copy by a task, or one that a backup or a disk restored. */
  async #removeOther({ directory }: Extract<Located, { kind: 'replaced' }>): Promise<void> {
    const { target } = this.#known;
    if (directory === undefined) {
      await step(this.#faults, 'remove.unlink', () => unlinkSync(target));
      return;
    }
    try {
      await emptyDirectory(directory, { faults: this.#faults });
      await removeEmpty(directory, basename(target), this.#faults);
    } finally {
      directory.close();
    }
  }

  /** Removes the entry at the path of a moved or deleted directory, if the parent is still the recorded one. */
  async #removeNamesake(): Promise<void> {
    let found;
    try {
      found = locateByPath({ ...this.#known, held: undefined });
    } catch (error) {
      if (error instanceof EscrowError) return; // a different parent or another user's directory: not ours
      throw error;
    }
    if (found.kind !== 'replaced') {
      if (found.kind === 'here') found.directory.close();
      return;
    }
    await this.#remember({ replacedBy: found.by });
    await this.#removeOther(found);
  }

  async #remember(change: Partial<DirectoryRecord>): Promise<void> {
    if (this.#record === undefined) return;
    const next = { ...this.#record, ...change };
    this.#record = next;
    if (this.#known.held !== undefined) this.#known.held.record = next;
    const text = JSON.stringify(next);
    if (text === this.#noted) return;
    await this.#note?.(text);
    this.#noted = text;
  }
}

function modeOf(directory: OpenDirectory | undefined): Pick<DirectoryRecord, 'openMode'> {
  if (directory === undefined) return {};
  const { mode } = directory.look();
  return (mode & OTHERS) === 0n ? {} : { openMode: `0${(mode & MODE).toString(8)}` };
}
