import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TokenInput, TokenScope } from '../../../../daemon/contract/types.ts';
import { titleOf, useWorkspaces } from '../../../api/workspaces.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Checkbox, Choice, Input } from '../../../components/inputs.tsx';
import { createToken } from '../../api/accounts.ts';

const SCOPES: readonly (readonly [scope: TokenScope, label: string])[] = [
  ['read', 'read: see names, runs and the audit log'],
  ['launch', 'launch: receive secrets for runs'],
  ['secrets:write', 'secrets:write: set and remove secrets'],
  ['manage', 'manage: change members, workspaces and accounts'],
];
const DAYS = ['7', '30', '90', '365'];

interface CreateTokenProps {
  /** ORGANIZATION/NAME; absent: a token of the person. */
  readonly serviceAccount?: string;
  /** Fields that the address fills in. */
  readonly given: Readonly<Record<string, string>> | undefined;
  /** Receives the token, which the server does not show again. */
  readonly onCreated: (text: string) => void;
  readonly onClose: () => void;
}

/** The dialog that creates a token. */
export function CreateToken({
  serviceAccount,
  given = {},
  onCreated,
  onClose,
}: CreateTokenProps): JSX.Element {
  const { data: workspaces = [] } = useWorkspaces();
  const [name, setName] = useState(given['token'] ?? '');
  const [scopes, setScopes] = useState(scopesIn(given['scopes']));
  const [workspace, setWorkspace] = useState(given['workspace'] ?? '');
  const [days, setDays] = useState(
    /^[1-9][0-9]{0,3}$/.test(given['days'] ?? '') ? (given['days'] ?? '') : '90',
  );
  const [addresses, setAddresses] = useState(given['addresses']?.replaceAll(',', ', ') ?? '');
  const organization = serviceAccount?.split('/')[0];
  const listed = addresses.split(/[\s,]+/).filter(Boolean);
  return (
    <FormDialog
      title="Create token"
      action="Create token"
      isReady={name.trim() !== '' && scopes.length > 0}
      onSubmit={async () => {
        const { text } = await createToken({
          name: name.trim(),
          scopes: scopes as TokenInput['scopes'], // the button is disabled without a scope
          expiresInDays: Number(days),
          ...(serviceAccount === undefined ? {} : { serviceAccount }),
          ...(workspace === '' ? {} : { workspace }),
          ...(listed.length === 0 ? {} : { addresses: listed }),
        });
        onCreated(text);
      }}
      onClose={onClose}
    >
      <Input
        label="Name"
        hint="Where you will use it."
        placeholder="laptop"
        value={name}
        isFirst
        onChange={setName}
      />
      <fieldset class="options">
        <legend>Scopes</legend>
        {SCOPES.map(([scope, label]) => (
          <Checkbox
            key={scope}
            label={label}
            isChecked={scopes.includes(scope)}
            onChange={(isChecked) => {
              setScopes(isChecked ? [...scopes, scope] : scopes.filter((one) => one !== scope));
            }}
          />
        ))}
      </fieldset>
      <Choice
        label="Workspace"
        value={workspace}
        options={[
          { value: '', label: 'All workspaces' },
          ...workspaces
            .filter((one) => organization === undefined || one.organization === organization)
            .map((one) => ({ value: titleOf(one), label: titleOf(one) })),
          ...unlisted(workspace, workspaces.map(titleOf)),
        ]}
        onChange={setWorkspace}
      />
      <Choice
        label="Expires in"
        value={days}
        options={[...new Set([...DAYS, days])].map((value) => ({ value, label: `${value} days` }))}
        onChange={setDays}
      />
      <Input
        label="Addresses"
        hint="Optional: IP addresses and networks from which the token is accepted."
        placeholder="192.0.2.0/24"
        value={addresses}
        onChange={setAddresses}
      />
    </FormDialog>
  );
}

/** Returns the known scopes of a comma-separated list; without a list, those that runs need. */
function scopesIn(list: string | undefined): readonly TokenScope[] {
  if (!list) return ['read', 'launch'];
  const wanted = list.split(',');
  return SCOPES.map(([scope]) => scope).filter((scope) => wanted.includes(scope));
}

/** A workspace of the address that the list does not have: the server says why it cannot be used. */
function unlisted(workspace: string, listed: readonly string[]): readonly { value: string; label: string }[] {
  return workspace === '' || listed.includes(workspace) ? [] : [{ value: workspace, label: workspace }];
}
