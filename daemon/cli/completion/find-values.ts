import type { Client } from '../../api-client/client.ts';
import { settingKeys } from '../../config/setting-keys.ts';
import type {
  ComputeEnvironmentList,
  OrganizationList,
  RunNameList,
  SecretList,
  WorkspaceList,
} from '../../contract/types.ts';
import { relativeTime } from '../io/time-format.ts';
import type { ArgumentNode, CompletionTree } from './command-tree.ts';
import type { Candidate, Place } from './completion.ts';

/** What a value is looked up with. */
export interface ValueSources {
  readonly daemon: Client;
  /** The default workspace. */
  readonly workspace: string;
  /** Values of settings, by key. */
  readonly settingValues: CompletionTree['settingValues'];
}

type Find = (sources: ValueSources, place: Place) => Promise<Candidate[]> | Candidate[];

/** A name or id that the daemon accepts as a prefix. */
const RUN_PREFIX = /^[A-Za-z0-9_-]{0,80}$/;

/** Values by option, by command and argument, or by argument. Values that are not listed are the user's own. */
const FINDERS: Readonly<Record<string, Find>> = {
  RUN: findRuns,
  'ORG/NAME': findWorkspaces,
  ORG: findOrganizations,
  KEY: () => settingKeys.map((word) => ({ word })),
  'config set VALUE': findSettingValues,
  'secrets set NAME': findSecrets,
  'secrets show NAME': findSecrets,
  'secrets remove NAME': findSecrets,
  'compute-envs show NAME': findComputeEnvironments,
  'compute-envs update NAME': findComputeEnvironments,
  'compute-envs remove NAME': findComputeEnvironments,
  '--compute-env': findComputeEnvironments,
  '--only-secret': findAllSecrets,
  '--user-secret': (sources) => findSecretsAt(sources, '/v1/user/secrets'),
  '--workspace-secret': findSecrets,
  // Names of objects that do not exist yet.
  'workspaces create ORG/NAME': () => [],
  'orgs create ORG': () => [],
};

/** Returns the possible values of an argument or option. Throws if the daemon does not answer. */
export async function findValues(
  value: ArgumentNode,
  place: Place,
  sources: ValueSources,
): Promise<readonly Candidate[]> {
  const keys = [place.option ?? '', `${place.command} ${value.name}`, value.name];
  const key = keys.find((one) => Object.hasOwn(FINDERS, one));
  const found = key === undefined ? [] : await FINDERS[key]?.(sources, place);
  // `secrets remove A B`: each name once.
  return (found ?? []).filter(({ word }) => !value.isVariadic || !place.before.includes(word));
}

/** Returns the names of runs, newest first. Their ids are alternatives. */
async function findRuns({ daemon }: ValueSources, { typed }: Place): Promise<Candidate[]> {
  if (!RUN_PREFIX.test(typed)) return [];
  const { runs } = await daemon.call<RunNameList>('GET', `/v1/run-names?prefix=${typed}`);
  const now = Date.now();
  return runs.flatMap(({ id, runName, state, outcome, createdAt }) => {
    const description = `${outcome ?? state}, ${relativeTime(createdAt, now)}`;
    const byId = { word: id, description, isAlternative: runName !== null };
    return runName === null ? [byId] : [{ word: runName, description }, byId];
  });
}

async function findWorkspaces({ daemon }: ValueSources): Promise<Candidate[]> {
  const { workspaces } = await daemon.call<WorkspaceList>('GET', '/v1/workspaces');
  return workspaces.map(({ organization, name, visibility }) => ({
    word: `${organization}/${name}`,
    description: visibility,
  }));
}

async function findOrganizations({ daemon }: ValueSources): Promise<Candidate[]> {
  const { organizations } = await daemon.call<OrganizationList>('GET', '/v1/organizations');
  return organizations.map(({ name }) => ({ word: name }));
}

async function findComputeEnvironments({ daemon }: ValueSources): Promise<Candidate[]> {
  const list = await daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs');
  return list.computeEnvironments.map(({ name, platform }) => ({ word: name, description: platform }));
}

/** Returns the names of secrets in the scope that the command line selects. */
async function findSecrets(sources: ValueSources, { before }: Place): Promise<Candidate[]> {
  return before.includes('--user')
    ? findSecretsAt(sources, '/v1/user/secrets')
    : findSecretsAt(sources, pathOfWorkspace(sources, before));
}

async function findAllSecrets(sources: ValueSources, place: Place): Promise<Candidate[]> {
  const found = [
    ...(await findSecretsAt(sources, pathOfWorkspace(sources, place.before))),
    ...(await findSecretsAt(sources, '/v1/user/secrets')),
  ];
  return found.filter(({ word }, index) => found.findIndex((one) => one.word === word) === index);
}

async function findSecretsAt({ daemon }: ValueSources, path: string): Promise<Candidate[]> {
  const { secrets } = await daemon.call<SecretList>('GET', path);
  return secrets.map(({ name, scope }) => ({ word: name, description: scope }));
}

function pathOfWorkspace({ workspace }: ValueSources, before: readonly string[]): string {
  const inline = before.findLast((word) => word.startsWith('--workspace='))?.slice('--workspace='.length);
  const position = before.lastIndexOf('--workspace');
  const title = inline ?? (position === -1 ? workspace : (before[position + 1] ?? workspace));
  return `/v1/workspaces/${title.split('/').map(encodeURIComponent).join('/')}/secrets`;
}

async function findSettingValues(sources: ValueSources, { before }: Place): Promise<Candidate[]> {
  const key = before.at(-1) ?? '';
  if (key === 'workspace') return findWorkspaces(sources);
  if (key === 'computeEnv') return findComputeEnvironments(sources);
  const { settingValues } = sources;
  return (Object.hasOwn(settingValues, key) ? (settingValues[key] ?? []) : []).map((word) => ({ word }));
}
