import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ComputeEnvironment, ComputeEnvironmentList } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import {
  addAwsOptions,
  completeAwsSettings,
  optionalAwsSettings,
  readAwsOptions,
  type AwsOptions,
} from './aws-options.ts';
import { confirm } from '../../io/confirm.ts';
import type { Context } from '../../context.ts';
import { print, printJson, printTable } from '../../io/output.ts';
import { splitWords } from '../../io/split-words.ts';

interface Json {
  readonly json?: boolean;
}

interface ChangeOptions extends AwsOptions {
  readonly runsDir?: string;
  readonly default?: boolean;
  readonly executor?: string;
  readonly headJob?: boolean;
  readonly headOptions?: string;
}

interface UpdateOptions extends ChangeOptions {
  /** Names of options. */
  readonly unset?: readonly string[];
}

interface CreateOptions extends ChangeOptions {
  readonly platform: string;
}

const PATH = '/v1/compute-envs';
const RUNS_DIR = 'where run directories are made; compute nodes have to see it';
const EXECUTORS = ['slurm', 'sge', 'pbs', 'lsf'];
const EXECUTOR = `the scheduler: ${EXECUTORS.join(', ')} (default: the one that is found)`;
const HEAD_JOB = 'Nextflow itself becomes a job of the scheduler';
const HEAD_OPTIONS = 'options for that job, as for its submit command';

export function addComputeEnvironments(program: Command, context: Context): void {
  const environments = program.command('compute-envs').description('named places that runs go to');
  addAwsOptions(environments.command('create'))
    .argument('<NAME>')
    .description('make one')
    .requiredOption('--platform <PLATFORM>', 'hpc: this machine, or a scheduler; or aws-batch')
    .option('--runs-dir <DIR>', RUNS_DIR)
    .option('--default', 'runs go there that name none')
    .option('--executor <NAME>', EXECUTOR)
    .option('--head-job', HEAD_JOB)
    .option('--head-options <OPTIONS>', HEAD_OPTIONS)
    .addHelpText(
      'after',
      '\nExample: nf-escrow compute-envs create cluster --platform hpc --executor slurm --head-job --head-options "--partition=long"',
    )
    .action((name: string, options: CreateOptions) => create(context, name, options));
  addAwsOptions(environments.command('update'))
    .argument('<NAME>')
    .description('change one; runs that are under way stay where they are')
    .option('--runs-dir <DIR>', RUNS_DIR)
    .option('--default', 'runs go there that name none')
    .option('--executor <NAME>', EXECUTOR)
    .option('--head-job', HEAD_JOB)
    .option('--no-head-job', 'Nextflow itself runs where it is started')
    .option('--head-options <OPTIONS>', HEAD_OPTIONS)
    .option(
      '--unset <OPTION>',
      'take back what may be left out, such as kms-key; may be given several times',
      (one: string, others: readonly string[] | undefined) => [...(others ?? []), one],
    )
    .addHelpText('after', '\nExample: nf-escrow compute-envs update cluster --default')
    .action((name: string, options: UpdateOptions) => update(context, name, options));
  environments
    .command('list')
    .alias('ls')
    .description('by name')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow compute-envs list')
    .action(async (options: Json) => {
      const list = await (await context.daemon()).call<ComputeEnvironmentList>('GET', PATH);
      if (options.json === true) printJson(list);
      else show(context, list.computeEnvironments);
    });
  environments
    .command('show')
    .argument('<NAME>')
    .description('one of them')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow compute-envs show local')
    .action(async (name: string, options: Json) => {
      const one = await (await context.daemon()).call<ComputeEnvironment>('GET', pathOf(name));
      if (options.json === true) printJson(one);
      else show(context, [one]);
    });
  environments
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<NAME>')
    .description('remove one that no run needs')
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nExample: nf-escrow compute-envs remove cluster')
    .action(async (name: string, options: { yes?: boolean }) => {
      await confirm(`Remove the compute environment ${name}?`, options.yes);
      await (await context.daemon()).call('DELETE', pathOf(name));
      print(`The compute environment ${name} is removed.`);
    });
}

