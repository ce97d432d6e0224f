import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readComputeEnvironments } from '../../../api-client/read-compute-environments.ts';
import type { ComputeEnvironment } from '../../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../../errors.ts';
import {
  addPlatformOptions,
  assertComplete,
  assertOwnSettings,
  readPlatforms,
  readSettings,
} from './platform-options.ts';
import {
  createServerEnvironment,
  findServerWorkspace,
  listServerEnvironments,
  readServerEnvironment,
  removeServerEnvironment,
  type PlacedEnvironment,
} from './server-environments.ts';
import { showComputeEnvironments } from './show-compute-envs.ts';
import { collect, readVariables } from './variables.ts';
import { confirm } from '../../io/confirm.ts';
import type { Context } from '../../context.ts';
import { print, printJson, warn } from '../../io/output.ts';
import { findWorkspacePlace } from '../../places.ts';
import { unknownChoice } from '../../io/unknown-choice.ts';
import { splitWords } from '../../io/split-words.ts';
import { executors } from '../../../schedulers/registry.ts';

interface Json extends OnServer {
  readonly json?: boolean;
}

/** The workspace of a team server whose compute environment is meant. */
interface OnServer {
  readonly workspace?: string;
}

interface ChangeOptions extends Readonly<Record<string, unknown>> {
  readonly runsDir?: string;
  readonly default?: boolean;
  readonly executor?: string;
  readonly headJob?: boolean;
  readonly headOptions?: string;
  /** NAME=VALUE */
  readonly env?: readonly string[];
}

interface UpdateOptions extends ChangeOptions {
  /** Option names without the leading hyphens. */
  readonly unset?: readonly string[];
}

interface CreateOptions extends ChangeOptions, OnServer {
  readonly platform: string;
}

const PATH = '/v1/compute-envs';
const RUNS_DIR = 'parent of the run directories, on a file system that compute nodes can access';
const EXECUTOR = `scheduler: ${executors.join(', ')} (default: detected)`;
const HEAD_JOB = 'run Nextflow itself as a scheduler job, the head job';
const HEAD_OPTIONS = 'options of the submit command for the head job';
const ENV = 'variable of runs that the daemon starts; not for secrets (repeatable)';
const WORKSPACE =
  'workspace of a team server: one of its compute environments, to which the server delivers secrets';
const DEFAULT = 'make this the default compute environment';

export function addComputeEnvironments(program: Command, context: Context): void {
  const environments = program
    .command('compute-envs')
    .description('Manage compute environments, in which runs execute')
    .addHelpText('after', '\nExample: nf-escrow compute-envs list');
  const platforms = readPlatforms();
  addPlatformOptions(environments.command('create'), platforms.own)
    .argument('<NAME>')
    .description('Create a compute environment')
    .requiredOption('--platform <PLATFORM>', `platform: ${platforms.names.join(', ')}`)
    .option('--workspace <ORG/NAME>', WORKSPACE)
    .option('--runs-dir <DIR>', RUNS_DIR)
    .option('--default', DEFAULT)
    .option('--executor <NAME>', EXECUTOR)
    .option('--head-job', HEAD_JOB)
    .option('--head-options <OPTIONS>', HEAD_OPTIONS)
    .option('--env <NAME=VALUE>', ENV, collect)
    .addHelpText(
      'after',
      '\nExample: nf-escrow compute-envs create cluster --platform hpc --executor slurm --head-job --head-options "--partition=long"',
    )
    .action((name: string, options: CreateOptions) => create(context, name, options));
  addPlatformOptions(environments.command('update'), platforms.own)
    .argument('<NAME>')
    .description('Change a compute environment; live runs are not affected')
    .option('--runs-dir <DIR>', RUNS_DIR)
    .option('--default', DEFAULT)
    .option('--executor <NAME>', EXECUTOR)
    .option('--head-job', HEAD_JOB)
    .option('--no-head-job', 'run Nextflow itself on the host where you start it')
    .option('--head-options <OPTIONS>', HEAD_OPTIONS)
    .option('--env <NAME=VALUE>', ENV, collect)
    .option('--unset <OPTION>', 'optional setting to unset, such as kms-key (repeatable)', collect)
    .addHelpText('after', '\nExample: nf-escrow compute-envs update cluster --default')
    .action((name: string, options: UpdateOptions) => update(context, name, options));
  environments
    .command('list')
    .alias('ls')
    .description('List compute environments')
    .option('--workspace <ORG/NAME>', 'only those of this workspace of a team server')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow compute-envs list --workspace lab/rna')
    .action((options: Json) => list(context, options));
  environments
    .command('show')
    .argument('<NAME>')
    .description('Show a compute environment')
    .option('--workspace <ORG/NAME>', WORKSPACE)
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow compute-envs show local')
    .action(async (name: string, options: Json) => {
      const { workspace } = options;
      const one =
        workspace === undefined
          ? await (await context.daemon()).call<ComputeEnvironment>('GET', pathOf(name))
          : await readServerEnvironment(await findServerWorkspace(context, workspace), name);
      if (options.json === true) printJson(one);
      else await showComputeEnvironments(context, [one]);
    });
  environments
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<NAME>')
    .description('Remove a compute environment; fails if it has runs that are not purged')
    .option('--workspace <ORG/NAME>', WORKSPACE)
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow compute-envs remove cluster')
    .action(async (name: string, { yes, workspace }: OnServer & { yes?: boolean }) => {
      const place = workspace === undefined ? undefined : await findServerWorkspace(context, workspace);
      await confirm(`Remove compute environment ${name}?`, yes);
      if (place === undefined) await (await context.daemon()).call('DELETE', pathOf(name));
      else await removeServerEnvironment(place, name);
      print(`Removed compute environment ${name}.`);
    });
}

