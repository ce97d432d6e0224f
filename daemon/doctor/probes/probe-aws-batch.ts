import { connect } from '../../api-client/client.ts';
import type { ComputeEnvironment, DoctorReport, ProbeRequest } from '../../contract/types.ts';
import type { Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Beyond the wait for the job: placing, and the removal with its checks, in milliseconds. */
const AROUND_MS = 180_000;

/** Has the daemon try it, since what is placed there has to be in its ledger (batch-probe.ts). */
export async function probeAwsBatch(
  { name }: ComputeEnvironment,
  { paths }: Pick<DoctorContext, 'paths'>,
  limitMs: number,
): Promise<Check[]> {
  if (paths === undefined) return []; // the check of the settings says why there are none
  const body: ProbeRequest = { waitSeconds: Math.ceil(limitMs / 1000) };
  const daemon = connect(paths.socket, limitMs + AROUND_MS);
  const path = `/v1/compute-envs/${encodeURIComponent(name)}/probe`;
  return (await daemon.call<DoctorReport>('POST', path, body)).checks;
}