async function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  if (!['hpc', 'aws-batch'].includes(options.platform))
    throw new EscrowError('usage', `"${options.platform}" is no platform.`, {
      hint: 'The platform is hpc or aws-batch.',
    });
  const named = readAwsOptions(options);
  const [first] = Object.keys(named);
  if (options.platform === 'hpc' && first !== undefined)
    throw new EscrowError('usage', `${first} says something of aws-batch, and the platform is hpc.`);
  const aws = options.platform === 'hpc' ? {} : { aws: completeAwsSettings(named) };
  const body = { name, platform: options.platform, ...bodyOf(options), ...aws };
  show(context, [await (await context.daemon()).call<ComputeEnvironment>('POST', PATH, body)]);
}

async function update(context: Context, name: string, options: UpdateOptions): Promise<void> {
  const named = readAwsOptions(options);
  const taken = takenBack(options.unset ?? []);
  const body = { ...taken.body, ...bodyOf(options) };
  const [first] = [...Object.keys(named), ...taken.aws];
  if (first !== undefined) {
    const { aws } = await (await context.daemon()).call<ComputeEnvironment>('GET', pathOf(name));
    if (aws === undefined)
      throw new EscrowError(
        'usage',
        `${first} says something of aws-batch, and "${name}" is of another platform.`,
      );
    const kept = Object.entries(aws).filter(([key]) => !taken.aws.has(key));
    body['aws'] = completeAwsSettings({ ...Object.fromEntries(kept), ...named });
  }
  if (Object.keys(body).length === 0)
    throw new EscrowError('usage', 'There is nothing to change.', {
      hint: 'Say what: nf-escrow compute-envs update --help',
    });
  show(context, [await (await context.daemon()).call<ComputeEnvironment>('PATCH', pathOf(name), body)]);
}

interface TakenBack {
  /** What a request says of it. */
  readonly body: Record<string, unknown>;
  /** Keys of settings of AWS Batch. */
  readonly aws: ReadonlySet<string>;
}

/** What `--unset` names. Throws `usage` where that is nothing which may be left out. */
function takenBack(names: readonly string[]): TakenBack {
  const body: Record<string, unknown> = {};
  const aws = new Set<string>();
  for (const name of names) {
    const setting = optionalAwsSettings.get(name);
    if (setting !== undefined) aws.add(setting);
    else if (name === 'executor') body['executor'] = null;
    else if (name === 'runs-dir') body['runsDirectory'] = null;
    else
      throw new EscrowError('usage', `"${name}" is no setting that may be left out.`, {
        hint: `Those are ${['executor', 'runs-dir', ...optionalAwsSettings.keys()].join(', ')}.`,
      });
  }
  return { body, aws };
}

function bodyOf(options: ChangeOptions): Record<string, unknown> {
  const { executor, headJob, headOptions } = options;
  if (executor !== undefined && !EXECUTORS.includes(executor))
    throw new EscrowError('usage', `"${executor}" is no executor.`, {
      hint: `Known are ${EXECUTORS.join(', ')}.`,
    });
  return {
    ...(executor === undefined ? {} : { executor }),
    ...(headJob === undefined ? {} : { headJob }),
    ...(headOptions === undefined ? {} : { headOptions: splitWords(headOptions) }),
    ...(options.runsDir === undefined ? {} : { runsDirectory: resolve(options.runsDir) }),
    ...(options.default === true ? { isDefault: true } : {}),
  };
}

function show(context: Context, environments: readonly ComputeEnvironment[]): void {
  const rows = environments.map(({ name, platform, runsDirectory, isDefault, executor, headJob, aws }) => [
    name,
    platform,
    executor ?? '-',
    headJob === true ? 'a job' : 'here',
    runsDirectory ?? context.settings.paths.runs,
    aws === undefined ? '-' : `${aws.queue} in ${aws.region}`,
    isDefault ? '*' : '',
  ]);
  printTable(['NAME', 'PLATFORM', 'EXECUTOR', 'HEAD', 'RUN DIRECTORIES IN', 'QUEUE', 'DEFAULT'], rows);
}

function pathOf(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}
