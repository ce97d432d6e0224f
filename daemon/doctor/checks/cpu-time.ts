import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'CPU time limit';

/** Checks whether the kernel kills long-running processes on this host, as on the login nodes of many sites. */
export function checkCpuTime({ cpuSeconds }: Pick<DoctorContext, 'cpuSeconds'>): Check[] {
  if (cpuSeconds === undefined) return [ok(NAME, 'none (ulimit -t)')];
  return [
    warning(
      NAME,
      `this host kills a process after ${String(cpuSeconds)} s of CPU time (ulimit -t)`,
      'Run Nextflow as a job: nf-escrow compute-envs update NAME --head-job. Or start nf-escrow run in your own job script.',
    ),
  ];
}
