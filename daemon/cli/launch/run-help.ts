/** The help of `nf-escrow run`. Completion reads the options from it. */
export const RUN_HELP = `Usage: nf-escrow run [options] PIPELINE [nextflow run options and parameters]

Run a pipeline like \`nextflow run\`, and deliver secrets to its tasks. When the
run ends, nf-escrow removes the secrets.

Options of nf-escrow come first. All arguments after them go to Nextflow.
  --workspace ORG/NAME     workspace of the secrets (default: see nf-escrow use)
  --compute-env NAME       compute environment (default: see compute-envs list)
  --only-secret NAME       deliver only this secret (repeatable)
  --user-secret NAME       like --only-secret, but always your own secret
  --workspace-secret NAME  like --only-secret, but always the workspace's secret
  --no-secrets             deliver no secrets
  --detach                 start the run and return (see nf-escrow runs logs)
  --explain                show the plan of the run without starting it
  --json                   JSON output, with --explain or --detach
  --nextflow PATH          nextflow program to start
  --allow-param NAME       pass --NAME to the pipeline, even if nf-escrow has an
                           option with this name (repeatable)
  --                       end the options of nf-escrow
  --help                   show this help

nf-escrow rejects its own options after PIPELINE, because Nextflow would pass
them to the pipeline as parameters.

Example: nf-escrow run --only-secret DB_PASSWORD main.nf --input samples.csv -profile cluster`;
