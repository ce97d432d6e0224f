import { connect } from '../../api-client/client.ts';
import type { ComputeEnvironment, DoctorReport, ProbeRequest } from '../../contract/types.ts';
import type { Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Additional time limit for delivery, removal and its verification, in milliseconds. */
const AROUND_MS = 180_000;

/** Lets the daemon run the probe, because its ledger must record everything delivered to other machines (platform-checks.ts). */
export async function probeInDaemon(
  { name }: ComputeEnvironment,
  { paths }: Pick<DoctorContext, 'paths'>,
  limitMs: number,
): Promise<Check[]> {
  if (paths === undefined) return []; // the settings check reports why
  const body: ProbeRequest = { waitSeconds: Math.ceil(limitMs / 1000) };
  const daemon = connect(paths.socket, limitMs + AROUND_MS);
  const path = `/v1/compute-envs/${encodeURIComponent(name)}/probe`;
  return (await daemon.call<DoctorReport>('POST', path, body)).checks;
}
