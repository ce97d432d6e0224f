import { currentWorkspace, useWorkspaces } from '../../api/workspaces.ts';
import {
  screen,
  themeEntries,
  useSecretEntries,
  useWorkspaceEntries,
  type PaletteEntry,
} from '../../app/palette-entry.ts';
import { go, to } from '../../app/router.ts';
import { useOrganizations } from '../api/organizations.ts';
import { useReleases } from '../api/releases.ts';
import { useScreens } from './use-screens.ts';

/** Minimum length of a text for a search among all runs, with the characters of ids and names. */
const SEARCHED = /^[A-Za-z0-9:./_-]{3,100}$/;

/** Returns what the palette of a team server finds: screens, actions, workspaces, organizations, secrets and runs. */
export function usePaletteEntries(text: string): readonly PaletteEntry[] {
  const { organization, name } = currentWorkspace.value;
  const screens = useScreens().flatMap(({ entries }) => entries);
  const secrets = useSecretEntries(text);
  const workspaces = useWorkspaceEntries();
  const { data: all = [] } = useWorkspaces();
  const { data: organizations = [] } = useOrganizations();
  const current = all.find((one) => one.organization === organization && one.name === name);
  const mayWrite = current?.permissions?.includes('pipeline_secrets:write') === true;
  const address = ['workspaces', organization, name, 'secrets'];
  return [
    ...screens.map(({ label, icon, path }) => screen(label, icon, path)),
    ...(mayWrite
      ? [
          { ...screen('Add secret', 'plus', address, { add: '1' }), kind: 'Action' },
          { ...screen('Import secrets', 'upload', address, { import: '1' }), kind: 'Action' },
        ]
      : []),
    ...themeEntries,
    ...secrets,
    ...useRuns(text.trim()),
    ...workspaces,
    ...organizations.map((one) => ({
      ...screen(one.name, 'archive', ['organizations', one.name]),
      key: `organization ${one.name}`,
      kind: 'Organization',
    })),
  ];
}

function useRuns(text: string): readonly PaletteEntry[] {
  const query: Record<string, string> = SEARCHED.test(text) ? { text } : {};
  const { data } = useReleases(query, 20);
  return (data?.releases ?? []).map(({ id, run, workspace, user }) => ({
    key: `release ${id}`,
    icon: 'run',
    label: run,
    kind: `Run of ${user} in ${workspace}`,
    onSelect: () => {
      go(to(['runs', run]));
    },
  }));
}
