import { currentWorkspace, titleOf, useWorkspaces } from '../../api/workspaces.ts';
import type { EntryGroup } from '../../app/navigation.tsx';
import { useMay } from '../api/identity.ts';

/** Returns the screens of the navigation that the person may use. */
export function useScreens(): readonly EntryGroup[] {
  const { organization, name } = currentWorkspace.value;
  const { data: workspaces } = useWorkspaces();
  const seesUsers = useMay('users:read');
  const seesInvitations = useMay('invitations:read');
  const seesServer = useMay('server:read');
  const hasWorkspace = workspaces?.some((one) => titleOf(one) === titleOf({ organization, name })) === true;
  const workspace = ['workspaces', organization, name];
  const groups: readonly EntryGroup[] = [
    {
      title: 'Workspace',
      entries: hasWorkspace
        ? [
            { icon: 'key', label: 'Secrets', path: [...workspace, 'secrets'] },
            { icon: 'run', label: 'Runs', path: [...workspace, 'runs'] },
            { icon: 'server', label: 'Compute environments', path: [...workspace, 'compute-envs'] },
            { icon: 'person', label: 'Members', path: [...workspace, 'members'] },
          ]
        : [],
    },
    {
      title: 'Team',
      entries: [
        { icon: 'run', label: 'All runs', path: ['runs'] },
        { icon: 'alert', label: 'Pending removals', path: ['removals'] },
        { icon: 'archive', label: 'Organizations', path: ['organizations'] },
        { icon: 'audit', label: 'Audit log', path: ['audit'] },
      ],
    },
    {
      title: 'Account',
      entries: [{ icon: 'shield', label: 'Tokens and sessions', path: ['account'] }],
    },
    {
      title: 'Server',
      entries: [
        ...(seesUsers ? [{ icon: 'person' as const, label: 'Users', path: ['users'] }] : []),
        ...(seesInvitations ? [{ icon: 'bell' as const, label: 'Invitations', path: ['invitations'] }] : []),
        ...(seesServer ? [{ icon: 'server' as const, label: 'Server', path: ['server'] }] : []),
      ],
    },
  ];
  return groups.filter(({ entries }) => entries.length > 0);
}
