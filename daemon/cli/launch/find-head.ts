import { statSync } from 'node:fs';
import type { Process } from '../../contract/types.ts';
import { runFile } from '../../run-directory/layout.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { childrenOf } from '../../system/processes/children.ts';
import { programHolding } from '../../system/processes/fifo-holders.ts';
import { identify, liveness, parentOf } from '../../system/processes/process-identity.ts';

/** Size limit of the file. */
const FILE_MAX = 4096;

/**
 * Returns the identity of the nextflow that a shim started; undefined before its start and after its end.
 *
 * A task can write the shim's file `process` too. The file is believed if it names a child of the shim; otherwise the child is
 * searched for. `shim`: its pid. If the shim was killed, its children can no longer be told apart, and the file is believed.
 */
export function findHead(shim: number, directory: string): Process | undefined {
  const told = readProcess(directory);
  const isKilled = identify(shim) === undefined;
  if (told !== undefined && liveness(told) === 'alive' && (isKilled || parentOf(told.pid) === shim))
    return told;
  const found = childrenOf(shim).find((pid) => isNextflow(pid, directory));
  return found === undefined ? undefined : identify(found);
}

/** Returns the process that the file names. Undefined if there is no file, or if its content is invalid. */
function readProcess(directory: string): Process | undefined {
  try {
    const text = readFileNoFollow(runFile(directory, 'process'), FILE_MAX)?.toString('utf8') ?? '';
    const { host, bootId, pidNamespace, pid, startTime } = JSON.parse(text) as Partial<Process>;
    const isValid = [host, bootId, pidNamespace, startTime].every((each) => typeof each === 'string');
    if (!isValid || !Number.isSafeInteger(pid) || Number(pid) <= 1) return undefined;
    return { host, bootId, pidNamespace, pid, startTime } as Process;
  } catch {
    return undefined;
  }
}

/**
 * The shim gives nextflow the FIFO, but not its descriptor of the run directory, which its own commands inherit. That descriptor is
 * examined first: a process that ends loses both at once, so that one that still holds the FIFO afterwards has closed it.
 */
function isNextflow(pid: number, directory: string): boolean {
  return !holdsDirectory(pid, directory) && programHolding(pid, runFile(directory, 'alive')) !== undefined;
}

function holdsDirectory(pid: number, directory: string): boolean {
  try {
    const [own, run] = [statSync(`/proc/${String(pid)}/fd/7`), statSync(directory)];
    return own.dev === run.dev && own.ino === run.ino;
  } catch {
    return false; // the descriptor is closed, or the process has ended
  }
}
