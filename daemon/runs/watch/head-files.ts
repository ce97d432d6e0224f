import type { Process } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { isExitToken } from '../../run-directory/exit-token.ts';
import { runFile, type RunFile } from '../../run-directory/layout.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';

/** The shim writes much less; a task that fills its run directory must not fill our memory. */
const FILE_MAX = 4096;
const STATUS_MAX = 255;

/** Returns the identity of nextflow that the shim wrote; undefined if there is none, or if it is not valid: tasks can write here. */
export function readHeadProcess(directory: string): Process | undefined {
  try {
    return validate<'Process'>('process.json', parseProcess(read(directory, 'process') ?? null));
  } catch {
    return undefined; // the ledger may know the process from an earlier poll
  }
}

/** What stands in the place of the shim's exit file. */
export interface ExitFile {
  /** The exit status that the shim wrote; undefined if there is none. */
  readonly status: number | undefined;
  /** There is something, and the shim did not write it. */
  readonly isForged: boolean;
}

/** `digest`: of the run's exit token; null where it has none. */
export function readExitFile(directory: string, digest: string | null): ExitFile {
  const text = read(directory, 'exit')?.trim();
  if (text === undefined) return { status: undefined, isForged: false };
  const [, status, token] = /^([0-9]{1,3})(?: ([0-9a-f]{32}))?$/.exec(text) ?? [];
  const isOurs = status !== undefined && Number(status) <= STATUS_MAX && isExitToken(token, digest);
  return isOurs ? { status: Number(status), isForged: false } : { status: undefined, isForged: true };
}

/** Returns the pid of the JVM that claimed the run, as the plugin wrote it; undefined where it did not. */
export function readClaim(directory: string): number | undefined {
  try {
    const { pid } = JSON.parse(read(directory, 'claim') ?? 'null') as { pid?: unknown };
    return Number.isSafeInteger(pid) ? (pid as number) : undefined;
  } catch {
    return undefined;
  }
}

/** Parses a process as the ledger stores it. */
export function parseProcess(text: string | null): Process | undefined {
  return text === null ? undefined : (JSON.parse(text) as Process);
}

/** A file that cannot be read tells nothing, whatever the reason: it must not keep anybody from seeing the end of the run. */
function read(directory: string, file: RunFile): string | undefined {
  try {
    return readFileNoFollow(runFile(directory, file), FILE_MAX)?.toString('utf8');
  } catch {
    return undefined;
  }
}
