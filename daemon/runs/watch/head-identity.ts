import { basename } from 'node:path';
import type { HeadJob, Process } from '../../contract/types.ts';
import { runFile } from '../../run-directory/layout.ts';
import { programHolding } from '../../system/processes/fifo-holders.ts';
import { liveness } from '../../system/processes/process-identity.ts';

/** Programs that can be a head. Any other descendant of the shim was started by a task or by the launcher. */
const PROGRAMS = ['java', 'nextflow'];

/** Returns whether a program, as /proc shows its path, can be a head that its launcher has left running. */
export function isHeadProgram(program: string): boolean {
  return PROGRAMS.includes(basename(program).replace(/ \(deleted\)$/, ''));
}

/**
 * Returns the process that is the head: `known`, from the ledger, or `claimed`, from the shim's file. The head may change:
 * with -bg, the launcher starts another process and exits, and a scheduler may restart a job. Tasks can write the file too,
 * to make a run look ended or to have another process killed. A live head therefore stays the head. Another process replaces
 * it only if it can be Nextflow and holds the run's FIFO, or if it is not visible to this kernel.
 */
export function headOf(
  directory: string,
  known: Process | undefined,
  claimed: Process | undefined,
  job: HeadJob | undefined,
): Process | undefined {
  if (claimed === undefined || JSON.stringify(claimed) === JSON.stringify(known)) return known;
  if (known === undefined) return claimed;
  const [life, claim] = [liveness(known), liveness(claimed)];
  if (life === 'alive') return known;
  if (claim === 'alive') {
    const program = programHolding(claimed.pid, runFile(directory, 'alive'));
    const mayBe = program !== undefined && (job?.head === true || isHeadProgram(program));
    return mayBe ? claimed : known;
  }
  // A dead process still identifies the log of a short-lived head, and an ended process cannot come back.
  if (claim === 'ended') return life === 'ended' ? claimed : known;
  // A restarted job may be on any host. Otherwise only a head that was out of sight before may be replaced.
  return job?.head === true || life === 'unknown' ? claimed : known;
}
