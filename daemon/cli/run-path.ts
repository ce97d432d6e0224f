/** Where the API has a run: by id, unique beginning of one, or Nextflow's run name. */
export function runPath(wanted: string): string {
  return `/v1/runs/${encodeURIComponent(wanted)}`;
}
