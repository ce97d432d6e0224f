import type { JSX } from 'preact';
import type { DaemonStatus, PlatformUser } from '../../daemon/contract/types.ts';
import { leave } from '../access/start-access.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { currentWorkspace, useMayLaunch } from '../api/workspaces.ts';
import { Navigation } from './navigation.tsx';
import { WorkspaceSwitcher } from './workspace-switcher.tsx';

/** The navigation of the page of a daemon. */
export function Sidebar(): JSX.Element {
  const { organization, name } = currentWorkspace.value;
  const mayLaunch = useMayLaunch();
  const { data } = useResource('account', async () => {
    const [{ user }, status] = await Promise.all([
      call<PlatformUser>('GET', 'user-info'),
      call<DaemonStatus>('GET', 'v1/daemon'),
    ]);
    return { user: user.userName, host: status.process.host };
  });
  return (
    <Navigation
      switcher={<WorkspaceSwitcher />}
      groups={[
        {
          title: 'Workspace',
          entries: [
            { icon: 'key', label: 'Secrets', path: ['workspaces', organization, name, 'secrets'] },
            { icon: 'run', label: 'Runs', path: ['runs'] },
            ...(mayLaunch ? [{ icon: 'launch' as const, label: 'Launch', path: ['launch'] }] : []),
          ],
        },
        {
          title: 'Account',
          entries: [
            { icon: 'person', label: 'Your secrets', path: ['user', 'secrets'] },
            { icon: 'server', label: 'Compute environments', path: ['compute-envs'] },
            { icon: 'audit', label: 'Audit log', path: ['audit'] },
          ],
        },
      ]}
      account={{ name: data?.user, place: data?.host, onSignOut: () => void signOut() }}
    />
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
