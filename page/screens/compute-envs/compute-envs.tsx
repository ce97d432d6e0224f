import type { JSX } from 'preact';
import type { ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource } from '../../api/resource.ts';
import { to } from '../../app/router.ts';
import { Badge } from '../../components/badge.tsx';
import { Name } from '../../components/name.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';

/** Where runs execute. */
export function ComputeEnvironments(): JSX.Element {
  const { data, problem, retry } = useResource('compute-envs', () =>
    readAll<ComputeEnvironment>('v1/compute-envs', 'computeEnvironments'),
  );
  return (
    <>
      <ScreenHead
        title="Compute environments"
        subtitle="Where runs execute, and how they receive their secrets."
      />
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {data === undefined && problem === undefined && <Skeleton rows={3} />}
      {data?.length === 0 && (
        <Empty
          icon="server"
          title="No compute environments"
          command="nf-escrow compute-envs create cluster --platform hpc"
        />
      )}
      {data !== undefined && data.length > 0 && (
        <Table label="Compute environments" columns={COLUMNS} rows={data} keyOf={({ name }) => name} />
      )}
    </>
  );
}

/** Returns the platform of a compute environment, with its region. */
export function platformOf({ platform, aws }: ComputeEnvironment): string {
  return platform === 'hpc' ? 'HPC or local' : `AWS Batch, ${aws?.region ?? ''}`;
}

const COLUMNS: readonly Column<ComputeEnvironment>[] = [
  {
    title: 'Name',
    kind: 'main',
    cell: ({ name, isDefault }) => (
      <span class="badges">
        <a class="row-link" href={to(['compute-envs', name])}>
          <Name>{name}</Name>
        </a>
        {isDefault && <Badge>Default</Badge>}
      </span>
    ),
  },
  { title: 'Platform', cell: platformOf },
  {
    title: 'Scheduler',
    kind: 'wide',
    cell: ({ platform, executor }) => (platform === 'hpc' ? (executor ?? 'Detected on PATH') : '–'),
  },
  { title: 'Updated', kind: 'wide', cell: ({ lastUpdated }) => <Time at={lastUpdated} /> },
];
