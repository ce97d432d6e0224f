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

const ROLES: readonly OrganizationRole[] = ['owner', 'admin', 'member'];
const DAYS = ['1', '7', '30'];

interface InviteDialogProps {
  /** The organization that is chosen first. */
  readonly organization?: Organization;
  /** Fields that the address fills in. */
  readonly given?: Readonly<Record<string, string>> | undefined;
  readonly onClose: () => void;
}

/** Invites a person to the server, and to an organization to which the administrator may add members. */
export function InviteDialog({ organization: first, given = {}, onClose }: InviteDialogProps): JSX.Element {
  const { data: organizations = [] } = useOrganizations();
  const [email, setEmail] = useState(given['email'] ?? '');
  const [user, setUser] = useState(given['user'] ?? '');
  const [chosen, setChosen] = useState(given['organization'] ?? first?.name ?? '');
  const [role, setRole] = useState(ROLES.find((one) => one === given['role']) ?? 'member');
  const [days, setDays] = useState(/^[1-9][0-9]?$/.test(given['days'] ?? '') ? (given['days'] ?? '') : '7');
  const [isAdministrator, setAdministrator] = useState(given['administrator'] === 'true');
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
          expiresInDays: Number(days),
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
        hint={
          chosen !== '' && organization === undefined ? `You cannot add members to ${chosen}.` : undefined
        }
        value={organization === undefined ? '' : chosen}
        options={[{ value: '', label: 'None' }, ...open.map(({ name }) => ({ value: name, label: name }))]}
        onChange={setChosen}
      />
      {organization !== undefined && (
        <OrganizationRoleChoice organization={organization} role={role} onChange={setRole} />
      )}
      <Choice
        label="Expires in"
        value={days}
        options={[...new Set([...DAYS, days])].map((value) => ({
          value,
          label: value === '1' ? '1 day' : `${value} days`,
        }))}
        onChange={setDays}
      />
      <Checkbox label="Administrator of the server" isChecked={isAdministrator} onChange={setAdministrator} />
    </FormDialog>
  );
}
