import type { ComputeEnvironment } from '../../contract/types.ts';
import type { Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { probeHpc } from './probe-hpc.ts';
import { probeInDaemon } from './probe-in-daemon.ts';

/** Tries a compute environment with a throw-away secret. Takes `limitMs` at most; removes whatever it has placed. */
export type Probe = (
  environment: ComputeEnvironment,
  subject: DoctorContext,
  limitMs: number,
) => Promise<Check[]>;

/** `nf-escrow doctor --probe`. Throws `compute-environment-invalid` for a platform that has no probe. */
export const probe: Probe = async (environment, subject, limitMs) =>
  environment.platform === 'hpc'
    ? probeHpc(environment, subject, limitMs)
    : probeInDaemon(environment, subject, limitMs);
