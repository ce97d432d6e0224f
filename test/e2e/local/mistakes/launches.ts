import type { Mistake } from '../../../support/mistake.ts';

const RUN_HELP = 'Run `nf-escrow run --help` for usage.';
const CORRECT = 'Correct it there, or run: nf-escrow config set';

/** Launches that cannot start, and settings that would prevent them. */
export const launches: readonly Mistake[] = [
  {
    line: 'nf-escrow run',
    status: 64,
    says: 'Missing argument PIPELINE.',
    hint: 'Use: nf-escrow run [options] PIPELINE [--parameter VALUE]',
  },
  {
    line: 'nf-escrow run --worksapce lab/rna main.nf',
    status: 64,
    says: 'Unknown option "--worksapce" of nf-escrow run. Did you mean --workspace?',
    hint: 'Put pipeline parameters after the pipeline: nf-escrow run [options] PIPELINE [--parameter VALUE]',
  },
  {
    line: 'nf-escrow run --workspace lab main.nf',
    status: 64,
    says: '--workspace must be ORG/NAME or SERVER:ORG/NAME, such as lab/rna, not lab.',
    hint: RUN_HELP,
  },
  {
    line: 'nf-escrow run --compute-env "my cluster" main.nf',
    status: 64,
    says: '--compute-env must be NAME or SERVER:NAME of lower-case letters, digits, hyphens and underscores, not "my cluster".',
    hint: RUN_HELP,
  },
  {
    line: 'nf-escrow run --only-secret',
    status: 64,
    says: 'Option --only-secret of nf-escrow run requires a value.',
    hint: RUN_HELP,
  },
  {
    line: 'nf-escrow run --only-secret DB-PASSWORD main.nf',
    status: 64,
    says: 'Invalid secret name "DB-P…": it contains characters other than letters, digits and underscores.',
    hint: "Use 2 to 50 letters, digits and single underscores. Start with a letter or one underscore (Nextflow's rule).",
  },
  {
    line: 'nf-escrow run --workspace lab/rnaa main.nf',
    status: 78,
    says: 'There is no workspace "lab/rnaa".',
    hint: 'Did you mean lab/rna? Run `nf-escrow workspaces list` to see the existing ones, or create it with `nf-escrow workspaces create ORG/NAME`.',
  },
  {
    line: 'nf-escrow run --compute-env clutser main.nf',
    status: 78,
    says: 'There is no compute environment "clutser".',
    hint: 'Did you mean cluster? Run `nf-escrow compute-envs list` to see the existing ones, or create it with `nf-escrow compute-envs create`.',
  },
  {
    line: 'nf-escrow run --only-secret DB_PASWORD main.nf',
    status: 78,
    says: 'Cannot deliver DB_PASWORD: the run has no secret of this name.',
    hint: 'Did you mean DB_PASSWORD? Set it with `nf-escrow secrets set NAME`, or run `nf-escrow secrets list` to see the existing names.',
  },
  {
    line: 'nf-escrow run --nextflow /no/nextflow main.nf',
    status: 78,
    says: 'Cannot start "/no/nextflow": it is not an executable file.',
    hint: 'Add `nextflow` to PATH, or set its path with --nextflow PATH or NF_ESCROW_NEXTFLOW.',
  },
  {
    line: 'nf-escrow run --explain --detach main.nf',
    status: 64,
    says: '--explain and --detach cannot be combined: --explain does not start the run.',
    hint: RUN_HELP,
  },
  {
    line: 'env NF_ESCROW_KEEP_RUNS_DAYS=forever nf-escrow run main.nf',
    status: 78,
    says: 'Invalid value of keepRunsDays in NF_ESCROW_KEEP_RUNS_DAYS: it must be a number from 0 to 36500, not forever.',
    hint: `${CORRECT} keepRunsDays VALUE`,
  },
  {
    line: 'env NF_ESCROW_HOME=$BOX/unknown-key nf-escrow run main.nf',
    status: 78,
    says: 'Unknown key "worskpace" in "$BOX/unknown-key/config.yaml", line 2, column 1.',
    hint: 'Did you mean workspace?',
  },
  {
    line: 'env NF_ESCROW_HOME=$BOX/invalid-value nf-escrow status',
    status: 78,
    says: 'Invalid value of workspace in "$BOX/invalid-value/config.yaml", line 3, column 1: it must be ORG/NAME or SERVER:ORG/NAME, such as lab/rna, not lab.',
    hint: `${CORRECT} workspace VALUE`,
  },
  {
    line: 'env NF_ESCROW_HOME=$BOX/tab nf-escrow status',
    status: 78,
    says: 'Cannot parse "$BOX/tab/config.yaml", line 2, column 1: it is not valid YAML: a tab is used for indentation.',
    hint: 'Correct the file at this place.',
  },
  {
    line: 'nf-escrow config set keepRunsDays 99999',
    status: 64,
    says: 'keepRunsDays must be a number from 0 to 36500, not 99999.',
    hint: 'Run `nf-escrow config set --help` for usage.',
  },
  {
    line: 'nf-escrow config set onLost never',
    status: 64,
    says: 'onLost must be purge-now, cancel-jobs, wait or wait:SECONDS, not never.',
    hint: 'Run `nf-escrow config set --help` for usage.',
  },
  {
    line: 'nf-escrow config get worskpace',
    status: 64,
    says: 'Unknown setting "worskpace". Did you mean workspace?',
    hint: 'Use one of: workspace, computeEnv, nextflow, runsDir, idleSeconds, keepRunsDays, onLost, hostLeaseSeconds, vaultKeyCommand, writableByOthers, trustedOwners, pluginsDir, listen, metricsTokenFile, webhooks.',
  },
  {
    line: 'nf-escrow use lab/rnaa',
    status: 1,
    says: 'There is no workspace "lab/rnaa".',
    hint: 'Did you mean lab/rna? Run `nf-escrow workspaces list` to see the existing ones, or create it with `nf-escrow workspaces create ORG/NAME`.',
  },
];
