import type { LeftoverProcess, Process } from '../../contract/types.ts';
import { runFile } from '../../run-directory/layout.ts';
import { findFifoHolders } from '../../system/processes/fifo-holders.ts';
import { liveness } from '../../system/processes/process-identity.ts';
import type { RunDependencies } from '../dependencies.ts';
import { leasesOf, type RunRow } from './queries.ts';
import { knowsAllValues } from './run-redactors.ts';

const COMMAND_MAX = 200;

/**
 * Returns processes that hold the FIFO of a run after the end of its head, so that the run does not end. Empty if the head
 * is alive or not visible from this host.
 */
export async function leftoverProcessesOf(deps: RunDependencies, run: RunRow): Promise<LeftoverProcess[]> {
  if (run.state !== 'running' || run.process === null) return [];
  if (liveness(JSON.parse(run.process) as Process) !== 'ended') return [];
  const leases = await leasesOf(deps.ledger.db, run.id);
  const target = leases.find(({ store }) => store === deps.runDirectories.kind)?.target;
  if (target === undefined) return [];
  const holders = await findFifoHolders(runFile(deps.runDirectories.reach(target), 'alive'));
  if (holders.length === 0) return [];
  const redactor = await deps.redactors.of(deps, run);
  // A task may have put a value on a command line. If not all values are known, only the program is shown.
  const isKnown = knowsAllValues(redactor);
  return holders.map(({ pid, program, command }) => ({
    pid,
    command: (isKnown ? redactor.redact(command) : program).slice(0, COMMAND_MAX),
  }));
}
