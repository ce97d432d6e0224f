import { readlinkSync, type BigIntStats } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../errors.ts';
import { eraseContent, truncateFile } from '../system/files/erase-file.ts';
import { lookAt, OpenFile, type OpenDirectory } from '../system/files/open-directory.ts';
import { isMissing } from '../system/files/path-lookup.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { DELETED, type HeldDirectory } from './held-directory.ts';
import { runFile, runFiles } from './layout.ts';
import type { SecretFile } from './record.ts';
import { searchNames } from './search-names.ts';

/** Number of search rounds. The shim may remove the same files concurrently, so missing files are searched again. */
const ROUNDS = 3;
const ROUND_MS = 100;
const REPORT_MAX = 1024 * 1024;

/** Places that may contain the files of one run. */
export interface ErasureSubject {
  /** The run directory. Undefined if it was deleted or not found. */
  readonly directory: OpenDirectory | undefined;
  readonly held: HeldDirectory | undefined;
}

/**
 * Erases the content of delivered files with values, by inode. Renamed files and further hard links are therefore erased
 * too. A file that is neither found nor known to be deleted has no result until `conclude`.
 */
export class SecretErasure {
  readonly #subject: ErasureSubject;
  readonly #faults: FaultInjector;
  readonly #files: Map<string, SecretFile>;
  /** Inodes that the shim has erased, according to its report. */
  #reported: ReadonlySet<string> = new Set();

  constructor(files: readonly SecretFile[], subject: ErasureSubject, faults: FaultInjector) {
    this.#files = new Map(files.map((file) => [file.inode, file]));
    this.#subject = subject;
    this.#faults = faults;
  }

  get files(): SecretFile[] {
    return [...this.#files.values()];
  }

  /** Erases files in their usual places or through open descriptors. */
  async erase(): Promise<void> {
    const rounds = this.#subject.directory === undefined ? 1 : ROUNDS;
    for (let round = 0; this.#pending.length > 0 && round < rounds; round++) {
      if (round > 0) await sleep(ROUND_MS);
      this.#reported = this.#readReport();
      await this.#eraseNamed();
      for (const file of this.#pending) await this.#resolveHeld(file);
      this.#believeReports();
    }
  }

  /** Erases a file before it is unlinked if it is one of the missing ones. Returns whether it was. */
  async eraseFound(path: Buffer, found: BigIntStats): Promise<boolean> {
    const file = this.#match(found);
    if (file === undefined || file.result !== undefined) return false;
    await this.#eraseAt(file, [path]);
    return true;
  }

  /** Marks the files that were not found as not verified. */
  conclude(): void {
    for (const file of this.#pending) this.#set(file, { result: 'not-verified' });
  }

  get #pending(): SecretFile[] {
    return this.files.filter(({ result }) => result === undefined);
  }

  /** Returns the recorded file with this inode. The birth time detects a reused inode number. */
  #match({ ino, birthtimeNs }: BigIntStats): SecretFile | undefined {
    const file = this.#files.get(String(ino));
    if (file === undefined) return undefined;
    const isKnown = file.born !== '0' && birthtimeNs > 0n;
    return (isKnown ? file.born === String(birthtimeNs) : !this.#reported.has(file.inode)) ? file : undefined;
  }

  #set(file: SecretFile, change: Partial<SecretFile>): void {
    this.#files.set(file.inode, { ...file, ...this.#files.get(file.inode), ...change });
  }

  async #eraseNamed(): Promise<void> {
    const { directory } = this.#subject;
    if (directory === undefined) return;
    const names = await this.#expectedNames(directory);
    for (const file of this.#pending) {
      const paths = names.get(file.inode);
      if (paths !== undefined) await this.#eraseAt(file, paths);
    }
  }

  /** Returns the names of the files by inode. Searches all places only if a file is missing or has several names. */
  async #expectedNames(directory: OpenDirectory): Promise<Map<string, Buffer[]>> {
    const names = new Map<string, Buffer[]>();
    let isPlain = true;
    for (const file of this.#pending) {
      const path = Buffer.from(`${directory.self}/${file.file}`);
      const found = lookAt(path);
      const isThere = found !== undefined && this.#match(found) === file;
      if (found !== undefined && !isThere) this.#set(file, { replaced: true });
      isPlain &&= isThere && found.nlink === 1n;
      if (isThere) names.set(file.inode, [path]);
    }
    return isPlain ? names : searchNames(directory, (found) => this.#match(found) !== undefined);
  }

  /** `paths`: names of the file in the run directory. */
  async #eraseAt(file: SecretFile, paths: readonly Buffer[]): Promise<void> {
    let opened: OpenFile;
    try {
      opened = new OpenFile(paths[0] ?? Buffer.from(''));
    } catch (error) {
      if (isMissing(error)) return; // the shim was faster; the next round searches again
      throw error;
    }
    try {
      const found = opened.look();
      if (!found.isFile() || this.#match(found)?.inode !== file.inode) return;
      const links = Math.max(0, Number(found.nlink) - paths.length);
      await step(this.#faults, 'remove.erase', () => eraseOpen(opened, found));
      this.#set(file, { result: 'erased', links });
    } finally {
      opened.close();
    }
  }

  async #resolveHeld(file: SecretFile): Promise<void> {
    const held = this.#subject.held?.file(file.file);
    if (held === undefined) return;
    const found = held.look();
    if (found.nlink === 0n) {
      this.#set(file, { result: 'deleted', replaced: false });
      return;
    }
    const path = readlinkSync(held.self);
    const { directory } = this.#subject;
    // The file was opened by a name that is unlinked now, but has other names.
    const isUnlinked = path.endsWith(DELETED);
    // Files deeper in the run directory are found when the directory is emptied.
    if (!isUnlinked && directory !== undefined && path.startsWith(`${readlinkSync(directory.self)}/`)) return;
    await step(this.#faults, 'remove.erase', () => eraseContent(held.self, found.mode));
    this.#set(file, {
      result: 'erased',
      links: Number(found.nlink),
      ...(isUnlinked ? {} : { movedTo: path }),
    });
  }

  /** Reads the shim's list of erased inodes. */
  #readReport(): ReadonlySet<string> {
    const { directory } = this.#subject;
    if (directory === undefined) return new Set();
    try {
      const text = readFileNoFollow(runFile(directory.self, 'erased'), REPORT_MAX)?.toString('latin1');
      return new Set(text?.match(/\d+/g));
    } catch {
      return new Set(); // a task may have replaced the file
    }
  }

  /** Accepts reports for files without a descriptor. The plugin that claims a run deletes `store.json`. */
  #believeReports(): void {
    const { directory, held } = this.#subject;
    const isClaimed = directory !== undefined && lookAt(runFile(directory.self, 'claim')) !== undefined;
    for (const file of this.#pending) {
      if (held?.file(file.file) !== undefined) continue; // the descriptor is better evidence
      if (this.#reported.has(file.inode) || (isClaimed && file.file === runFiles.store))
        this.#set(file, { result: 'reported', replaced: false });
    }
  }
}

async function eraseOpen(opened: OpenFile, found: BigIntStats): Promise<void> {
  if (found.nlink > 1n) return eraseContent(opened.self, found.mode);
  try {
    truncateFile(opened.self, found.ino);
  } catch (error) {
    // The file is being executed or is not writable. Its only name is unlinked with the directory, which suffices.
    if (!['ETXTBSY', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
  }
}
