import type { ComputeEnvironment } from '../../contract/types.ts';
import type { Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { probeHpc } from './probe-hpc.ts';
import { probeInDaemon } from './probe-in-daemon.ts';

/** Tests a compute environment with a temporary secret, waits for `limitMs` at most, and removes everything it delivered. */
export type Probe = (
  environment: ComputeEnvironment,
  subject: DoctorContext,
  limitMs: number,
) => Promise<Check[]>;

/** Implements `nf-escrow doctor --probe`. Throws `compute-environment-invalid` for a platform without a probe. */
export const probe: Probe = async (environment, subject, limitMs) =>
  environment.platform === 'hpc'
    ? probeHpc(environment, subject, limitMs)
    : probeInDaemon(environment, subject, limitMs);
