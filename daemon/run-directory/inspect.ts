import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Finding } from '../stores/store.ts';
import { count } from '../system/count.ts';
import { locateRunDirectory, type KnownDirectory } from './locate.ts';
import type { DirectoryRecord } from './record.ts';

/**
 * Inspects a run directory and the recorded results of its files. With `withFiles`, the evidence lists these results. Throws
 * the errors of `locateRunDirectory`.
 */
export function inspectRunDirectory(known: KnownDirectory, withFiles: boolean): Finding {
  const { target, record } = known;
  const found = locateRunDirectory(known);
  if (found.kind === 'here' || found.kind === 'replaced') {
    if (found.kind === 'replaced' || !found.isHeld) found.directory?.close();
    return { state: 'present', evidence: `${target} exists` };
  }
  if (found.kind === 'moved')
    return { state: 'present', evidence: `${target} was moved to ${found.to} and exists there` };
  const evidence =
    found.kind === 'deleted'
      ? `${target} is deleted: the open directory no longer has a path`
      : absent(target);
  if (evidence === undefined)
    return { state: 'present', evidence: `${dirname(target)} lists ${basename(target)}` };
  return judge(evidence, record, withFiles);
}

function judge(evidence: string, record: DirectoryRecord | undefined, withFiles: boolean): Finding {
  if (record === undefined || record.files.length === 0) return { state: 'absent', evidence };
  const open = record.files.filter(({ result }) => result === undefined || result === 'not-verified');
  if (open.length > 0)
    return {
      state: 'unverified',
      evidence: `${evidence}; erasure not verified: ${open.map(({ file }) => file).join(', ')}`,
    };
  return { state: 'absent', evidence: withFiles ? `${evidence}; ${describeFiles(record)}` : evidence };
}

function describeFiles({ files }: DirectoryRecord): string {
  const countOf = (...results: string[]): number =>
    files.filter(({ result }) => results.includes(result ?? '')).length;
  const parts: readonly (readonly [number, string])[] = [
    [countOf('erased'), 'erased'],
    [countOf('deleted'), 'deleted (verified by open descriptors)'],
    [countOf('reported'), 'erased (reported by the shim)'],
  ];
  const results = parts.filter(([many]) => many > 0).map(([many, how]) => `${String(many)} ${how}`);
  return `${count(files.length, 'file')} with values: ${results.join(', ')}`;
}

/** Returns the evidence of absence. Undefined if the parent still lists the directory, as a network file system may. */
function absent(target: string): string | undefined {
  return readdirSync(dirname(target)).includes(basename(target))
    ? undefined
    : `${target} does not exist and its parent directory does not list it`;
}
