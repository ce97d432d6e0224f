import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import type { SearchTerm } from './search-terms.ts';
import { PART, StreamSearch } from './stream-search.ts';

/** Why a file was not searched, or only in part. */
type FileGap = 'budget' | 'not-plain' | 'unreadable' | 'time';

export interface SearchedFiles {
  readonly found: readonly { readonly path: string; readonly secrets: readonly string[] }[];
  readonly gaps: readonly { readonly path: string; readonly reason: FileGap }[];
  /** Number of existing files, and number of bytes read. */
  readonly files: number;
  readonly bytes: number;
}

/** Limits of a search: total bytes to read, and duration in milliseconds. */
export interface SearchLimits {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * Searches regular files for terms without blocking the event loop. The pipeline writes these files and can replace them
 * by anything, so links are not followed and opening a FIFO does not wait. Never throws: `gaps` lists the files that were
 * not searched to the end.
 */
export async function searchFiles(
  paths: readonly string[],
  terms: readonly SearchTerm[],
  limits: SearchLimits,
): Promise<SearchedFiles> {
  const search = new StreamSearch(terms);
  const result = {
    found: [] as { path: string; secrets: string[] }[],
    gaps: [] as { path: string; reason: FileGap }[],
    files: 0,
    bytes: 0,
  };
  const deadline = performance.now() + limits.ms;
  const buffer = Buffer.alloc(PART);
  for (const path of paths) {
    const read = async (): Promise<FileGap | undefined | 'none'> =>
      eachPart(path, buffer, (part) => {
        const allowed = Math.min(part.length, limits.bytes - result.bytes);
        search.accept(part.subarray(0, allowed));
        result.bytes += allowed;
        if (allowed < part.length) return 'budget';
        return performance.now() > deadline ? 'time' : undefined;
      });
    const reason = await within(deadline, read);
    if (reason !== 'none') result.files += 1;
    if (reason !== undefined && reason !== 'none') result.gaps.push({ path, reason });
    const secrets = search.end();
    if (secrets.length > 0) result.found.push({ path, secrets });
  }
  return result;
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

/** Passes a file's bytes to `take` until `take` returns a reason to stop. Returns `none` if the file does not exist. */
async function eachPart(
  path: string,
  buffer: Buffer,
  take: (part: Buffer) => FileGap | undefined,
): Promise<FileGap | undefined | 'none'> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!(await file.stat()).isFile()) return 'not-plain';
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PART, null);
      if (bytesRead === 0) return undefined;
      const stop = take(buffer.subarray(0, bytesRead));
      if (stop !== undefined) return stop;
    }
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOENT') return 'none';
    return ['ELOOP', 'ENXIO', 'ENOTDIR'].includes(code) ? 'not-plain' : 'unreadable';
  } finally {
    await file?.close();
  }
}

/** Limits `work` to the deadline. A read from a file server that does not answer then blocks no caller of the search. */
async function within<T>(deadline: number, work: () => Promise<T>): Promise<T | 'time'> {
  const ms = deadline - performance.now();
  if (ms <= 0) return 'time';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'time'>((resolve) => {
    timer = setTimeout(resolve, ms, 'time');
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
