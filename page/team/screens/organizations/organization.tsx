import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Organization } from '../../../../daemon/contract/types.ts';
import { may } from '../../../api/workspaces.ts';
import { go, to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Menu } from '../../../components/menu.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { commandLine } from '../../../format/command.ts';
import { removeOrganization, useOrganization } from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';
import { OrganizationMembers } from './organization-members.tsx';
import { ServiceAccounts } from './service-accounts.tsx';
import { Workspaces } from './workspaces.tsx';
import { PendingScreen } from '../pending-screen.tsx';

/** The screen of one organization: its workspaces, members and service accounts. */
export function OrganizationScreen({
  name,
  tab,
}: {
  readonly name: string;
  readonly tab: string;
}): JSX.Element {
  const { data: organization, problem, retry } = useOrganization(name);
  const [isRemoving, setRemoving] = useState(false);
  if (organization === undefined || problem?.status === 404)
    return <PendingScreen title={name} problem={problem} retry={retry} />;
  const tabs = [
    ['workspaces', 'Workspaces'],
    ['members', 'Members'],
    ...(may(organization, 'service_accounts:read') ? [['service-accounts', 'Service accounts']] : []),
  ] as const;
  return (
    <>
      <p class="crumbs">
        <a href={to(['organizations'])}>Organizations</a>
      </p>
      <ScreenHead
        title={name}
        actions={
          may(organization, 'organizations:delete') && (
            <Menu
              label="Actions for the organization"
              items={[
                {
                  icon: 'trash',
                  label: 'Remove organization',
                  isDanger: true,
                  onSelect: () => {
                    setRemoving(true);
                  },
                },
              ]}
            />
          )
        }
      />
      <nav class="tabs" aria-label="Organization">
        {tabs.map(([path = '', label]) => (
          <a
            key={path}
            href={to(path === 'workspaces' ? ['organizations', name] : ['organizations', name, path])}
            aria-current={tab === path ? 'page' : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <Tab organization={organization} tab={tab} />
      {isRemoving && (
        <RemoveOrganization
          organization={organization}
          onClose={() => {
            setRemoving(false);
          }}
        />
      )}
    </>
  );
}

interface TabProps {
  readonly organization: Organization;
  readonly tab: string;
}

function Tab({ organization, tab }: TabProps): JSX.Element {
  if (tab === 'members') return <OrganizationMembers organization={organization} />;
  if (tab === 'service-accounts' && may(organization, 'service_accounts:read'))
    return <ServiceAccounts organization={organization} />;
  return <Workspaces organization={organization} />;
}

interface RemoveProps {
  readonly organization: Organization;
  readonly onClose: () => void;
}

function RemoveOrganization({ organization, onClose }: RemoveProps): JSX.Element {
  const { name } = organization;
  return (
    <FormDialog
      title={`Remove ${name}?`}
      action="Remove organization"
      isDanger
      onSubmit={async () => {
        await removeOrganization(organization);
        toast(`Removed ${name}`);
        go(to(['organizations']));
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'orgs', 'remove', onServer(name))}
    >
      <p class="dialog-text">
        Its members lose access, and its service accounts are removed. The organization must have no
        workspaces. Its name is never used again.
      </p>
    </FormDialog>
  );
}
