import type { Run } from '../../../contract/types.ts';

/** What keeps a run from being over although its head has ended, and the way out; nothing where there is no such process. */
export function describeLeftovers({ id, leftoverProcesses: left = [] }: Run): string[] {
  if (left.length === 0) return [];
  const pids = left.map(({ pid }) => String(pid)).join(' ');
  return [
    ...left.map(
      ({ pid, command }) => `process ${String(pid)} outlived nextflow and keeps the run open: ${command}`,
    ),
    `to end it: kill ${pids}; or remove the secrets all the same: nf-escrow runs purge ${id} --force`,
  ];
}
