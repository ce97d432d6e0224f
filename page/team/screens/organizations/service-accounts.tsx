import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Organization, ServiceAccount } from '../../../../daemon/contract/types.ts';
import { may } from '../../../api/workspaces.ts';
import { to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { Button } from '../../../components/button.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Input } from '../../../components/inputs.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Name } from '../../../components/name.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { count } from '../../../format/counts.ts';
import { createServiceAccount, useServiceAccounts } from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';

/** The service accounts of an organization. */
export function ServiceAccounts({ organization }: { readonly organization: Organization }): JSX.Element {
  const { data, problem, retry } = useServiceAccounts(organization.name);
  const [isCreating, setCreating] = useState(false);
  const mayCreate = may(organization, 'service_accounts:write');
  return (
    <>
      <div class="toolbar">
        <span class="quiet-text" role="status">
          {data === undefined ? '' : count(data.length, 'service account')}
        </span>
        {mayCreate && (
          <Button
            kind="primary"
            icon="plus"
            onClick={() => {
              setCreating(true);
            }}
          >
            Create service account
          </Button>
        )}
      </div>
      <Listing
        label="Service accounts"
        columns={COLUMNS}
        rows={data}
        problem={problem}
        retry={retry}
        keyOf={({ name }) => name}
        empty={
          <Empty icon="command" title="No service accounts">
            Programs such as cron jobs and CI use service accounts. They sign in with tokens.
          </Empty>
        }
      />
      {isCreating && (
        <CreateServiceAccount
          organization={organization.name}
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
    </>
  );
}

interface CreateProps {
  readonly organization: string;
  readonly onClose: () => void;
}

function CreateServiceAccount({ organization, onClose }: CreateProps): JSX.Element {
  const [name, setName] = useState('');
  const title = `${organization}/${name === '' ? 'NAME' : name}`;
  return (
    <FormDialog
      title="Create service account"
      action="Create service account"
      isReady={name !== ''}
      onSubmit={async () => {
        await createServiceAccount(organization, name);
        toast(`Created ${name}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'service-accounts', 'create', onServer(title))}
    >
      <Input
        label="Name"
        hint="It has no permissions until a workspace adds it as service-account:NAME."
        placeholder="ci"
        value={name}
        isFirst
        onChange={setName}
      />
    </FormDialog>
  );
}

const COLUMNS: readonly Column<ServiceAccount>[] = [
  {
    title: 'Name',
    kind: 'main',
    cell: ({ organization, name }) => (
      <a class="row-link" href={to(['organizations', organization, 'service-accounts', name])}>
        <Name>{name}</Name>
      </a>
    ),
  },
  { title: 'Created by', kind: 'wide', cell: ({ createdBy }) => <Name>{createdBy}</Name> },
  { title: 'Created', kind: 'time', cell: ({ dateCreated }) => <Time at={dateCreated} /> },
];
