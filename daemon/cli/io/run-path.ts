import { EscrowError } from '../../errors.ts';

/** Where the API has a run: by id, unique beginning of one, or Nextflow's run name. */
export function runPath(wanted: string): string {
  if (wanted === '') throw new EscrowError('usage', 'RUN is empty.');
  return `/v1/runs/${encodeURIComponent(wanted)}`;
}
