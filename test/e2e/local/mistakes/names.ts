import type { Mistake } from '../../../support/mistake.ts';

const WORKSPACES =
  'Run `nf-escrow workspaces list` to see the existing ones, or create it with `nf-escrow workspaces create ORG/NAME`.';
const ENVIRONMENTS =
  'Run `nf-escrow compute-envs list` to see the existing ones, or create it with `nf-escrow compute-envs create`.';

/** Names that are malformed, and names of objects that do not exist or exist already. */
export const names: readonly Mistake[] = [
  {
    line: 'printf x | nf-escrow secrets set DB-PASSWORD',
    status: 64,
    says: 'Invalid secret name "DB-P…": it contains characters other than letters, digits and underscores.',
    hint: "Use 2 to 50 letters, digits and single underscores. Start with a letter or one underscore (Nextflow's rule).",
  },
  {
    line: 'nf-escrow secrets list --workspace lab',
    status: 64,
    says: 'Invalid workspace name "lab": it must be ORG/NAME.',
    hint: 'ORG and NAME have 1 to 63 lower-case letters, digits and hyphens. List workspaces: nf-escrow workspaces list',
  },
  {
    line: 'nf-escrow orgs create "Our Lab"',
    status: 64,
    says: 'ORG must be 1 to 63 lower-case letters, digits and hyphens, starting with a letter or digit, not "Our Lab".',
    hint: 'Run `nf-escrow orgs create --help` for usage.',
  },
  {
    line: 'nf-escrow compute-envs create Cluster --platform hpc',
    status: 64,
    says: 'NAME must be 1 to 63 lower-case letters, digits, hyphens and underscores, starting with a letter or digit, not Cluster.',
    hint: 'Run `nf-escrow compute-envs create --help` for usage.',
  },
  {
    line: 'nf-escrow compute-envs create other --platform slurm',
    status: 64,
    says: 'Unknown platform "slurm".',
    hint: 'Use one of: hpc, aws-batch.',
  },
  {
    line: 'nf-escrow compute-envs create other --platform hpc --executor slrm',
    status: 64,
    says: 'Unknown executor "slrm". Did you mean slurm?',
    hint: 'Use one of: slurm, lsf, sge, pbs.',
  },
  {
    line: 'nf-escrow compute-envs create batch --platform aws-batch --region europe --queue q --work-dir s3://work --execution-role arn:aws:iam::123456789012:role/r',
    status: 64,
    says: '--region must be an AWS region, such as eu-west-1, not europe.',
    hint: 'Run `nf-escrow compute-envs create --help` for usage.',
  },
  {
    line: 'nf-escrow compute-envs update cluster --unset runsdir',
    status: 64,
    says: 'Setting "runsdir" cannot be unset. Did you mean runs-dir?',
    hint: 'Use one of: executor, runs-dir, env, profile, assume-role, external-id, kms-key, prefix, layout, endpoint, fips, probe-image, dead-man-role, dead-man.',
  },
  {
    line: 'nf-escrow workspaces show lab/rnaa',
    status: 1,
    says: 'There is no workspace "lab/rnaa".',
    hint: `Did you mean lab/rna? ${WORKSPACES}`,
  },
  {
    line: 'nf-escrow workspaces create lap/rna',
    status: 1,
    says: 'There is no organization "lap".',
    hint: 'Did you mean lab? Run `nf-escrow orgs list` to see the existing ones, or create it with `nf-escrow orgs create NAME`.',
  },
  {
    line: 'nf-escrow workspaces create lab/rna',
    status: 1,
    says: 'Cannot create the workspace "lab/rna": it already exists.',
    hint: 'Choose another name, or update the existing object.',
  },
  {
    line: 'nf-escrow compute-envs show clutser',
    status: 1,
    says: 'There is no compute environment "clutser".',
    hint: `Did you mean cluster? ${ENVIRONMENTS}`,
  },
  {
    line: 'nf-escrow secrets show DB_PASWORD',
    status: 1,
    says: 'Cannot show DB_PASWORD of workspace local/main: there is no secret of this name.',
    hint: 'Did you mean DB_PASSWORD? Run `nf-escrow secrets list` to see the existing names.',
  },
  {
    line: 'nf-escrow secrets remove db_password --yes',
    status: 1,
    says: 'Cannot remove db_password from workspace local/main: there is no secret of this name.',
    hint: 'Did you mean DB_PASSWORD? Run `nf-escrow secrets list` to see the existing names.',
  },
  {
    line: 'nf-escrow runs show happy_einstein',
    status: 1,
    says: 'No run has the id or name "happy_einstein".',
    hint: 'Run `nf-escrow runs list` to see the existing runs.',
  },
  {
    line: 'printf x | nf-escrow secrets set DB_PASSWORD --from-file nothing.txt',
    status: 64,
    says: 'Cannot read "nothing.txt": no such file or directory (ENOENT).',
    hint: 'Name a file that you can read.',
  },
  {
    line: 'nf-escrow secrets set DB_PASSWORD </dev/null',
    status: 64,
    says: 'Cannot set DB_PASSWORD: the value is empty.',
    hint: 'Use a value of 1 byte to 64 KiB without NUL bytes.',
  },
  {
    line: 'nf-escrow secrets import --from json broken.json',
    status: 64,
    says: 'Cannot import "broken.json": it is not JSON.',
    hint: 'Correct the file or its options. Nothing was imported.',
  },
  {
    line: 'nf-escrow secrets import --from jsn broken.json',
    status: 64,
    says: 'Cannot import secrets: unknown source "jsn". Did you mean json?',
    hint: 'Use one of: nextflow, dotenv, json.',
  },
];
