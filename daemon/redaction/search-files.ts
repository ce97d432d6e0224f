import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import type { SearchTerm } from './search-terms.ts';
import { PART, StreamSearch } from './stream-search.ts';

/** Why a file was not searched, or not to its end. */
export type FileGap = 'budget' | 'not-plain' | 'unreadable' | 'time';

export interface SearchedFiles {
  readonly found: readonly { readonly path: string; readonly secrets: readonly string[] }[];
  readonly gaps: readonly { readonly path: string; readonly reason: FileGap }[];
  /** How many were there, and how many bytes were read of them. */
  readonly files: number;
  readonly bytes: number;
}

/** What bounds a search: bytes that are read, and milliseconds that it takes. */
export interface SearchLimits {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * Searches plain files for terms, with other work in between. Others write them, and may have put anything in their
 * place: a link is not followed, and nothing is waited for. Never throws: what could not be searched is told.
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

/** Gives the bytes of a file to `take`, until that says why no more are taken. `none`: it is not there. */
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

/** A file server that does not answer keeps one read waiting, and not who waits for the search. */
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
