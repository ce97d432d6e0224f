import type { Secret } from '../../daemon/contract/types.ts';
import { addressOf, userSecrets, useSecrets, useSecretSearch, workspaceSecrets } from '../api/secrets.ts';
import { currentWorkspace, rememberWorkspace, titleOf, useWorkspaces } from '../api/workspaces.ts';
import type { IconName } from '../components/icon.tsx';
import { product, type PaletteEntry } from '../product.ts';
import { go, to } from './router.ts';
import { theme } from './theme.ts';

export type { PaletteEntry } from '../product.ts';

/** Returns the entry of a screen. */
export function screen(
  label: string,
  icon: IconName,
  path: readonly string[],
  query: Readonly<Record<string, string>> = {},
): PaletteEntry {
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

/** Returns the entry of something that happens at once. */
export function action(label: string, icon: IconName, onSelect: () => void): PaletteEntry {
  return { key: label, icon, label, kind: 'Action', onSelect };
}

/** The entries that change the theme. */
export const themeEntries: readonly PaletteEntry[] = [
  action('Use the light theme', 'sun', () => (theme.value = 'light')),
  action('Use the dark theme', 'moon', () => (theme.value = 'dark')),
  action('Use the theme of the system', 'system', () => (theme.value = 'system')),
];

/** Returns the entries of secrets: of the current workspace, of the person, and those whose name contains the text. */
export function useSecretEntries(text: string): readonly PaletteEntry[] {
  const current = currentWorkspace.value;
  const { data: secrets = [] } = useSecrets(workspaceSecrets(current));
  const { data: own = [] } = useSecrets(userSecrets);
  const { data: search } = useSecretSearch(text.trim());
  const listed: readonly Found[] = [
    ...secrets.map((secret) => ({ secret, workspace: titleOf(current) })),
    ...own.map((secret) => ({ secret, workspace: null })),
    ...(search?.found ?? []),
  ];
  const shown = listed.filter(({ workspace }) => workspace !== null || product().hasOwnSecrets);
  return withoutRepeats(shown.map(secretEntry));
}

/** Returns the entries of all workspaces. */
export function useWorkspaceEntries(): readonly PaletteEntry[] {
  const { data: workspaces = [] } = useWorkspaces();
  return workspaces.map((one) => ({
    key: `workspace ${titleOf(one)}`,
    icon: 'archive' as const,
    label: titleOf(one),
    kind: 'Workspace',
    onSelect: () => {
      rememberWorkspace(one);
      go(to(['workspaces', one.organization, one.name, 'secrets']));
    },
  }));
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
