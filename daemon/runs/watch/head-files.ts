import type { Process } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { isExitToken } from '../../run-directory/exit-token.ts';
import { runFile, type RunFile } from '../../run-directory/layout.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';

/** Size limit. The shim writes much less; a task that fills its run directory must not fill our memory. */
const FILE_MAX = 4096;
const STATUS_MAX = 255;

/** Returns Nextflow's identity from the shim's file. Undefined if it is missing or invalid; tasks can write it too. */
export function readHeadProcess(directory: string): Process | undefined {
  try {
    return validate<'Process'>('process.json', parseProcess(read(directory, 'process') ?? null));
  } catch {
    return undefined; // the ledger may know the process from an earlier poll
  }
}

/** Content of the exit file. */
export interface ExitFile {
  /** The exit status that the shim wrote; undefined if there is none. */
  readonly status: number | undefined;
  /** True if the file exists but the shim did not write it. */
  readonly isForged: boolean;
}

/** Reads the exit file. `digest` is that of the run's exit token; null if the run has none. */
export function readExitFile(directory: string, digest: string | null): ExitFile {
  const text = read(directory, 'exit')?.trim();
  if (text === undefined) return { status: undefined, isForged: false };
  const [, status, token] = /^([0-9]{1,3})(?: ([0-9a-f]{32}))?$/.exec(text) ?? [];
  const isOurs = status !== undefined && Number(status) <= STATUS_MAX && isExitToken(token, digest);
  return isOurs ? { status: Number(status), isForged: false } : { status: undefined, isForged: true };
}

/** Returns the pid of the JVM that claimed the run, from the plugin's file. Undefined if there is none. */
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

/** Reads a file. A file that cannot be read counts as missing, so that it cannot hide the end of the run. */
function read(directory: string, file: RunFile): string | undefined {
  try {
    return readFileNoFollow(runFile(directory, file), FILE_MAX)?.toString('utf8');
  } catch {
    return undefined;
  }
}
