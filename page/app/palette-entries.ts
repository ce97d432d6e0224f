import type { Run, RunList } from '../../daemon/contract/types.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { currentWorkspace, useMayLaunch } from '../api/workspaces.ts';
import { copy } from '../components/copy.tsx';
import {
  action,
  screen,
  themeEntries,
  useSecretEntries,
  useWorkspaceEntries,
  type PaletteEntry,
} from './palette-entry.ts';
import { go, to } from './router.ts';

/** Minimum length of a text for a search among all runs. */
const SEARCHED_LENGTH = 3;

/** Returns what the palette of a daemon finds: screens, actions, workspaces, secrets, and runs. */
export function usePaletteEntries(text: string): readonly PaletteEntry[] {
  const current = currentWorkspace.value;
  const secrets = useSecretEntries(text);
  const runs = useRuns(text.trim());
  const mayLaunch = useMayLaunch();
  return [
    ...screens(current.organization, current.name),
    ...(mayLaunch ? [screen('Launch a run', 'launch', ['launch'])] : []),
    ...secrets,
    ...runs.map(runEntry),
    ...useWorkspaceEntries(),
  ];
}

function useRuns(text: string): readonly Run[] {
  const query = text.length < SEARCHED_LENGTH ? '' : `&text=${encodeURIComponent(text)}`;
  const { data } = useResource(`runs/palette${query}`, () =>
    call<RunList>('GET', `v1/runs?limit=20${query}`),
  );
  return data?.runs ?? [];
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
    ...themeEntries,
  ];
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
