import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { call } from '../../api/call.ts';
import { refreshed } from '../../api/resource.ts';
import { useRepeated } from '../../api/use-repeated.ts';
import { currentWorkspace, rememberWorkspace, titleOf, useWorkspaces } from '../../api/workspaces.ts';
import { Navigation } from '../../app/navigation.tsx';
import { toast } from '../../app/toast-list.ts';
import { WorkspaceSwitcher } from '../../app/workspace-switcher.tsx';
import { leaveTeam, session } from '../access/team-session.ts';
import { useIdentity } from '../api/identity.ts';
import { useScreens } from './use-screens.ts';

/**
 * Resources of every screen that change without an event that the person may see: their own roles, and reports of daemons in workspaces
 * whose audit log they may not read.
 */
const POLLED = ['workspaces', 'identity', 'organizations', 'releases/first?removal'];
const POLL_MS = 20_000;

/** The navigation of the page of a team server. */
export function Sidebar(): JSX.Element {
  const groups = useScreens();
  const { data: workspaces } = useWorkspaces();
  const current = titleOf(currentWorkspace.value);
  const identity = useIdentity();
  const user = session.value?.user;
  useEffect(() => {
    // Somebody else has signed in with another tab.
    if (identity !== undefined && identity.name !== user) location.reload();
  }, [identity, user]);
  useRepeated(() => refreshed(...POLLED), POLL_MS, true);
  useEffect(() => {
    const [first] = workspaces ?? [];
    const isKnown = workspaces?.some((one) => titleOf(one) === current) === true;
    // Another person may have used this browser before.
    if (first !== undefined && !isKnown) rememberWorkspace(first);
  }, [workspaces, current]);
  return (
    <Navigation
      switcher={workspaces === undefined || workspaces.length === 0 ? null : <WorkspaceSwitcher />}
      groups={groups}
      account={{
        name: user ?? undefined,
        place: location.host,
        onSignOut: () => void signOut(),
      }}
    />
  );
}

async function signOut(): Promise<void> {
  try {
    await call('DELETE', 'v1/session');
    leaveTeam();
  } catch {
    toast('Cannot sign out: the server does not answer. Retry, or close the browser.', 'bad');
  }
}
