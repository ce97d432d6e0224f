import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ComputeEnvironment, ComputeEnvironmentList } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import { addPlatformOptions, assertComplete, readPlatforms, readSettings } from './platform-options.ts';
import { confirm } from '../../io/confirm.ts';
import type { Context } from '../../context.ts';
import { print, printJson, printTable } from '../../io/output.ts';
import { splitWords } from '../../io/split-words.ts';
import { executors } from '../../../schedulers/registry.ts';

interface Json {
  readonly json?: boolean;
}

interface ChangeOptions extends Readonly<Record<string, unknown>> {
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
const EXECUTOR = `the scheduler: ${executors.join(', ')} (default: the one that is found)`;
const HEAD_JOB = 'Nextflow itself becomes a job of the scheduler';
const HEAD_OPTIONS = 'options for that job, as for its submit command';

export function addComputeEnvironments(program: Command, context: Context): void {
  const environments = program.command('compute-envs').description('named places that runs go to');
  const platforms = readPlatforms();
  addPlatformOptions(environments.command('create'), platforms.own)
    .argument('<NAME>')
    .description('make one')
    .requiredOption('--platform <PLATFORM>', `one of ${platforms.names.join(', ')}`)
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
  addPlatformOptions(environments.command('update'), platforms.own)
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
  const { names, own } = readPlatforms();
  const { platform } = options;
  if (!names.includes(platform))
    throw new EscrowError('usage', `"${platform}" is not a platform.`, {
      hint: `The platforms are ${names.join(', ')}.`,
    });
  const settings: Record<string, unknown> = {};
  for (const one of own) {
    const named = readSettings(one, options);
    const [first] = Object.keys(named);
    if (one.platform === platform) {
      assertComplete(one, named);
      settings[one.key] = named;
    } else if (first !== undefined) throw otherPlatform(first, one.platform, name);
  }
  const body = { name, platform, ...bodyOf(options), ...settings };
  show(context, [await (await context.daemon()).call<ComputeEnvironment>('POST', PATH, body)]);
}

async function update(context: Context, name: string, options: UpdateOptions): Promise<void> {
  const body: Record<string, unknown> = { ...unsetCommon(options.unset ?? []), ...bodyOf(options) };
  for (const one of readPlatforms().own) {
    const named = readSettings(one, options);
    const unset = one.options.filter((option) => options.unset?.includes(option.name) === true);
    const [first] = [...Object.keys(named), ...unset.map(({ key }) => key)];
    if (first === undefined) continue;
    const environment = await (await context.daemon()).call<ComputeEnvironment>('GET', pathOf(name));
    const before = environment[one.key];
    if (before === undefined) throw otherPlatform(first, one.platform, name);
    const kept = Object.entries(before).filter(([key]) => !unset.some((option) => option.key === key));
    const settings = { ...Object.fromEntries(kept), ...named };
    assertComplete(one, settings);
    body[one.key] = settings;
  }
  if (Object.keys(body).length === 0)
    throw new EscrowError('usage', 'There is nothing to change.', {
      hint: 'See the options with `nf-escrow compute-envs update --help`.',
    });
  show(context, [await (await context.daemon()).call<ComputeEnvironment>('PATCH', pathOf(name), body)]);
}

function otherPlatform(setting: string, platform: string, name: string): EscrowError {
  return new EscrowError(
    'usage',
    `Setting ${setting} is for platform ${platform}, which compute environment "${name}" does not have.`,
  );
}

/** What `--unset` says about settings that every platform has. Throws `usage` for a setting that cannot be unset. */
function unsetCommon(names: readonly string[]): Record<string, unknown> {
  const optional = readPlatforms().own.flatMap(({ options }) =>
    options.filter(({ isRequired }) => !isRequired).map((option) => option.name),
  );
  const body: Record<string, unknown> = {};
  for (const name of names) {
    if (name === 'executor') body['executor'] = null;
    else if (name === 'runs-dir') body['runsDirectory'] = null;
    else if (!optional.includes(name))
      throw new EscrowError('usage', `Setting "${name}" cannot be unset.`, {
        hint: `Settings that can be unset: ${['executor', 'runs-dir', ...optional].join(', ')}.`,
      });
  }
  return body;
}

function bodyOf(options: ChangeOptions): Record<string, unknown> {
  const { executor, headJob, headOptions } = options;
  if (executor !== undefined && !executors.some((known) => known === executor))
    throw new EscrowError('usage', `"${executor}" is no executor.`, {
      hint: `Known are ${executors.join(', ')}.`,
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
