import { basename, dirname } from 'node:path';
import type { Change } from './recording.ts';

type What = 'file' | 'directory' | 'fifo';

/** A choice of the unsynced changes that a power loss discards. The model can lose any of them. */
export interface Loss {
  readonly name: string;
  /** Returns whether a change of a name is kept. */
  readonly keepsName: (edit: NameEdit) => boolean;
  /** Returns whether a write or truncation of a file is kept. `torn`: only some of its sectors. */
  readonly keepsData: () => boolean | 'torn';
}

/** An atomic change of the names in a directory. */
export interface NameEdit {
  readonly kind: 'create' | 'rename' | 'remove';
  readonly directory: Inode;
  readonly names: readonly (readonly [string, Inode | undefined])[];
}

interface DataEdit {
  readonly at: number;
  readonly data: Buffer;
  /** The new length, for a truncation. */
  readonly length: number | undefined;
}

interface Inode {
  readonly what: What;
  data: Buffer;
  readonly names: Map<string, Inode>;
  /** The synced content. */
  safeData: Buffer;
  readonly safeNames: Map<string, Inode>;
  pending: DataEdit[];
}

/** The content of files by their paths relative to the disk's root. Undefined is a directory, null a FIFO. */
export type Tree = ReadonlyMap<string, Buffer | undefined | null>;

const SECTOR = 512;

/**
 * A model of a file system: what processes see, and what a power loss leaves. It gives only the guarantees of POSIX fsync:
 * syncing a file keeps its content, syncing a directory keeps its names. Other changes are unordered.
 */
export class Disk {
  readonly #root: Inode = inode('directory');
  readonly #rootPath: string;
  #edits: NameEdit[] = [];
  /** Chooses the sectors of a torn write, reproducibly. */
  readonly #random: (below: number) => number;

  constructor(rootPath: string, random: (below: number) => number) {
    this.#rootPath = rootPath;
    this.#random = random;
  }

  apply(change: Change): void {
    const [directory, name] = [this.#find(dirname(change.path)), basename(change.path)];
    const found = directory?.names.get(name);
    switch (change.kind) {
      case 'create':
        if (directory !== undefined && found === undefined)
          this.#edit('create', directory, [[name, inode(change.what)]]);
        return;
      case 'write':
        if (found !== undefined)
          write(found, change.at === 'end' ? found.data.length : change.at, change.data);
        return;
      case 'cut':
        if (found !== undefined) cut(found, change.length);
        return;
      case 'remove':
        if (directory !== undefined) this.#edit('remove', directory, [[name, undefined]]);
        return;
      case 'link':
      case 'rename':
        this.#move(change.kind, found, directory, name, change.to);
        return;
      case 'sync':
        this.#sync(found ?? this.#find(change.path));
    }
  }

  /** Returns the files after a power loss at this moment. */
  after(loss: Loss): Tree {
    const kept = this.#edits.filter((edit) => loss.keepsName(edit));
    const tree = new Map<string, Buffer | undefined | null>();
    const walk = (directory: Inode, path: string): void => {
      const names = new Map(directory.safeNames);
      for (const edit of kept) if (edit.directory === directory) applyNames(names, edit);
      for (const [name, child] of names) {
        const where = path === '' ? name : `${path}/${name}`;
        if (child.what === 'file') tree.set(where, this.#dataAfter(child, loss));
        else tree.set(where, child.what === 'fifo' ? null : undefined);
        if (child.what === 'directory') walk(child, where);
      }
    };
    walk(this.#root, '');
    return tree;
  }

  #move(
    kind: 'link' | 'rename',
    found: Inode | undefined,
    from: Inode | undefined,
    name: string,
    to: string,
  ): void {
    const target = this.#find(dirname(to));
    if (found === undefined || from === undefined || target === undefined) return;
    const removed = kind === 'rename' ? ([[name, undefined]] as const) : [];
    const added = [[basename(to), found]] as const;
    if (target === from) this.#edit(kind === 'link' ? 'create' : 'rename', from, [...removed, ...added]);
    else {
      this.#edit(kind === 'link' ? 'create' : 'rename', target, added);
      if (removed.length > 0) this.#edit('rename', from, removed);
    }
  }

  #edit(kind: NameEdit['kind'], directory: Inode, names: NameEdit['names']): void {
    const edit = { kind, directory, names };
    applyNames(directory.names, edit);
    this.#edits.push(edit);
  }

  #sync(found: Inode | undefined): void {
    if (found === undefined) return;
    found.safeData = found.data;
    found.pending = [];
    for (const edit of this.#edits) if (edit.directory === found) applyNames(found.safeNames, edit);
    this.#edits = this.#edits.filter(({ directory }) => directory !== found);
  }

  /** Returns the buffer of the synced content itself if no change is kept. */
  #dataAfter(file: Inode, loss: Loss): Buffer {
    const kept = file.pending.flatMap((edit) => {
      const keeps = loss.keepsData();
      if (keeps === 'torn') return this.#torn(edit);
      return keeps ? [edit] : [];
    });
    return kept.length === 0 ? file.safeData : applyData(file.safeData, kept);
  }

  /** Returns the sectors of a write that are kept. */
  #torn(edit: DataEdit): DataEdit[] {
    const sectors: DataEdit[] = [];
    for (let at = 0; at < edit.data.length; at += SECTOR)
      if (this.#random(2) === 0)
        sectors.push({ ...edit, at: edit.at + at, data: edit.data.subarray(at, at + SECTOR) });
    return sectors;
  }

  #find(path: string): Inode | undefined {
    if (path === this.#rootPath) return this.#root;
    if (!path.startsWith(`${this.#rootPath}/`)) return undefined;
    const parts = path.slice(this.#rootPath.length + 1).split('/');
    return parts.reduce<Inode | undefined>((found, part) => found?.names.get(part), this.#root);
  }
}

function inode(what: What): Inode {
  const nothing = Buffer.alloc(0);
  return { what, data: nothing, names: new Map(), safeData: nothing, safeNames: new Map(), pending: [] };
}

function applyNames(names: Map<string, Inode>, edit: NameEdit): void {
  for (const [name, child] of edit.names)
    if (child === undefined) names.delete(name);
    else names.set(name, child);
}

function write(file: Inode, at: number, data: Buffer): void {
  const edit = { at, data, length: undefined };
  file.data = applyData(file.data, [edit]);
  file.pending.push(edit);
}

function cut(file: Inode, length: number): void {
  const edit = { at: 0, data: Buffer.alloc(0), length };
  file.data = applyData(file.data, [edit]);
  file.pending.push(edit);
}

/** Returns a new buffer. Copies the content once, however many edits there are. */
function applyData(data: Buffer, edits: readonly DataEdit[]): Buffer {
  const ends = edits.map(({ at, data: written, length }) => length ?? at + written.length);
  const result = Buffer.alloc(Math.max(data.length, ...ends));
  data.copy(result);
  let size = data.length;
  for (const { at, data: written, length } of edits) {
    if (length === undefined) {
      written.copy(result, at);
      size = Math.max(size, at + written.length);
    } else {
      result.fill(0, Math.min(length, size), size); // if the file grows again, this part is zero
      size = length;
    }
  }
  return result.subarray(0, size);
}
