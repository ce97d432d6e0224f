import type { JSX } from 'preact';
import type { DaemonStatus, PlatformUser } from '../../daemon/contract/types.ts';
import { leave } from '../access/start-access.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { currentWorkspace, useMayLaunch } from '../api/workspaces.ts';
import { IconButton } from '../components/button.tsx';
import { Icon, Logo, type IconName } from '../components/icon.tsx';
import { visibleText } from '../format/visible-text.ts';
import { overlay } from './keys.ts';
import { place, to } from './router.ts';
import { theme, type Theme } from './theme.ts';
import { WorkspaceSwitcher } from './workspace-switcher.tsx';

interface Entry {
  readonly icon: IconName;
  readonly label: string;
  readonly path: readonly string[];
}

/** The navigation, with the workspace, the screens, and the account. */
export function Sidebar(): JSX.Element {
  const { organization, name } = currentWorkspace.value;
  const mayLaunch = useMayLaunch();
  return (
    <nav class="sidebar" aria-label="Main">
      <a class="brand" href="#/">
        <Logo />
        <span>nf-escrow</span>
      </a>
      <WorkspaceSwitcher />
      <button type="button" class="finder" onClick={() => (overlay.value = 'palette')}>
        <Icon name="search" />
        <span>Go to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Group
        title="Workspace"
        entries={[
          { icon: 'key', label: 'Secrets', path: ['workspaces', organization, name, 'secrets'] },
          { icon: 'run', label: 'Runs', path: ['runs'] },
          ...(mayLaunch ? [{ icon: 'launch' as const, label: 'Launch', path: ['launch'] }] : []),
        ]}
      />
      <Group
        title="Account"
        entries={[
          { icon: 'person', label: 'Your secrets', path: ['user', 'secrets'] },
          { icon: 'server', label: 'Compute environments', path: ['compute-envs'] },
          { icon: 'audit', label: 'Audit log', path: ['audit'] },
        ]}
      />
      <Account />
    </nav>
  );
}

function Group({
  title,
  entries,
}: {
  readonly title: string;
  readonly entries: readonly Entry[];
}): JSX.Element {
  const current = place.value.path;
  return (
    <div class="nav-group">
      <p>{title}</p>
      <ul>
        {entries.map(({ icon, label, path }) => {
          const isCurrent = path.every((segment, index) => current[index] === segment);
          return (
            <li key={label}>
              <a href={to(path)} aria-current={isCurrent ? 'page' : undefined}>
                <Icon name={icon} />
                {label}
              </a>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const THEMES: Readonly<Record<Theme, { readonly icon: IconName; readonly next: Theme }>> = {
  system: { icon: 'system', next: 'light' },
  light: { icon: 'sun', next: 'dark' },
  dark: { icon: 'moon', next: 'system' },
};

function Account(): JSX.Element {
  const { data } = useResource('account', async () => {
    const [{ user }, status] = await Promise.all([
      call<PlatformUser>('GET', 'user-info'),
      call<DaemonStatus>('GET', 'v1/daemon'),
    ]);
    return { user: user.userName, host: status.process.host };
  });
  const { icon, next } = THEMES[theme.value];
  return (
    <div class="account">
      <div class="account-name">
        <span class="strong">{data === undefined ? '\u00a0' : visibleText(data.user)}</span>
        <span class="quiet-text">{data === undefined ? '\u00a0' : visibleText(data.host)}</span>
      </div>
      <IconButton
        icon={icon}
        label={`Theme: ${theme.value}. Change to ${next}`}
        onClick={() => (theme.value = next)}
      />
      <IconButton icon="help" label="Keyboard shortcuts" onClick={() => (overlay.value = 'keys')} />
      <IconButton icon="exit" label="Sign out" onClick={() => void signOut()} />
    </div>
  );
}

async function signOut(): Promise<void> {
  try {
    await call('DELETE', 'v1/sessions/current');
  } catch {
    // The daemon does not answer. The tabs forget the token anyway, and without it nobody can continue the session.
  }
  leave({ tellOthers: true });
}
