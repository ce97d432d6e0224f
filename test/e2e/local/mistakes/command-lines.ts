import type { Mistake } from '../../../support/mistake.ts';

/** Wrong commands, options and arguments. */
export const commandLines: readonly Mistake[] = [
  {
    line: 'nf-escrow workspace list',
    status: 64,
    says: 'Unknown command "workspace". Did you mean workspaces?',
    hint: 'Run `nf-escrow --help` for usage.',
  },
  {
    line: 'nf-escrow secrets sett DB_PASSWORD',
    status: 64,
    says: 'Unknown command "sett" of nf-escrow secrets. Did you mean set?',
    hint: 'Run `nf-escrow secrets --help` for usage.',
  },
  {
    line: 'nf-escrow main.nf',
    status: 64,
    says: 'Unknown command "main.nf".',
    hint: 'To run a pipeline: nf-escrow run main.nf',
  },
  {
    line: 'nf-escrow nf-core/rnaseq',
    status: 64,
    says: 'Unknown command "nf-core/rnaseq".',
    hint: 'To run a pipeline: nf-escrow run nf-core/rnaseq',
  },
  {
    line: 'nf-escrow pull nf-core/rnaseq',
    status: 64,
    says: 'Unknown command "pull".',
    hint: 'To run this command of Nextflow: nf-escrow nextflow pull',
  },
  {
    line: 'nf-escrow vault import nothing.age',
    status: 64,
    says: 'Cannot read "nothing.age": no such file or directory (ENOENT).',
    hint: 'Name a file that you can read.',
  },
  {
    line: 'nf-escrow secrets list --worksapce lab/rna',
    status: 64,
    says: 'Unknown option "--worksapce" of nf-escrow secrets list. Did you mean --workspace?',
    hint: 'Run `nf-escrow secrets list --help` for usage.',
  },
  {
    line: 'nf-escrow secrets set DB_PASSWORD --value=hunter2',
    status: 64,
    says: 'Unknown option "--value" of nf-escrow secrets set.',
    hint: 'Run `nf-escrow secrets set --help` for usage.',
  },
  {
    line: 'nf-escrow secrets set DB_PASSWORD hunter2',
    status: 64,
    says: 'Cannot set a secret from an argument: other users can see arguments, and your shell history keeps them.',
    hint: 'If you entered the value, replace it at the service that issued it, because it may be in your shell history. Then give only the name as an argument, and the new value at the prompt or on standard input.',
  },
  {
    line: 'nf-escrow secrets show DB_PASSWORD hunter2',
    status: 64,
    says: 'Too many arguments of nf-escrow secrets show: it takes only NAME.',
    hint: 'Run `nf-escrow secrets show --help` for usage.',
  },
  {
    line: 'nf-escrow secrets set',
    status: 64,
    says: 'Missing argument NAME of nf-escrow secrets set.',
    hint: 'Run `nf-escrow secrets set --help` for usage.',
  },
  {
    line: 'nf-escrow secrets import',
    status: 64,
    says: 'Missing option --from SOURCE of nf-escrow secrets import.',
    hint: 'Run `nf-escrow secrets import --help` for usage.',
  },
  {
    line: 'nf-escrow secrets list --workspace',
    status: 64,
    says: 'Option --workspace ORG/NAME of nf-escrow secrets list requires a value.',
    hint: 'Run `nf-escrow secrets list --help` for usage.',
  },
  {
    line: 'nf-escrow secrets list --user --workspace lab/rna',
    status: 64,
    says: '--user and --workspace cannot be combined.',
    hint: 'Run `nf-escrow secrets list --help` for usage.',
  },
  {
    line: 'nf-escrow runs list --limit abc',
    status: 64,
    says: '--limit must be a whole number from 1 to 1000000, not abc.',
    hint: 'Run `nf-escrow runs list --help` for usage.',
  },
  {
    line: 'nf-escrow runs list --limit 1.5',
    status: 64,
    says: '--limit must be a whole number from 1 to 1000000, not 1.5.',
    hint: 'Run `nf-escrow runs list --help` for usage.',
  },
  {
    line: 'nf-escrow audit --limit 5000000',
    status: 64,
    says: '--limit must be a whole number from 1 to 1000000, not 5000000.',
    hint: 'Run `nf-escrow audit --help` for usage.',
  },
  {
    line: 'nf-escrow audit --before yesterday',
    status: 64,
    says: '--before must be a number from 1 to 9007199254740991, not yesterday.',
    hint: 'Run `nf-escrow audit --help` for usage.',
  },
  {
    line: 'nf-escrow runs list --state runing',
    status: 64,
    says: '--state must be created, materialized, running, ended, purged or open, not runing.',
    hint: 'Did you mean running?',
  },
  {
    line: 'nf-escrow runs prune --older-than "two weeks" --yes',
    status: 64,
    says: '--older-than must be a number from 0 to 36500, not "two weeks".',
    hint: 'Run `nf-escrow runs prune --help` for usage.',
  },
  {
    line: 'nf-escrow doctor --wait soon',
    status: 64,
    says: '--wait must be a number of seconds from 1 to 999999, not soon.',
    hint: 'Run `nf-escrow doctor --help` for usage.',
  },
  {
    line: 'nf-escrow completion bsh',
    status: 64,
    says: 'Cannot print a completion script: unknown shell "bsh". Did you mean bash?',
    hint: 'Use one of: bash, zsh, fish.',
  },
  {
    line: 'nf-escrow iam render --account 12345 --execution-role-name tasks --owner ada',
    status: 64,
    says: '--account must be 12 digits, not 12345.',
    hint: 'Run `nf-escrow iam render --help` for usage.',
  },
  {
    line: 'nf-escrow orgs remove lab',
    status: 64,
    says: 'Cannot ask for confirmation of "Remove organization lab?": standard input is not a terminal.',
    hint: 'Add --yes to confirm.',
  },
];
