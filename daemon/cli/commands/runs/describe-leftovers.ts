import type { Run } from '../../../contract/types.ts';

/** Returns the processes that keep a run open after its head has ended, and the remedy. Empty if there are none. */
export function describeLeftovers({ id, leftoverProcesses: left = [] }: Run): string[] {
  if (left.length === 0) return [];
  const pids = left.map(({ pid }) => String(pid)).join(' ');
  return [
    ...left.map(
      ({ pid, command }) => `process ${String(pid)} outlived nextflow and keeps the run open: ${command}`,
    ),
    `End it with: kill ${pids}. Or remove the secrets anyway: nf-escrow runs purge ${id} --force`,
  ];
}
