import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { machineUser } from '../../../access/principal.ts';
import type { DoctorReport } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import { makeDirectories } from '../../../system/files/make-directories.ts';
import type { Context } from '../../context.ts';
import { showChecks } from '../doctor.ts';
import { jsonText, print, printError, printJson, warn } from '../../io/output.ts';

interface RenderOptions {
  readonly account: string;
  readonly executionRoleName: string;
  readonly deadManRoleName?: string;
  readonly owner?: string;
  readonly workspace?: string;
  readonly prefix?: string;
  readonly partition?: string;
  readonly kmsKey?: string;
  readonly cloudformation?: boolean;
  readonly output?: string;
}

interface CheckOptions {
  readonly computeEnv: string;
  readonly workspace?: string;
  readonly json?: boolean;
}

export function addIam(program: Command, context: Context): void {
  const iam = program
    .command('iam')
    .description('Render and check the IAM policies for runs on AWS Batch')
    .addHelpText('after', '\nExample: nf-escrow iam check --compute-env batch');
  iam
    .command('render')
    .description(
      "Render the policies of the execution role, the instance role, the launching user and the dead man's switch",
    )
    .requiredOption('--account <ID>', 'AWS account, 12 digits')
    .requiredOption(
      '--execution-role-name <NAME>',
      'name of the execution role, with which ECS reads secrets',
    )
    .option('--dead-man-role-name <NAME>', "name of the role of the dead man's switch, if you use one")
    .option('--owner <USER>', 'Unix user who launches runs (default: you)')
    .option(
      '--workspace <ORG/NAME>',
      'limit the policies to the secrets of this workspace (default: all workspaces)',
    )
    .option('--prefix <PREFIX>', 'prefix of the names of AWS secrets', 'nf-escrow')
    .option('--partition <PARTITION>', 'aws, aws-cn, aws-us-gov, …', 'aws')
    .option('--kms-key <ARN>', 'customer managed key that encrypts the secrets')
    .option('--cloudformation', 'one CloudFormation template instead of JSON policies')
    .option('--output <DIR>', 'directory for the files (default: standard output)')
    .addHelpText(
      'after',
      '\nExample: nf-escrow iam render --account 123456789012 --execution-role-name nextflow-execution',
    )
    .action((options: RenderOptions) => render(options));
  iam
    .command('check')
    .description('Check the AWS permissions for a compute environment')
    .requiredOption('--compute-env <NAME>', 'compute environment of platform aws-batch')
    .option('--workspace <ORG/NAME>', 'check the permissions for this workspace (default: see nf-escrow use)')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow iam check --compute-env batch')
    .action((options: CheckOptions) => check(context, options));
}

async function render(options: RenderOptions): Promise<void> {
  const { account, workspace, prefix, partition, kmsKey, owner = machineUser().user } = options;
  if (options.owner === undefined)
    warn(`these policies are for user ${owner}. For another user, set --owner USER.`);
  const { executionRoleName: executionRole, deadManRoleName: deadManRole } = options;
  const { renderCloudFormation, renderDocuments } = await import('../../../aws/iam/iam-policies.ts');
  const wishes = { account, executionRole, deadManRole, owner, workspace, prefix, partition, kmsKey };
  const files =
    options.cloudformation === true
      ? { 'secrets-policies.template.json': renderCloudFormation(wishes) }
      : renderDocuments(wishes);
  if (options.output === undefined) {
    for (const [name, policy] of Object.entries(files)) {
      if (options.cloudformation !== true) printError(name);
      printJson(policy);
    }
    return;
  }
  const directory = resolve(options.output);
  makeDirectories(directory, 0o755); // the policies contain no secrets
  for (const [name, policy] of Object.entries(files)) {
    writeFileSync(join(directory, name), `${jsonText(policy)}\n`, { mode: 0o644 });
    print(join(directory, name));
  }
}

async function check(context: Context, { computeEnv, workspace, json }: CheckOptions): Promise<void> {
  const query = workspace === undefined ? '' : `?${new URLSearchParams({ workspace }).toString()}`;
  const path = `/v1/compute-envs/${encodeURIComponent(computeEnv)}/check${query}`;
  const { checks } = await (await context.daemon()).call<DoctorReport>('POST', path);
  if (checks.length === 0)
    throw new EscrowError(
      'compute-environment-invalid',
      `Compute environment "${computeEnv}" has no IAM permissions to check: it does not run on AWS.`,
      { hint: 'List compute environments with `nf-escrow compute-envs list`.' },
    );
  if (json === true) printJson({ checks });
  else showChecks(checks);
  if (checks.some(({ state }) => state === 'failure')) process.exitCode = 1;
}
