import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Member, Workspace } from '../../../../daemon/contract/types.ts';
import { may, titleOf } from '../../../api/workspaces.ts';
import { Badge } from '../../../components/badge.tsx';
import { Button } from '../../../components/button.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu, type MenuItem } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import type { Column } from '../../../components/table.tsx';
import { useMembers, useWorkspace } from '../../api/members.ts';
import { AddMember, ChangeRole, RemoveMember } from './member-dialogs.tsx';
import { ChangeVisibility, RemoveWorkspace } from './workspace-dialogs.tsx';
import { PendingScreen } from '../pending-screen.tsx';

type Opened =
  | { readonly kind: 'add' | 'visibility' | 'delete' }
  | { readonly kind: 'change' | 'remove'; readonly member: Member };

interface MembersProps {
  readonly organization: string;
  readonly name: string;
}

const SOURCES: Readonly<Record<Member['source'], string>> = {
  workspace: 'This workspace',
  organization: 'Organization',
  person: 'Personal workspace',
};
const VISIBILITIES: Readonly<Record<Workspace['visibility'], string>> = {
  private: 'is private: only its members can see it.',
  shared: 'is shared: all members of the organization can launch runs in it.',
  personal: 'is personal: only you can see it.',
};

/** The members of a workspace with their roles, and the settings of the workspace. */
export function Members(place: MembersProps): JSX.Element {
  const { data: workspace, problem, retry } = useWorkspace(place);
  const members = useMembers(place);
  const [opened, setOpened] = useState<Opened>();
  const close = (): void => {
    setOpened(undefined);
  };
  if (workspace === undefined) return <PendingScreen title="Members" problem={problem} retry={retry} />;
  const mayChange = may(workspace, 'members:write');
  const actionsFor = (member: Member): MenuItem[] => actionsOf(member, workspace, setOpened);
  return (
    <>
      <ScreenHead
        title="Members"
        subtitle={
          <>
            <span class="strong">{titleOf(place)}</span> {VISIBILITIES[workspace.visibility]} Your role is{' '}
            {workspace.role}.
          </>
        }
        actions={
          <>
            <WorkspaceMenu
              workspace={workspace}
              onOpen={(kind) => {
                setOpened({ kind });
              }}
            />
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
          </>
        }
      />
      <Listing
        label="Members"
        columns={columnsOf(mayChange ? actionsFor : undefined)}
        rows={members.data}
        problem={members.problem}
        retry={members.retry}
        keyOf={({ user }) => user}
        empty={null}
      />
      {opened?.kind === 'add' && <AddMember workspace={workspace} onClose={close} />}
      {opened?.kind === 'change' && (
        <ChangeRole workspace={workspace} member={opened.member} onClose={close} />
      )}
      {opened?.kind === 'remove' && (
        <RemoveMember workspace={workspace} member={opened.member} onClose={close} />
      )}
      {opened?.kind === 'visibility' && <ChangeVisibility workspace={workspace} onClose={close} />}
      {opened?.kind === 'delete' && <RemoveWorkspace workspace={workspace} onClose={close} />}
    </>
  );
}

interface WorkspaceMenuProps {
  readonly workspace: Workspace;
  readonly onOpen: (kind: 'visibility' | 'delete') => void;
}

function WorkspaceMenu({ workspace, onOpen }: WorkspaceMenuProps): JSX.Element | null {
  const items: MenuItem[] = [
    ...(may(workspace, 'members:write')
      ? [
          {
            icon: 'eye' as const,
            label: 'Change visibility',
            onSelect: () => {
              onOpen('visibility');
            },
          },
        ]
      : []),
    ...(may(workspace, 'workspaces:delete')
      ? [
          {
            icon: 'trash' as const,
            label: 'Remove workspace',
            isDanger: true,
            onSelect: () => {
              onOpen('delete');
            },
          },
        ]
      : []),
  ];
  return items.length === 0 ? null : <Menu label="Actions for the workspace" items={items} />;
}

/** Roles of the organization change on its own screen. Nobody changes a role that is higher than their own. */
function actionsOf(member: Member, workspace: Workspace, onOpen: (opened: Opened) => void): MenuItem[] {
  if (member.source !== 'workspace' || workspace.assignableRoles?.includes(member.role) !== true) return [];
  return [
    {
      icon: 'edit',
      label: 'Change role',
      onSelect: () => {
        onOpen({ kind: 'change', member });
      },
    },
    {
      icon: 'trash',
      label: 'Remove',
      isDanger: true,
      onSelect: () => {
        onOpen({ kind: 'remove', member });
      },
    },
  ];
}

function columnsOf(actionsFor: ((member: Member) => MenuItem[]) | undefined): readonly Column<Member>[] {
  const actions: Column<Member> = {
    title: 'Actions',
    kind: 'end',
    isTitleHidden: true,
    cell: (member) => {
      const items = actionsFor?.(member) ?? [];
      return items.length === 0 ? null : <Menu label={`Actions for ${member.user}`} items={items} />;
    },
  };
  return [
    { title: 'Member', kind: 'main', cell: ({ user }) => <Name>{user}</Name> },
    { title: 'Role', kind: 'state', cell: ({ role }) => <Badge>{role}</Badge> },
    { title: 'Assigned by', kind: 'wide', cell: ({ source }) => SOURCES[source] },
    ...(actionsFor === undefined ? [] : [actions]),
  ];
}
