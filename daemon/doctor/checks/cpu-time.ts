import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'long processes';

/** Whether the kernel ends what runs for long on this host, as many sites have it on their login nodes. */
export function checkCpuTime({ cpuSeconds }: Pick<DoctorContext, 'cpuSeconds'>): Check[] {
  if (cpuSeconds === undefined) return [ok(NAME, 'no limit of processor time (ulimit -t)')];
  return [
    warning(
      NAME,
      `this host ends a process after ${String(cpuSeconds)} s of processor time (ulimit -t)`,
      'Have Nextflow run as a job: nf-escrow compute-envs update NAME --head-job, or start nf-escrow run in a job script of your own.',
    ),
  ];
}