async function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  const { names, own } = readPlatforms();
  const { platform } = options;
  if (!names.includes(platform)) throw unknownChoice(`Unknown platform "${platform}".`, platform, names);
  const chosen = own.find((one) => one.platform === platform);
  assertOwnSettings(
    own,
    chosen,
    own.flatMap((one) => Object.keys(readSettings(one, options))),
    name,
  );
  const settings: Record<string, unknown> = {};
  if (chosen !== undefined) {
    const named = readSettings(chosen, options);
    assertComplete(chosen, named);
    settings[chosen.key] = named;
  }
  const body = { name, platform, ...bodyOf(options), ...settings };
  if (options.workspace !== undefined) {
    const place = await findServerWorkspace(context, options.workspace);
    await showComputeEnvironments(context, [], [await createServerEnvironment(place, body)]);
    return;
  }
  await showComputeEnvironments(context, [
    await (await context.daemon()).call<ComputeEnvironment>('POST', PATH, body),
  ]);
}

/** Also lists those of the default workspace, if that is on a team server. */
async function list(context: Context, { workspace, json }: Json): Promise<void> {
  const own = workspace === undefined ? await readComputeEnvironments(await context.daemon()) : [];
  const onServer =
    workspace === undefined
      ? await listOfDefaultWorkspace(context)
      : await listServerEnvironments(await findServerWorkspace(context, workspace));
  if (json !== true) {
    await showComputeEnvironments(context, own, onServer);
    return;
  }
  const ofServer = onServer.map((one) => ({ ...one.environment, workspace: one.workspace }));
  printJson({ computeEnvironments: [...own, ...ofServer] });
}

async function listOfDefaultWorkspace(context: Context): Promise<PlacedEnvironment[]> {
  const { workspace, paths } = context.settings;
  if (!existsSync(paths.serversFile)) return [];
  try {
    const place = await findWorkspacePlace(context, workspace);
    return place.title === place.own ? [] : await listServerEnvironments(place);
  } catch (error) {
    warn(`cannot list the compute environments of workspace ${workspace}: ${asEscrowError(error).message}`);
    return [];
  }
}

async function update(context: Context, name: string, options: UpdateOptions): Promise<void> {
  const body: Record<string, unknown> = { ...unsetCommon(options.unset ?? []), ...bodyOf(options) };
  const { own } = readPlatforms();
  const isUnset = (option: { readonly name: string }): boolean =>
    options.unset?.includes(option.name) === true;
  const keys = own.flatMap((one) => [
    ...Object.keys(readSettings(one, options)),
    ...one.options.filter(isUnset).map(({ key }) => key),
  ]);
  if (Object.keys(body).length + keys.length === 0)
    throw new EscrowError('usage', `Cannot update compute environment "${name}": no setting is given.`, {
      hint: 'See the options with `nf-escrow compute-envs update --help`.',
    });
  const environment = await (await context.daemon()).call<ComputeEnvironment>('GET', pathOf(name));
  if (keys.length > 0) {
    const chosen = own.find(({ platform }) => platform === environment.platform);
    assertOwnSettings(own, chosen, keys, name);
    if (chosen !== undefined) {
      const unset = chosen.options.filter(isUnset).map(({ key }) => key);
      const kept = Object.entries(environment[chosen.key] ?? {}).filter(([key]) => !unset.includes(key));
      const settings = { ...Object.fromEntries(kept), ...readSettings(chosen, options) };
      assertComplete(chosen, settings);
      body[chosen.key] = settings;
    }
  }
  if (options.env !== undefined) {
    const kept = options.unset?.includes('env') === true ? {} : environment.environment;
    body['environment'] = { ...kept, ...readVariables(options.env) };
  }
  // Fails if it has changed since it was read: variables and the settings of its platform are replaced as a whole.
  const headers = { 'if-match': `"${environment.etag}"` };
  const daemon = await context.daemon();
  await showComputeEnvironments(context, [
    await daemon.call<ComputeEnvironment>('PATCH', pathOf(name), body, headers),
  ]);
}

/** Returns the changes for `--unset` options that every platform has. Throws `usage` for a setting that cannot be unset. */
function unsetCommon(names: readonly string[]): Record<string, unknown> {
  const optional = readPlatforms().own.flatMap(({ options }) =>
    options.filter(({ isRequired }) => !isRequired).map((option) => option.name),
  );
  const body: Record<string, unknown> = {};
  for (const name of names) {
    if (name === 'executor') body['executor'] = null;
    else if (name === 'runs-dir') body['runsDirectory'] = null;
    else if (name === 'env') body['environment'] = {};
    else if (!optional.includes(name))
      throw unknownChoice(`Setting "${name}" cannot be unset.`, name, [
        'executor',
        'runs-dir',
        'env',
        ...optional,
      ]);
  }
  return body;
}

function bodyOf(options: ChangeOptions): Record<string, unknown> {
  const { executor, headJob, headOptions } = options;
  if (executor !== undefined && !executors.some((known) => known === executor))
    throw unknownChoice(`Unknown executor "${executor}".`, executor, executors);
  return {
    ...(executor === undefined ? {} : { executor }),
    ...(headJob === undefined ? {} : { headJob }),
    ...(options.env === undefined ? {} : { environment: readVariables(options.env) }),
    ...(headOptions === undefined ? {} : { headOptions: splitWords(headOptions) }),
    ...(options.runsDir === undefined ? {} : { runsDirectory: resolve(options.runsDir) }),
    ...(options.default === true ? { isDefault: true } : {}),
  };
}

function pathOf(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}
