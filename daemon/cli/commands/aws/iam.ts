import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { machineUser } from '../../../access/principal.ts';
import type { DoctorReport } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import { makeDirectories } from '../../../system/files/make-directories.ts';
import type { Context } from '../../context.ts';
import { showChecks } from '../doctor.ts';
import type { ServerIamOptions } from './server-iam.ts';
import { jsonText, print, printError, printJson, warn } from '../../io/output.ts';

interface RenderOptions extends ServerIamOptions {
  readonly server?: boolean;
  readonly executionRoleName?: string;
  readonly owner?: string;
  readonly partition?: string;
  readonly cloudformation?: boolean;
  readonly output?: string;
}

interface CheckOptions extends ServerIamOptions {
  readonly server?: boolean;
  readonly computeEnv?: string;
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
    .option('--account <ID>', 'AWS account, 12 digits (required)')
    .option(
      '--execution-role-name <NAME>',
      'name of the execution role, with which ECS reads secrets (required without --server)',
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
    .option('--server', 'render the policies of a compute environment that belongs to a team server')
    .option('--region <REGION>', 'with --server: region of the job queue')
    .option('--execution-role <ROLE>', 'with --server: name or ARN of the execution role of the workspace')
    .option('--server-role <ROLE>', 'with --server: name or ARN of the role that the server assumes, if any')
    .option(
      '--server-identity <ARN>',
      'with --server: role or user that assumes it (default: any of the account)',
    )
    .option('--external-id <ID>', 'with --server: external id with which the server assumes the role')
    .addHelpText(
      'after',
      '\nExample: nf-escrow iam render --account 123456789012 --execution-role-name nextflow-execution',
    )
    .action((options: RenderOptions) => render(options));
  iam
    .command('check')
    .description('Check the AWS permissions for a compute environment')
    .option('--compute-env <NAME>', 'compute environment of platform aws-batch (required without --server)')
    .option('--workspace <ORG/NAME>', 'check the permissions for this workspace (default: see nf-escrow use)')
    .option('--json', 'JSON output')
    .option('--server', 'check, with the AWS identity of a team server, what it needs for a workspace')
    .option('--region <REGION>', 'with --server: region of the job queue')
    .option('--execution-role <ROLE>', 'with --server: ARN of the execution role, or its name with --account')
    .option('--account <ID>', 'with --server: AWS account, 12 digits (default: that of the execution role)')
    .option('--server-role <ROLE>', 'with --server: name or ARN of the role that the server assumes, if any')
    .option('--external-id <ID>', 'with --server: external id with which the server assumes the role')
    .option(
      '--dead-man-role-name <NAME>',
      "with --server: name of the role of the dead man's switch, if you use one",
    )
    .option('--prefix <PREFIX>', 'with --server: prefix of the names of AWS secrets (default: nf-escrow)')
    .option('--kms-key <ARN>', 'with --server: customer managed key that encrypts the secrets')
    .option('--endpoint <URL>', 'with --server: endpoint of AWS, such as that of an emulator on this machine')
    .addHelpText('after', '\nExample: nf-escrow iam check --compute-env batch')
    .action((options: CheckOptions) => check(context, options));
}

async function render(options: RenderOptions): Promise<void> {
  if (options.server === true && options.cloudformation === true)
    throw new EscrowError('usage', 'The options --server and --cloudformation exclude each other.');
  const { renderForServer } = await import('./server-iam.ts');
  const files = options.server === true ? await renderForServer(options) : await renderForLauncher(options);
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

/** Returns the documents of a launcher's policies by file name. */
async function renderForLauncher(options: RenderOptions): Promise<Record<string, object>> {
  const { workspace, prefix, partition, kmsKey, owner = machineUser().user } = options;
  const account = required(options.account, '--account <ID>');
  const executionRole = required(options.executionRoleName, '--execution-role-name <NAME>');
  if (options.owner === undefined)
    warn(`these policies are for user ${owner}. For another user, set --owner USER.`);
  const { deadManRoleName: deadManRole } = options;
  const { renderCloudFormation, renderDocuments } = await import('../../../aws/iam/iam-policies.ts');
  const wishes = { account, executionRole, deadManRole, owner, workspace, prefix, partition, kmsKey };
  return options.cloudformation === true
    ? { 'secrets-policies.template.json': renderCloudFormation(wishes) }
    : renderDocuments(wishes);
}

function required(value: string | undefined, option: string): string {
  if (value !== undefined) return value;
  throw new EscrowError('usage', `The option ${option} is missing.`, {
    hint: 'See `nf-escrow iam --help`, and the help of its commands.',
  });
}

async function check(context: Context, { json, ...options }: CheckOptions): Promise<void> {
  const { checkForServer } = await import('./server-iam.ts');
  const checks =
    options.server === true ? await checkForServer(options) : await checkForLauncher(context, options);
  if (json === true) printJson({ checks });
  else showChecks(checks);
  if (checks.some(({ state }) => state === 'failure')) process.exitCode = 1;
}

async function checkForLauncher(
  context: Context,
  { computeEnv, workspace }: CheckOptions,
): Promise<DoctorReport['checks']> {
  const name = required(computeEnv, '--compute-env <NAME>');
  const query = workspace === undefined ? '' : `?${new URLSearchParams({ workspace }).toString()}`;
  const path = `/v1/compute-envs/${encodeURIComponent(name)}/check${query}`;
  const { checks } = await (await context.daemon()).call<DoctorReport>('POST', path);
  if (checks.length > 0) return checks;
  throw new EscrowError(
    'compute-environment-invalid',
    `Compute environment "${name}" has no IAM permissions to check: it does not run on AWS.`,
    { hint: 'List compute environments with `nf-escrow compute-envs list`.' },
  );
}
