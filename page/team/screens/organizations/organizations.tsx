import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Organization } from '../../../../daemon/contract/types.ts';
import { to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { Button } from '../../../components/button.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Input } from '../../../components/inputs.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { useMay } from '../../api/identity.ts';
import { createOrganization, useOrganizations } from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';

/** The organizations of the person. */
export function Organizations(): JSX.Element {
  const { data, problem, retry } = useOrganizations();
  const mayCreate = useMay('organizations:create');
  const [isCreating, setCreating] = useState(false);
  return (
    <>
      <ScreenHead
        title="Organizations"
        subtitle="An organization has members, workspaces and service accounts."
        actions={
          mayCreate && (
            <Button
              kind="primary"
              icon="plus"
              onClick={() => {
                setCreating(true);
              }}
            >
              Create organization
            </Button>
          )
        }
      />
      <Listing
        label="Organizations"
        columns={COLUMNS}
        rows={data}
        problem={problem}
        retry={retry}
        keyOf={({ name }) => name}
        empty={
          <Empty icon="archive" title="No organizations yet">
            {mayCreate ? 'Create one to start.' : 'Ask an administrator of the server to add you to one.'}
          </Empty>
        }
      />
      {isCreating && (
        <CreateOrganization
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
    </>
  );
}

function CreateOrganization({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [name, setName] = useState('');
  return (
    <FormDialog
      title="Create organization"
      action="Create organization"
      isReady={name !== ''}
      onSubmit={async () => {
        await createOrganization(name);
        toast(`Created ${name}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'orgs', 'create', onServer(name === '' ? 'NAME' : name))}
    >
      <Input
        label="Name"
        hint="Lower-case letters, digits and hyphens. You become its owner."
        placeholder="lab"
        value={name}
        isFirst
        onChange={setName}
      />
    </FormDialog>
  );
}

const COLUMNS: readonly Column<Organization>[] = [
  {
    title: 'Name',
    kind: 'main',
    cell: ({ name }) => (
      <a class="row-link" href={to(['organizations', name])}>
        <Name>{name}</Name>
      </a>
    ),
  },
  { title: 'Workspaces', kind: 'number', cell: ({ workspaces }) => workspaces },
  { title: 'Created', kind: 'time', cell: ({ dateCreated }) => <Time at={dateCreated} /> },
];
