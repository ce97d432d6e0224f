import type { Run, RunList, Secret } from '../../daemon/contract/types.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import {
  currentWorkspace,
  rememberWorkspace,
  titleOf,
  useMayLaunch,
  useWorkspaces,
} from '../api/workspaces.ts';
import { addressOf, userSecrets, useSecrets, useSecretSearch, workspaceSecrets } from '../api/secrets.ts';
import { copy } from '../components/copy.tsx';
import type { IconName } from '../components/icon.tsx';
import { go, to } from './router.ts';
import { theme } from './theme.ts';

/** Something that the command palette finds. */
export interface PaletteEntry {
  readonly key: string;
  readonly icon: IconName;
  readonly label: string;
  /** Kind of object, shown after the label. */
  readonly kind: string;
  readonly onSelect: () => void;
}

/** Minimum length of a text for a search among all runs. */
const SEARCHED_LENGTH = 3;

/** Returns what the palette finds: screens, actions, workspaces, secrets, and runs. */
export function usePaletteEntries(text: string): readonly PaletteEntry[] {
  const current = currentWorkspace.value;
  const { data: workspaces = [] } = useWorkspaces();
  const { data: secrets = [] } = useSecrets(workspaceSecrets(current));
  const { data: own = [] } = useSecrets(userSecrets);
  const { data: search } = useSecretSearch(text.trim());
  const listed = [
    ...secrets.map((secret) => ({ secret, workspace: titleOf(current) })),
    ...own.map((secret) => ({ secret, workspace: null })),
  ];
  const runs = useRuns(text.trim());
  const mayLaunch = useMayLaunch();
  return [
    ...screens(current.organization, current.name),
    ...(mayLaunch ? [screen('Launch a run', 'launch', ['launch'])] : []),
    ...withoutRepeats([...listed, ...(search?.found ?? [])].map(secretEntry)),
    ...runs.map(runEntry),
    ...workspaces.map((one) => ({
      key: `workspace ${titleOf(one)}`,
      icon: 'archive' as const,
      label: titleOf(one),
      kind: 'Workspace',
      onSelect: () => {
        rememberWorkspace(one);
        go(to(['workspaces', one.organization, one.name, 'secrets']));
      },
    })),
  ];
}

function useRuns(text: string): readonly Run[] {
  const query = text.length < SEARCHED_LENGTH ? '' : `&text=${encodeURIComponent(text)}`;
  const { data } = useResource(`runs/palette${query}`, () =>
    call<RunList>('GET', `v1/runs?limit=20${query}`),
  );
  return data?.runs ?? [];
}

function screen(label: string, icon: IconName, path: readonly string[], query = {}): PaletteEntry {
  return {
    key: label,
    icon,
    label,
    kind: 'Screen',
    onSelect: () => {
      go(to(path, query));
    },
  };
}

function screens(organization: string, name: string): readonly PaletteEntry[] {
  const secrets = ['workspaces', organization, name, 'secrets'];
  return [
    screen('Secrets', 'key', secrets),
    screen('Your secrets', 'person', ['user', 'secrets']),
    screen('Runs', 'run', ['runs']),
    screen('Live runs', 'run', ['runs'], { show: 'live' }),
    screen('Compute environments', 'server', ['compute-envs']),
    screen('Audit log', 'audit', ['audit']),
    { ...screen('Add secret', 'plus', secrets, { add: '1' }), kind: 'Action' },
    { ...screen('Add to your secrets', 'plus', ['user', 'secrets'], { add: '1' }), kind: 'Action' },
    { ...screen('Import secrets', 'upload', secrets, { import: '1' }), kind: 'Action' },
    { ...screen('Import into your secrets', 'upload', ['user', 'secrets'], { import: '1' }), kind: 'Action' },
    action(
      'Copy the command that starts a run',
      'command',
      () => void copy('nf-escrow run main.nf', 'Command copied'),
    ),
    action('Use the light theme', 'sun', () => (theme.value = 'light')),
    action('Use the dark theme', 'moon', () => (theme.value = 'dark')),
    action('Use the theme of the system', 'system', () => (theme.value = 'system')),
  ];
}

function action(label: string, icon: IconName, onSelect: () => void): PaletteEntry {
  return { key: label, icon, label, kind: 'Action', onSelect };
}

/** A secret and its workspace; null for one of the person. */
interface Found {
  readonly secret: Pick<Secret, 'name'>;
  readonly workspace: string | null;
}

function secretEntry({ secret: { name }, workspace }: Found): PaletteEntry {
  return {
    key: `secret ${workspace ?? ''} ${name}`,
    icon: 'key',
    label: name,
    kind: workspace === null ? 'Your secret' : `Secret in ${workspace}`,
    onSelect: () => {
      go(addressOf(name, workspace));
    },
  };
}

function withoutRepeats(entries: readonly PaletteEntry[]): PaletteEntry[] {
  return [...new Map(entries.map((entry) => [entry.key, entry])).values()];
}

function runEntry({ id, runName, workspace }: Run): PaletteEntry {
  return {
    key: id,
    icon: 'run',
    label: runName ?? id,
    kind: `Run in ${workspace}`,
    onSelect: () => {
      go(to(['runs', id]));
    },
  };
}
