import { EscrowError } from '../../errors.ts';

/** Returns the API path of a run, given its id, a unique prefix of it, or Nextflow's run name. */
export function runPath(wanted: string): string {
  if (wanted === '') throw new EscrowError('usage', 'RUN is empty.');
  return `/v1/runs/${encodeURIComponent(wanted)}`;
}
