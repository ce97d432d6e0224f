import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A change of a file system. Paths are absolute. */
export type Change =
  | { readonly kind: 'create'; readonly path: string; readonly what: 'file' | 'directory' | 'fifo' }
  | { readonly kind: 'write'; readonly path: string; readonly data: Buffer; readonly at: number | 'end' }
  | { readonly kind: 'cut'; readonly path: string; readonly length: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'sync'; readonly path: string };

/** The options of strace whose output readRecording parses. */
export const STRACE = [
  ...['-f', '--seccomp-bpf', '-y', '-xx', '-s', '2000000', '-e'],
  'trace=openat,open,creat,write,writev,pwrite64,pwritev,ftruncate,truncate,rename,renameat,renameat2,link,linkat,' +
    'unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,mknod,mknodat,symlink,symlinkat,clone,clone3',
];

const LINE = /^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(?:<((?:\\x[0-9a-f]{2})*)>|\(| |$)/;
const STRING = /"((?:\\x[0-9a-f]{2})*)"/g;
const DESCRIPTOR = /^(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>/;

/** Returns the recorded changes in a directory. Concurrent calls are ordered by their end. */
export function readRecording(file: string, below: string): Change[] {
  const begun = new Map<string, string>();
  const calls = readFileSync(file, 'latin1')
    .split('\n')
    .map((text) => LINE.exec(whole(begun, text) ?? ''))
    .filter((line) => line !== null);
  const processes = processesOf(calls);
  const descriptors = new Map<string, string>();
  const changes: Change[] = [];
  for (const [, thread = '', call = '', args = '', result = '', opened] of calls) {
    if (result.startsWith('-') || call.startsWith('clone')) continue;
    const process = processes.get(thread) ?? thread;
    const pathOf = (name: string): string =>
      name.replace(
        /^\/proc\/self\/fd\/(\d+)(?=\/|$)/,
        (all, fd: string) => descriptors.get(`${process} ${fd}`) ?? all,
      );
    changes.push(
      ...changesOf(call, args, Number(result), pathOf).filter(
        ({ path }) => path === below || path.startsWith(`${below}/`),
      ),
    );
    if (call.startsWith('open') && opened !== undefined)
      descriptors.set(`${process} ${result}`, bytesOf(opened).toString());
  }
  return changes;
}

/** Returns the process id of each thread id, because threads share descriptors. */
function processesOf(calls: readonly RegExpExecArray[]): ReadonlyMap<string, string> {
  const processes = new Map<string, string>();
  for (const [, thread = '', call = '', args = '', result = ''] of calls)
    if (call.startsWith('clone') && args.includes('CLONE_THREAD'))
      processes.set(result, processes.get(thread) ?? thread);
  return processes;
}

/** Joins the two lines of a call that strace splits when another thread makes a call in between. */
function whole(begun: Map<string, string>, text: string): string | undefined {
  const [, thread = ''] = /^(\d+) /.exec(text) ?? [];
  if (text.endsWith(' <unfinished ...>')) {
    begun.set(thread, text.slice(0, -' <unfinished ...>'.length));
    return undefined;
  }
  const [, rest] = /^\d+ +<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
  return rest === undefined ? text : `${begun.get(thread) ?? ''}${rest}`;
}

function changesOf(call: string, args: string, result: number, pathOf: (name: string) => string): Change[] {
  const strings = [...args.matchAll(STRING)].map(([, hex = '']) => bytesOf(hex));
  const directories = args
    .split(', ')
    .map((arg) => DESCRIPTOR.exec(arg)?.[1])
    .filter((hex) => hex !== undefined);
  const names = strings.map((name) => pathOf(name.toString()));
  const [from = '/', to = from] = directories.map((hex) => bytesOf(hex).toString());
  const path = resolve(call.endsWith('at') || call === 'renameat2' ? from : '/', names[0] ?? from);
  const other = resolve(to, names[1] ?? '');
  switch (call) {
    case 'open':
    case 'openat':
      return [
        ...(args.includes('O_CREAT') ? [{ kind: 'create', path, what: 'file' } as const] : []),
        ...(args.includes('O_TRUNC') ? [{ kind: 'cut', path, length: 0 } as const] : []),
      ];
    case 'write':
    case 'writev':
      return [{ kind: 'write', path: from, data: Buffer.concat(strings).subarray(0, result), at: 'end' }];
    case 'pwrite64':
      return [
        {
          kind: 'write',
          path: from,
          data: (strings[0] ?? Buffer.alloc(0)).subarray(0, result),
          at: last(args),
        },
      ];
    case 'ftruncate':
      return [{ kind: 'cut', path: from, length: last(args) }];
    case 'mkdir':
    case 'mkdirat':
      return [{ kind: 'create', path, what: 'directory' }];
    case 'mknod':
    case 'mknodat':
      return [{ kind: 'create', path, what: 'fifo' }];
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return [{ kind: 'rename', path, to: other }];
    case 'link':
    case 'linkat':
      return [{ kind: 'link', path, to: other }];
    case 'unlink':
    case 'unlinkat':
    case 'rmdir':
      return [{ kind: 'remove', path }];
    case 'fsync':
    case 'fdatasync':
      return [{ kind: 'sync', path: from }];
    default:
      throw new Error(`the disk model does not support ${call}: ${join(path)}`);
  }
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}

function last(args: string): number {
  return Number(args.slice(args.lastIndexOf(',') + 1));
}
