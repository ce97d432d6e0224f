import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Organization, OrganizationMember } from '../../../../daemon/contract/types.ts';
import { may } from '../../../api/workspaces.ts';
import { Badge } from '../../../components/badge.tsx';
import { Button } from '../../../components/button.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu, type MenuItem } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import type { Column } from '../../../components/table.tsx';
import { count } from '../../../format/counts.ts';
import { session } from '../../access/team-session.ts';
import { useMay } from '../../api/identity.ts';
import { useOrganizationMembers } from '../../api/organizations.ts';
import { InviteDialog } from '../server/invite-dialog.tsx';
import { AddMember, ChangeRole, RemoveMember } from './organization-member-dialogs.tsx';

type Opened =
  | { readonly kind: 'add' | 'invite' }
  | { readonly kind: 'change' | 'remove'; readonly member: OrganizationMember };

/** The members of an organization with their roles. */
export function OrganizationMembers({ organization }: { readonly organization: Organization }): JSX.Element {
  const { name } = organization;
  const { data, problem, retry } = useOrganizationMembers(name);
  const [opened, setOpened] = useState<Opened>();
  const mayChange = may(organization, 'organization_members:write');
  const mayInvite = useMay('invitations:create') && mayChange;
  const close = (): void => {
    setOpened(undefined);
  };
  return (
    <>
      <div class="toolbar">
        <span class="quiet-text" role="status">
          {data === undefined ? '' : count(data.length, 'member')}
        </span>
        {mayInvite && (
          <Button
            icon="bell"
            onClick={() => {
              setOpened({ kind: 'invite' });
            }}
          >
            Invite
          </Button>
        )}
        {mayChange && (
          <Button
            kind="primary"
            icon="plus"
            onClick={() => {
              setOpened({ kind: 'add' });
            }}
          >
            Add member
          </Button>
        )}
      </div>
      <Listing
        label="Members"
        columns={columnsOf((member) => actionsOf(member, organization, setOpened))}
        rows={data}
        problem={problem}
        retry={retry}
        keyOf={({ user }) => user}
        empty={null}
      />
      {opened?.kind === 'add' && <AddMember organization={organization} onClose={close} />}
      {opened?.kind === 'invite' && <InviteDialog organization={organization} onClose={close} />}
      {opened?.kind === 'change' && (
        <ChangeRole organization={organization} member={opened.member} onClose={close} />
      )}
      {opened?.kind === 'remove' && (
        <RemoveMember organization={organization} member={opened.member} onClose={close} />
      )}
    </>
  );
}

/** Nobody changes a role that is higher than their own. Everybody can leave. */
function actionsOf(
  member: OrganizationMember,
  { assignableRoles = [] }: Organization,
  onOpen: (opened: Opened) => void,
): MenuItem[] {
  const isSelf = member.user === session.value?.user;
  const mayChange = assignableRoles.includes(member.role);
  const change = {
    icon: 'edit' as const,
    label: 'Change role',
    onSelect: () => {
      onOpen({ kind: 'change', member });
    },
  };
  const remove = {
    icon: isSelf ? ('exit' as const) : ('trash' as const),
    label: isSelf ? 'Leave organization' : 'Remove',
    isDanger: true,
    onSelect: () => {
      onOpen({ kind: 'remove', member });
    },
  };
  return [...(mayChange ? [change] : []), ...(mayChange || isSelf ? [remove] : [])];
}

function columnsOf(
  actionsFor: (member: OrganizationMember) => MenuItem[],
): readonly Column<OrganizationMember>[] {
  return [
    { title: 'Member', kind: 'main', cell: ({ user }) => <Name>{user}</Name> },
    { title: 'Role', kind: 'state', cell: ({ role }) => <Badge>{role}</Badge> },
    {
      title: 'Actions',
      kind: 'end',
      isTitleHidden: true,
      cell: (member) => {
        const items = actionsFor(member);
        return items.length === 0 ? null : <Menu label={`Actions for ${member.user}`} items={items} />;
      },
    },
  ];
}
