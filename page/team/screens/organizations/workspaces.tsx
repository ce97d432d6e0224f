import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Organization, Workspace, WorkspaceInput } from '../../../../daemon/contract/types.ts';
import { may, useWorkspaces } from '../../../api/workspaces.ts';
import { to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { Badge } from '../../../components/badge.tsx';
import { Button } from '../../../components/button.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Choice, Input } from '../../../components/inputs.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Name } from '../../../components/name.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { count } from '../../../format/counts.ts';
import { createWorkspace } from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';
import { VISIBILITY_OPTIONS } from '../workspaces/visibility-options.ts';

interface WorkspacesProps {
  readonly organization: Organization;
}

/** The workspaces of an organization that the person may see. */
export function Workspaces({ organization }: WorkspacesProps): JSX.Element {
  const { data, problem, retry } = useWorkspaces();
  const [isCreating, setCreating] = useState(false);
  const own = data?.filter((one) => one.organization === organization.name);
  const mayCreate = may(organization, 'workspaces:create') || may(organization, 'workspaces:create_personal');
  return (
    <>
      <div class="toolbar">
        <span class="quiet-text" role="status">
          {own === undefined ? '' : count(own.length, 'workspace')}
        </span>
        {mayCreate && (
          <Button
            kind="primary"
            icon="plus"
            onClick={() => {
              setCreating(true);
            }}
          >
            Create workspace
          </Button>
        )}
      </div>
      <Listing
        label="Workspaces"
        columns={COLUMNS}
        rows={own}
        problem={problem}
        retry={retry}
        keyOf={({ name }) => name}
        empty={
          <Empty icon="archive" title="No workspaces">
            A workspace is a set of secrets and runs.
          </Empty>
        }
      />
      {isCreating && (
        <CreateWorkspace
          organization={organization}
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
    </>
  );
}

interface CreateProps extends WorkspacesProps {
  readonly onClose: () => void;
}

function CreateWorkspace({ organization, onClose }: CreateProps): JSX.Element {
  const options = [
    ...(may(organization, 'workspaces:create') ? VISIBILITY_OPTIONS : []),
    ...(may(organization, 'workspaces:create_personal')
      ? [{ value: 'personal' as const, label: 'Personal: only you, without secrets' }]
      : []),
  ];
  const [name, setName] = useState('');
  const [visibility, setVisibility] = useState<NonNullable<WorkspaceInput['visibility']>>(
    options[0]?.value ?? 'personal',
  );
  const title = `${organization.name}/${name === '' ? 'NAME' : name}`;
  return (
    <FormDialog
      title="Create workspace"
      action="Create workspace"
      isReady={name !== ''}
      onSubmit={async () => {
        await createWorkspace({ organization: organization.name, name, visibility });
        toast(`Created ${title}`);
      }}
      onClose={onClose}
      command={commandLine(
        'nf-escrow',
        'workspaces',
        'create',
        onServer(title),
        ...VISIBILITY_FLAGS[visibility],
      )}
    >
      <Input
        label="Name"
        hint="Lower-case letters, digits and hyphens."
        placeholder="rna"
        value={name}
        isFirst
        onChange={setName}
      />
      <Choice label="Visible to" value={visibility} options={options} onChange={setVisibility} />
    </FormDialog>
  );
}

const VISIBILITY_FLAGS = { private: [], shared: ['--shared'], personal: ['--personal'] } as const;

const COLUMNS: readonly Column<Workspace>[] = [
  {
    title: 'Name',
    kind: 'main',
    cell: ({ organization, name }) => (
      <a class="row-link" href={to(['workspaces', organization, name, 'secrets'])}>
        <Name>{name}</Name>
      </a>
    ),
  },
  { title: 'Visibility', kind: 'state', cell: ({ visibility }) => <Badge>{visibility}</Badge> },
  { title: 'Your role', kind: 'wide', cell: ({ role }) => role },
  { title: 'Secrets', kind: 'number', cell: ({ secrets }) => secrets },
  { title: 'Created', kind: 'widest', cell: ({ dateCreated }) => <Time at={dateCreated} /> },
];
