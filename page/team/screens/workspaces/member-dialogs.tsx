import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Member, Role, Workspace } from '../../../../daemon/contract/types.ts';
import { titleOf } from '../../../api/workspaces.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Choice, Input } from '../../../components/inputs.tsx';
import { commandLine } from '../../../format/command.ts';
import { addMember, changeMember, removeMember } from '../../api/members.ts';
import { useOrganization, useOrganizationMembers, useServiceAccounts } from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';
import { may } from '../../../api/workspaces.ts';

const ROLE_HINT =
  'view: see names. launch: run pipelines. maintain: set secrets. admin: also manage members.';

interface DialogProps {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}

/** Gives a member of the organization, or one of its service accounts, a role in a workspace. */
export function AddMember({ workspace, onClose }: DialogProps): JSX.Element {
  const [user, setUser] = useState('');
  const [role, setRole] = useState<Role>('launch');
  const { organization } = workspace;
  const { data: people = [] } = useOrganizationMembers(organization);
  const seesAccounts = may(useOrganization(organization).data, 'service_accounts:read');
  const { data: accounts = [] } = useServiceAccounts(organization, seesAccounts);
  const title = onServer(titleOf(workspace));
  return (
    <FormDialog
      title="Add member"
      action="Add member"
      isReady={user !== ''}
      onSubmit={async () => {
        await addMember(workspace, { user, role });
        toast(`Added ${user}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'members', 'add', title, user === '' ? 'USER' : user, '--role', role)}
    >
      <Input
        label="Member"
        hint={`A member of ${organization}, or service-account:NAME.`}
        value={user}
        isFirst
        suggestions={[
          ...people.map((one) => one.user),
          ...accounts.map(({ name }) => `service-account:${name}`),
        ]}
        onChange={setUser}
      />
      <RoleChoice workspace={workspace} role={role} onChange={setRole} />
    </FormDialog>
  );
}

interface MemberProps extends DialogProps {
  readonly member: Member;
}

export function ChangeRole({ workspace, member, onClose }: MemberProps): JSX.Element {
  const [role, setRole] = useState(member.role);
  const { user } = member;
  return (
    <FormDialog
      title={`Change the role of ${user}`}
      action="Change role"
      isReady={role !== member.role}
      onSubmit={async () => {
        await changeMember(workspace, member, role);
        toast(`${user} has the role ${role}`);
      }}
      onClose={onClose}
      command={commandLine(
        'nf-escrow',
        'members',
        'update',
        onServer(titleOf(workspace)),
        user,
        '--role',
        role,
      )}
    >
      <RoleChoice workspace={workspace} role={role} onChange={setRole} />
    </FormDialog>
  );
}

export function RemoveMember({ workspace, member, onClose }: MemberProps): JSX.Element {
  const { user } = member;
  return (
    <FormDialog
      title={`Remove ${user} from the workspace?`}
      action="Remove member"
      isDanger
      onSubmit={async () => {
        await removeMember(workspace, member);
        toast(`Removed ${user}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'members', 'remove', onServer(titleOf(workspace)), user)}
    >
      <p class="dialog-text">
        {user} loses the role {member.role}. A role from the organization, or of a shared workspace, remains.
        Live runs keep the secrets that they have received.
      </p>
    </FormDialog>
  );
}

interface RoleChoiceProps {
  readonly workspace: Workspace;
  readonly role: Role;
  readonly onChange: (role: Role) => void;
}

function RoleChoice({ workspace: { assignableRoles = [] }, role, onChange }: RoleChoiceProps): JSX.Element {
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
