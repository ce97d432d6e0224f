import type { ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Check } from '../check.ts';
import { probeAwsBatch } from './probe-aws-batch.ts';
import { probeHpc } from './probe-hpc.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Tries a compute environment with a throw-away secret. Takes `limitMs` at most; removes whatever it has placed. */
export type Probe = (
  environment: ComputeEnvironment,
  subject: DoctorContext,
  limitMs: number,
) => Promise<Check[]>;

const PROBES: Partial<Record<ComputeEnvironment['platform'], Probe>> = {
  hpc: probeHpc,
  'aws-batch': probeAwsBatch,
};

/** `nf-escrow doctor --probe`. Throws `compute-environment-invalid` for a platform that cannot be tried so. */
export const probe: Probe = async (environment, subject, limitMs) => {
  const { name, platform } = environment;
  const found = PROBES[platform];
  if (found === undefined)
    throw new EscrowError(
      'compute-environment-invalid',
      `"${name}" goes to ${platform}, which has no probe.`,
      {
        hint: `nf-escrow doctor --compute-env ${name} says what can be said without one.`,
      },
    );
  return found(environment, subject, limitMs);
};
