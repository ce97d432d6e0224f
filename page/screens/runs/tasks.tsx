import type { JSX } from 'preact';
import type { Run, Task, TaskList } from '../../../daemon/contract/types.ts';
import { useTasks } from '../../api/runs.ts';
import { place, setQuery } from '../../app/router.ts';
import { Badge, type Tone } from '../../components/badge.tsx';
import { InTerminal } from '../../components/copy.tsx';
import { Name } from '../../components/name.tsx';
import { Segments } from '../../components/segments.tsx';
import { Empty, Failure, Note, Skeleton } from '../../components/states.tsx';
import type { Column } from '../../components/table.tsx';
import { BLOCK, VirtualTable } from '../../components/virtual-table.tsx';
import { commandLine } from '../../format/command.ts';
import { count } from '../../format/counts.ts';
import { describeSeconds } from '../../format/times.ts';

const STATUSES = ['RUNNING', 'COMPLETED', 'FAILED', 'CACHED', 'SUBMITTED', 'ABORTED'] as const;

/** The tasks of a run, with the number of each status. */
export function Tasks({ run }: { readonly run: Run }): JSX.Element {
  const status = STATUSES.find((one) => one === place.value.query.get('status'));
  const filter = status === undefined ? {} : { status };
  const { data, problem, retry } = useTasks(run.id, filter, { offset: 0, limit: BLOCK });
  if (data === undefined)
    return problem === undefined ? <Skeleton rows={6} /> : <Failure problem={problem} retry={retry} />;
  const total = Object.values(data.counts).reduce((sum, number) => sum + number, 0);
  if (total === 0)
    return (
      <Empty icon="archive" title="No tasks yet">
        Tasks appear here as soon as Nextflow submits them.
      </Empty>
    );
  const shown = status === undefined ? total : data.counts[status];
  return (
    <>
      <div class="toolbar">
        <Segments
          label="Tasks to show"
          value={status ?? 'all'}
          options={optionsOf(data.counts, total)}
          onSelect={(value) => {
            setQuery({ status: value === 'all' ? undefined : value });
          }}
        />
      </div>
      {data.traceErrors > 0 && (
        <Note tone="warn">{count(data.traceErrors, 'line')} of the trace could not be read.</Note>
      )}
      {shown === 0 ? (
        <Empty icon="search" title="No task has this status" />
      ) : (
        <VirtualTable
          key={status}
          label="Tasks"
          columns={COLUMNS}
          count={shown}
          keyOf={({ taskId }) => taskId}
          useRows={(offset, delayMs) =>
            useTasks(run.id, filter, { offset, limit: BLOCK }, delayMs).data?.tasks
          }
        />
      )}
      <InTerminal>
        {commandLine(
          'nf-escrow',
          'runs',
          'tasks',
          run.id,
          ...(status === undefined ? [] : ['--status', status]),
        )}
      </InTerminal>
    </>
  );
}

function optionsOf(
  counts: TaskList['counts'],
  total: number,
): { value: string; label: string; count: number }[] {
  const present = STATUSES.filter((status) => counts[status] > 0);
  return [
    { value: 'all', label: 'All', count: total },
    ...present.map((status) => ({ value: status, label: titleCase(status), count: counts[status] })),
  ];
}

function titleCase(status: string): string {
  return status.slice(0, 1) + status.slice(1).toLowerCase();
}

const TONES: Readonly<Record<string, Tone>> = {
  RUNNING: 'accent',
  COMPLETED: 'good',
  FAILED: 'bad',
  ABORTED: 'warn',
};

const COLUMNS: readonly Column<Task>[] = [
  { title: 'Task', kind: 'main', cell: ({ name, taskId }) => <Name mono>{name ?? `task ${taskId}`}</Name> },
  {
    title: 'Status',
    kind: 'state',
    cell: ({ status }) => (
      <Badge tone={TONES[status ?? ''] ?? 'plain'}>{titleCase(status ?? 'Unknown')}</Badge>
    ),
  },
  { title: 'Secrets', kind: 'wide', cell: (task) => <TaskSecrets task={task} /> },
  { title: 'Exit', kind: 'widest', cell: ({ exit }) => exit ?? '–' },
  {
    title: 'Job',
    kind: 'widest',
    cell: ({ nativeId }) => (nativeId === null ? '–' : <Name mono>{nativeId}</Name>),
  },
  {
    title: 'Duration',
    kind: 'wide',
    cell: ({ durationMs }) => (durationMs === null ? '–' : describeSeconds(Math.round(durationMs / 1000))),
  },
];

function TaskSecrets({ task: { secrets, exposed } }: { readonly task: Task }): JSX.Element {
  return (
    <span class="badges">
      {secrets.map((name) => (
        <Badge
          key={name}
          tone={exposed.includes(name) ? 'bad' : 'plain'}
          icon={exposed.includes(name) ? 'eye' : 'key'}
        >
          <Name mono>{name}</Name>
        </Badge>
      ))}
    </span>
  );
}
