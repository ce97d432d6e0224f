import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ServerEnvironment } from '../../../../daemon/contract/types.ts';
import { may, rememberWorkspace, titleOf, type WorkspaceName } from '../../../api/workspaces.ts';
import { to } from '../../../app/router.ts';
import { Button } from '../../../components/button.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { useServerEnvironments } from '../../api/compute-envs.ts';
import { useWorkspace } from '../../api/members.ts';
import { PendingScreen } from '../pending-screen.tsx';
import { CreateComputeEnvironment } from './create-compute-env.tsx';
import { RemoveComputeEnvironment } from './remove-compute-env.tsx';

type Opened = 'create' | ServerEnvironment;

/** The compute environments of a workspace to which the server itself delivers the secrets of runs. */
export function ComputeEnvironments({
  workspace: place,
}: {
  readonly workspace: WorkspaceName;
}): JSX.Element {
  const { data: workspace, problem, retry } = useWorkspace(place);
  const environments = useServerEnvironments(place);
  const [opened, setOpened] = useState<Opened>();
  const isFound = workspace !== undefined;
  useEffect(() => {
    if (isFound) rememberWorkspace(place);
  }, [isFound, titleOf(place)]);
  const close = (): void => {
    setOpened(undefined);
  };
  if (workspace === undefined)
    return <PendingScreen title="Compute environments" problem={problem} retry={retry} />;
  if (workspace.visibility === 'personal')
    return (
      <>
        <ScreenHead title="Compute environments" />
        <Empty icon="person" title="A personal workspace has no compute environments on the server">
          Runs in a personal workspace receive no secrets from the server. Choose or create another workspace.
        </Empty>
      </>
    );
  const mayCreate = may(workspace, 'compute_environments:write');
  return (
    <>
      <ScreenHead
        title="Compute environments"
        subtitle={
          <>
            Where runs in <span class="strong">{titleOf(place)}</span> can execute on AWS Batch. The server
            creates the AWS secrets of each run and removes them. The user who starts the run receives no
            values.
          </>
        }
        actions={
          mayCreate && (
            <Button
              kind="primary"
              icon="plus"
              onClick={() => {
                setOpened('create');
              }}
            >
              Create compute environment
            </Button>
          )
        }
      />
      <Listing
        label="Compute environments"
        columns={columnsOf(place, setOpened)}
        rows={environments.data}
        problem={environments.problem}
        retry={environments.retry}
        keyOf={({ name }) => name}
        empty={
          <Empty icon="server" title="No compute environments yet">
            {mayCreate
              ? 'Create one for a job queue and an execution role of this workspace.'
              : 'Owners and admins of the workspace can create one.'}
          </Empty>
        }
      />
      {opened === 'create' && <CreateComputeEnvironment workspace={place} onClose={close} />}
      {opened !== undefined && opened !== 'create' && (
        <RemoveComputeEnvironment workspace={place} environment={opened} onClose={close} />
      )}
    </>
  );
}

function columnsOf(
  { organization, name: workspace }: WorkspaceName,
  onRemove: (environment: ServerEnvironment) => void,
): readonly Column<ServerEnvironment>[] {
  return [
    {
      title: 'Name',
      kind: 'main',
      cell: ({ name }) => (
        <a class="row-link" href={to(['workspaces', organization, workspace, 'compute-envs', name])}>
          <Name>{name}</Name>
        </a>
      ),
    },
    { title: 'Region', kind: 'state', cell: ({ aws }) => aws.region },
    { title: 'Job queue', kind: 'wide', cell: ({ aws }) => <Name mono>{aws.queue}</Name> },
    {
      title: 'Created',
      kind: 'widest',
      cell: ({ createdBy, dateCreated }) => (
        <span class="stacked">
          <Time at={dateCreated} />
          <span class="quiet-text">
            <Name>{`by ${createdBy}`}</Name>
          </span>
        </span>
      ),
    },
    {
      title: 'Actions',
      kind: 'end',
      isTitleHidden: true,
      cell: (environment) =>
        may(environment, 'compute_environments:write') && (
          <Menu
            label={`Actions for ${environment.name}`}
            items={[
              {
                icon: 'trash',
                label: 'Remove',
                isDanger: true,
                onSelect: () => {
                  onRemove(environment);
                },
              },
            ]}
          />
        ),
    },
  ];
}
