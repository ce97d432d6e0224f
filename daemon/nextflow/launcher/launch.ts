/** What a launch is, as far as it decides by what its tasks are given their secrets. */
export interface Launch {
  readonly nextflow: string;
  /** Nextflow's arguments. */
  readonly arguments: readonly string[];
  readonly directory: string;
  /** nf-escrow's state directory. */
  readonly state: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
