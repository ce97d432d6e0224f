import type { Process } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { isMissing } from '../../run-directory/fence.ts';
import { runFile } from '../../run-directory/layout.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';

/** The shim writes much less; a task that fills its run directory must not fill our memory. */
const FILE_MAX = 4096;

/** Returns the identity of nextflow that the shim wrote; undefined if there is none, or if it is not valid: tasks can write here. */
export function readHeadProcess(directory: string): Process | undefined {
  try {
    return validate<'Process'>('process.json', parseProcess(read(directory, 'process') ?? null));
  } catch {
    return undefined; // the ledger may know the process from an earlier poll
  }
}

/** Returns the exit status that the shim wrote; undefined if there is none. */
export function readExitStatus(directory: string): number | undefined {
  const text = read(directory, 'exit')?.trim();
  return text !== undefined && /^[0-9]{1,3}$/.test(text) ? Number(text) : undefined;
}

/** Parses a process as the ledger stores it. */
export function parseProcess(text: string | null): Process | undefined {
  return text === null ? undefined : (JSON.parse(text) as Process);
}

function read(directory: string, file: 'process' | 'exit'): string | undefined {
  try {
    return readFileNoFollow(runFile(directory, file), FILE_MAX)?.toString('utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
