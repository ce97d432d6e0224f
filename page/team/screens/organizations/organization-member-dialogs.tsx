import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type {
  Organization,
  OrganizationMember,
  OrganizationRole,
} from '../../../../daemon/contract/types.ts';
import { go, to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Choice, Input } from '../../../components/inputs.tsx';
import { commandLine } from '../../../format/command.ts';
import { session } from '../../access/team-session.ts';
import {
  addOrganizationMember,
  changeOrganizationMember,
  removeOrganizationMember,
} from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';

const ROLE_HINT = 'Owners and admins manage members, and have this role in all workspaces.';

interface DialogProps {
  readonly organization: Organization;
  readonly onClose: () => void;
}

/** Adds a user of the server to an organization. */
export function AddMember({ organization, onClose }: DialogProps): JSX.Element {
  const [user, setUser] = useState('');
  const [role, setRole] = useState<OrganizationRole>('member');
  const { name } = organization;
  return (
    <FormDialog
      title="Add member"
      action="Add member"
      isReady={user !== ''}
      onSubmit={async () => {
        await addOrganizationMember(name, { user, role });
        toast(`Added ${user}`);
      }}
      onClose={onClose}
      command={commandLine(
        'nf-escrow',
        'members',
        'add',
        onServer(name),
        user === '' ? 'USER' : user,
        '--role',
        role,
      )}
    >
      <Input label="User" hint="Name of a user of this server." value={user} isFirst onChange={setUser} />
      <OrganizationRoleChoice organization={organization} role={role} onChange={setRole} />
    </FormDialog>
  );
}

interface MemberProps extends DialogProps {
  readonly member: OrganizationMember;
}

export function ChangeRole({ organization, member, onClose }: MemberProps): JSX.Element {
  const [role, setRole] = useState(member.role);
  const { user } = member;
  return (
    <FormDialog
      title={`Change the role of ${user}`}
      action="Change role"
      isReady={role !== member.role}
      onSubmit={async () => {
        await changeOrganizationMember(organization.name, member, role);
        toast(`${user} has the role ${role}`);
      }}
      onClose={onClose}
      command={commandLine(
        'nf-escrow',
        'members',
        'update',
        onServer(organization.name),
        user,
        '--role',
        role,
      )}
    >
      <OrganizationRoleChoice organization={organization} role={role} onChange={setRole} />
    </FormDialog>
  );
}

/** Removes a member, or leaves the organization. */
export function RemoveMember({ organization, member, onClose }: MemberProps): JSX.Element {
  const { user } = member;
  const isSelf = user === session.value?.user;
  return (
    <FormDialog
      title={isSelf ? `Leave ${organization.name}?` : `Remove ${user} from ${organization.name}?`}
      action={isSelf ? 'Leave organization' : 'Remove member'}
      isDanger
      onSubmit={async () => {
        await removeOrganizationMember(organization.name, member);
        toast(isSelf ? `You have left ${organization.name}` : `Removed ${user}`);
        if (isSelf) go(to(['organizations']));
      }}
      onClose={onClose}
      {...(isSelf
        ? {}
        : { command: commandLine('nf-escrow', 'members', 'remove', onServer(organization.name), user) })}
    >
      <p class="dialog-text">
        {isSelf ? 'You lose' : `${user} loses`} all roles in the workspaces of the organization. Live runs
        keep the secrets that they have received.
      </p>
    </FormDialog>
  );
}

interface RoleChoiceProps {
  readonly organization: Organization;
  readonly role: OrganizationRole;
  readonly onChange: (role: OrganizationRole) => void;
}

/** A field for one of the roles that the person may assign. */
export function OrganizationRoleChoice({
  organization: { assignableRoles = [] },
  role,
  onChange,
}: RoleChoiceProps): JSX.Element {
  return (
    <Choice
      label="Role"
      hint={ROLE_HINT}
      value={role}
      options={assignableRoles.map((value) => ({ value, label: value }))}
      onChange={onChange}
    />
  );
}
