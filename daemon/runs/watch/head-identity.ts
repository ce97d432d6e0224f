import { basename } from 'node:path';
import type { HeadJob, Process } from '../../contract/types.ts';
import { runFile } from '../../run-directory/layout.ts';
import { programHolding } from '../../system/processes/fifo-holders.ts';
import { liveness } from '../../system/processes/process-identity.ts';

/** Programs that a head may be: whatever else outlives what the shim started was started by a task, or by the launcher. */
const PROGRAMS = ['java', 'nextflow'];

/** Whether a program, a path as /proc shows it, may be a head that its launcher has left. */
export function isHeadProgram(program: string): boolean {
  return PROGRAMS.includes(basename(program).replace(/ \(deleted\)$/, ''));
}

/**
 * Which process is the head: `known`, as the ledger has it, or `claimed`, as the file of the shim says now. With -bg the head is
 * first the launcher, and then the process that it leaves behind; one that its scheduler starts again is another, too. But
 * tasks can write the file as well, to have a run taken for over, or another process ended in its place: so one that lives
 * stays the head, and another becomes it only where it holds the run's FIFO and may be Nextflow, or is out of this kernel's
 * sight and may be.
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
  // It tells the log of a head that lived for a moment; and over is over.
  if (claim === 'ended') return life === 'ended' ? claimed : known;
  // A job that its scheduler started again may be on any host. Else only what was out of sight before may be.
  return job?.head === true || life === 'unknown' ? claimed : known;
}
