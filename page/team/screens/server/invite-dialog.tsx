import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Organization, OrganizationRole } from '../../../../daemon/contract/types.ts';
import { may } from '../../../api/workspaces.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Checkbox, Choice, Input } from '../../../components/inputs.tsx';
import { ShownOnce } from '../../../components/shown-once.tsx';
import { invite } from '../../api/accounts.ts';
import { useOrganizations } from '../../api/organizations.ts';
import { OrganizationRoleChoice } from '../organizations/organization-member-dialogs.tsx';

interface InviteDialogProps {
  /** The organization that is chosen first. */
  readonly organization?: Organization;
  readonly onClose: () => void;
}

/** Invites a person to the server, and to an organization to which the administrator may add members. */
export function InviteDialog({ organization: first, onClose }: InviteDialogProps): JSX.Element {
  const { data: organizations = [] } = useOrganizations();
  const [email, setEmail] = useState('');
  const [user, setUser] = useState('');
  const [chosen, setChosen] = useState(first?.name ?? '');
  const [role, setRole] = useState<OrganizationRole>('member');
  const [isAdministrator, setAdministrator] = useState(false);
  const [link, setLink] = useState<string>();
  const open = organizations.filter((one) => may(one, 'organization_members:write'));
  const organization = open.find(({ name }) => name === chosen);
  if (link !== undefined)
    return (
      <ShownOnce
        title="Invitation created"
        text={link}
        warning={`Send this link to ${email} yourself. It works once, and nobody can read it again.`}
        onClose={onClose}
      />
    );
  return (
    <FormDialog
      title="Invite"
      action="Create invitation"
      isReady={email.trim() !== ''}
      onSubmit={async () => {
        const created = await invite({
          email: email.trim(),
          ...(user === '' ? {} : { user }),
          ...(isAdministrator ? { administrator: true } : {}),
          ...(organization === undefined ? {} : { organization: organization.name, role }),
        });
        setLink(created.link);
      }}
      onDone={() => undefined} // the link is shown
      onClose={onClose}
    >
      <Input
        label="Address"
        hint="Only a person who has this address can accept the invitation."
        placeholder="ada@example.org"
        value={email}
        isFirst
        onChange={setEmail}
      />
      <Input
        label="User name"
        hint="Optional. Without it, derived from the address."
        value={user}
        onChange={setUser}
      />
      <Choice
        label="Organization"
        value={chosen}
        options={[{ value: '', label: 'None' }, ...open.map(({ name }) => ({ value: name, label: name }))]}
        onChange={setChosen}
      />
      {organization !== undefined && (
        <OrganizationRoleChoice organization={organization} role={role} onChange={setRole} />
      )}
      <Checkbox label="Administrator of the server" isChecked={isAdministrator} onChange={setAdministrator} />
    </FormDialog>
  );
}
