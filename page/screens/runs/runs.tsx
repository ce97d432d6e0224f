import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Run } from '../../../daemon/contract/types.ts';
import { useRuns } from '../../api/runs.ts';
import { titleOf, useWorkspaces } from '../../api/workspaces.ts';
import { place, setQuery, to } from '../../app/router.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Search } from '../../components/field.tsx';
import { Name } from '../../components/name.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Segments } from '../../components/segments.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import type { Column } from '../../components/table.tsx';
import { Duration, Time } from '../../components/time.tsx';
import { BLOCK, VirtualTable } from '../../components/virtual-table.tsx';
import { count } from '../../format/counts.ts';
import { now } from '../../format/times.ts';
import { LaunchButton } from '../launch/launch-button.tsx';
import { NotifyButton } from './notify-button.tsx';
import { hasPendingRemovals, pipelineOf, RunState } from './run-state.tsx';

/** Filters, with the query of the API. */
const SHOWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  all: {},
  live: { state: 'running' },
  failed: { outcome: 'failed' },
  open: { state: 'open' },
};
const SEGMENTS = [
  { value: 'all', label: 'All' },
  { value: 'live', label: 'Running' },
  { value: 'failed', label: 'Failed' },
  { value: 'open', label: 'Open' },
] as const;

/** The list of runs, with filters in the address. */
export function Runs(): JSX.Element {
  const { query } = place.value;
  const show = query.get('show') ?? 'all';
  const text = query.get('search') ?? '';
  const workspace = query.get('workspace') ?? '';
  const { data: workspaces = [] } = useWorkspaces();
  const filter = {
    ...SHOWN[show],
    ...(text.trim() === '' ? {} : { text: text.trim() }),
    ...(workspace === '' ? {} : { workspace }),
  };
  const first = { offset: 0, limit: BLOCK };
  const { data: found, problem, retry } = useRuns(filter, first);
  // The earlier list remains until there is another one, so that nothing flickers while someone types.
  const shown = useRef(filter);
  if (found !== undefined) shown.current = filter;
  const { data } = useRuns(shown.current, first);
  const total = data?.total ?? 0;
  const isFiltered = show !== 'all' || text !== '' || workspace !== '';
  return (
    <>
      <ScreenHead
        title="Runs"
        subtitle="Runs that were started with nf-escrow, newest first."
        actions={
          <>
            <NotifyButton target="all">Notify me when runs end</NotifyButton>
            <LaunchButton />
          </>
        }
      />
      <div class="toolbar">
        <Segments
          label="Runs to show"
          value={show}
          options={SEGMENTS}
          onSelect={(value) => {
            setQuery({ show: value === 'all' ? undefined : value });
          }}
        />
        <select
          aria-label="Workspace"
          value={workspace}
          onChange={(event) => {
            setQuery({ workspace: event.currentTarget.value });
          }}
        >
          <option value="">All workspaces</option>
          {workspaces.map((one) => (
            <option key={titleOf(one)} value={titleOf(one)}>
              {titleOf(one)}
            </option>
          ))}
        </select>
        <span class="quiet-text" role="status">
          {data === undefined ? '' : count(total, 'run')}
        </span>
        <Search
          label="Search runs"
          value={text}
          onInput={(search) => {
            setQuery({ search });
          }}
        />
      </div>
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {data === undefined && problem === undefined && <Skeleton />}
      {data !== undefined && total === 0 && <NoRuns isFiltered={isFiltered} />}
      {total > 0 && (
        <VirtualTable
          key={JSON.stringify(shown.current)}
          label="Runs"
          columns={COLUMNS}
          count={total}
          keyOf={({ id }) => id}
          useRows={(offset, delayMs) => useRuns(shown.current, { offset, limit: BLOCK }, delayMs).data?.runs}
        />
      )}
    </>
  );
}

function NoRuns({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (isFiltered)
    return (
      <Empty
        icon="search"
        title="No run matches the filters"
        action={
          <Button
            onClick={() => {
              setQuery({ show: undefined, search: undefined, workspace: undefined });
            }}
          >
            Clear the filters
          </Button>
        }
      />
    );
  return (
    <Empty icon="run" title="No runs yet" command="nf-escrow run main.nf">
      To start a pipeline, run this command. The run appears here immediately.
    </Empty>
  );
}

const COLUMNS: readonly Column<Run>[] = [
  {
    title: 'Run',
    kind: 'main',
    cell: (run) => (
      <a class="row-link stacked" href={to(['runs', run.id])}>
        <Name>{run.runName ?? run.id}</Name>
        <span class="quiet-text">
          <Name mono>{pipelineOf(run)}</Name>
        </span>
      </a>
    ),
  },
  { title: 'State', kind: 'state', cell: (run) => <StateCell run={run} /> },
  { title: 'Workspace', kind: 'wide', cell: ({ workspace }) => <Name>{workspace}</Name> },
  {
    title: 'Compute environment',
    kind: 'widest',
    cell: ({ computeEnvironment }) => <Name>{computeEnvironment}</Name>,
  },
  {
    title: 'Started',
    kind: 'wide',
    cell: ({ startedAt, createdAt }) => <Time at={startedAt ?? createdAt} />,
  },
  {
    title: 'Duration',
    kind: 'widest',
    cell: ({ startedAt, endedAt }) =>
      startedAt === null ? '–' : <Duration from={startedAt} until={endedAt} />,
  },
];

function StateCell({ run }: { readonly run: Run }): JSX.Element {
  return (
    <span class="badges">
      <RunState run={run} />
      {hasPendingRemovals(run, now.value) && (
        <Badge tone="warn" icon="alert">
          Secrets not removed
        </Badge>
      )}
      {run.exposed !== undefined && (
        <Badge tone="bad" icon="eye">
          Exposed
        </Badge>
      )}
    </span>
  );
}
