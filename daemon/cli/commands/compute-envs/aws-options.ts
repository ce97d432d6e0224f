import type { Command } from 'commander';
import type { AwsSettings } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';

/**
 * The options of `compute-envs create` and `update` that are AWS Batch's, and what each stands for; first those that it
 * cannot be without.
 */
const OPTIONS: readonly (readonly [flag: string, key: keyof AwsSettings, help: string])[] = [
  ['--region <REGION>', 'region', 'of queue and secrets'],
  ['--queue <QUEUE>', 'queue', 'name or ARN of the job queue'],
  ['--work-dir <S3>', 'workDir', "Nextflow's work directory: s3://BUCKET/PATH"],
  ['--execution-role <ARN>', 'executionRole', 'with which ECS reads the secrets as a container starts'],
  ['--profile <PROFILE>', 'profile', "of your AWS configuration (default: the environment's credentials)"],
  ['--assume-role <ARN>', 'assumeRole', 'a role to take, where the queue is in another account'],
  ['--external-id <ID>', 'externalId', 'that this role wants'],
  ['--kms-key <KEY>', 'kmsKey', 'that encrypts the secrets (default: aws/secretsmanager)'],
  ['--prefix <PREFIX>', 'prefix', 'of the names of secrets (default: nf-escrow)'],
  ['--layout <LAYOUT>', 'layout', 'bundle (one secret a run, the default) or per-secret'],
  ['--dead-man-role <ARN>', 'deadManRole', 'with which EventBridge Scheduler may delete secrets of runs'],
  ['--probe-image <IMAGE>', 'probeImage', 'for the job of doctor --probe (default: a public one of busybox)'],
  ['--endpoint <URL>', 'endpoint', 'of Secrets Manager, where it is a private one'],
];

const NEEDED = 4;

export type AwsOptions = Readonly<Record<string, unknown>>;

export function addAwsOptions(command: Command): Command {
  for (const [flag, , help] of OPTIONS) command.option(flag, `aws-batch: ${help}`);
  return command
    .option('--fips', 'aws-batch: use the FIPS endpoints')
    .option(
      '--dead-man',
      'aws-batch: have EventBridge Scheduler delete what a machine that never returns has left',
    )
    .option('--no-dead-man', 'aws-batch: do not');
}

/** The settings that options name. */
export function readAwsOptions(options: AwsOptions): Partial<AwsSettings> {
  const named = OPTIONS.map(([flag, key]) => [key, options[optionName(flag)]] as const);
  return {
    ...Object.fromEntries(named.filter(([, value]) => value !== undefined)),
    ...(options['fips'] === true ? { fips: true } : {}),
    ...(options['deadMan'] === undefined ? {} : { deadMan: options['deadMan'] === true }),
  };
}

/** Settings that may be left out, by the names of their options, such as `kms-key`. */
export const optionalAwsSettings: ReadonlyMap<string, keyof AwsSettings> = new Map([
  ...OPTIONS.slice(NEEDED).map(([flag, key]) => [wordOf(flag), key] as const),
  ['fips', 'fips'],
]);

/** Throws `usage`, with what is missing. */
export function completeAwsSettings(settings: Partial<AwsSettings>): AwsSettings {
  const { region, queue, workDir, executionRole, ...rest } = settings;
  if (region !== undefined && queue !== undefined && workDir !== undefined && executionRole !== undefined)
    return { region, queue, workDir, executionRole, ...rest };
  const missing = OPTIONS.slice(0, NEEDED).filter(([, key]) => settings[key] === undefined);
  throw new EscrowError(
    'usage',
    `aws-batch needs ${missing.map(([flag]) => flag.split(' ')[0]).join(', ')} too.`,
    {
      hint: 'docs/aws-batch.md leads from an empty account to a run.',
    },
  );
}

/** `--work-dir <S3>` is `workDir`, as commander has it. */
function optionName(flag: string): string {
  return wordOf(flag).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `--work-dir <S3>` is `work-dir`. */
function wordOf(flag: string): string {
  return (flag.split(' ')[0] ?? '').slice(2);
}
