import { basename, dirname } from 'node:path';
import type { Change } from './recording.ts';

type What = 'file' | 'directory' | 'fifo';

/** What a power loss may take of what was not synced. The model lets any part of it be lost. */
export interface Loss {
  readonly name: string;
  /** Whether the change of a name was kept. */
  readonly keepsName: (edit: NameEdit) => boolean;
  /** Whether a write, or a cut, of a file was kept; `torn`: some of its sectors were. */
  readonly keepsData: () => boolean | 'torn';
}

/** One change of the names in a directory, which is kept as one. */
export interface NameEdit {
  readonly kind: 'create' | 'rename' | 'remove';
  readonly directory: Inode;
  readonly names: readonly (readonly [string, Inode | undefined])[];
}

interface DataEdit {
  readonly at: number;
  readonly data: Buffer;
  /** Of a cut: the new length. */
  readonly length: number | undefined;
}

interface Inode {
  readonly what: What;
  data: Buffer;
  readonly names: Map<string, Inode>;
  /** As it is on the disk, whatever happens. */
  safeData: Buffer;
  readonly safeNames: Map<string, Inode>;
  pending: DataEdit[];
}

/** Files by their paths relative to the disk's root; undefined: a directory; null: a FIFO. */
export type Tree = ReadonlyMap<string, Buffer | undefined | null>;

const SECTOR = 512;

/**
 * A file system after each of its changes: what processes see, and what of that a power loss leaves. Only what POSIX
 * says of fsync holds: the content of a file by its own, names by that of their directory. Nothing else is in order.
 */
export class Disk {
  readonly #root: Inode = inode('directory');
  readonly #rootPath: string;
  #edits: NameEdit[] = [];
  /** Draws a part of a torn write; the same for the same disk. */
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

  /** What is found after a power loss now. */
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
    const gone = kind === 'rename' ? ([[name, undefined]] as const) : [];
    const made = [[basename(to), found]] as const;
    if (target === from) this.#edit(kind === 'link' ? 'create' : 'rename', from, [...gone, ...made]);
    else {
      this.#edit(kind === 'link' ? 'create' : 'rename', target, made);
      if (gone.length > 0) this.#edit('rename', from, gone);
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

  #dataAfter(file: Inode, loss: Loss): Buffer {
    let data = file.safeData;
    for (const edit of file.pending) {
      const keeps = loss.keepsData();
      if (keeps === true) data = applyData(data, edit);
      else if (keeps === 'torn') data = this.#torn(data, edit);
    }
    return data;
  }

  #torn(data: Buffer, edit: DataEdit): Buffer {
    let result = data;
    for (let at = 0; at < edit.data.length; at += SECTOR)
      if (this.#random(2) === 0)
        result = applyData(result, { ...edit, at: edit.at + at, data: edit.data.subarray(at, at + SECTOR) });
    return result;
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
  file.data = applyData(file.data, edit);
  file.pending.push(edit);
}

function cut(file: Inode, length: number): void {
  const edit = { at: 0, data: Buffer.alloc(0), length };
  file.data = applyData(file.data, edit);
  file.pending.push(edit);
}

function applyData(data: Buffer, { at, data: written, length }: DataEdit): Buffer {
  if (length !== undefined)
    return Buffer.concat([data.subarray(0, length), Buffer.alloc(Math.max(0, length - data.length))]);
  const result = Buffer.alloc(Math.max(data.length, at + written.length));
  data.copy(result);
  written.copy(result, at);
  return result;
}
