import type { JSX } from 'preact';
import type { PlannedSecret, Run, RunUseList } from '../../../daemon/contract/types.ts';
import { useRunUses } from '../../api/runs.ts';
import { addressOf } from '../../api/secrets.ts';
import { Badge } from '../../components/badge.tsx';
import { Name } from '../../components/name.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { SCOPES } from '../../format/scopes.ts';

type Use = RunUseList['uses'][number];

/** The secrets of a run, where they come from, and which processes received them. */
export function RunSecrets({ run }: { readonly run: Run }): JSX.Element {
  const { data: uses = [] } = useRunUses(run.id);
  if (run.secrets.length === 0) return <p class="quiet-text">This run received no secrets.</p>;
  return (
    <Table
      label="Secrets of the run"
      columns={columnsFor(run, uses)}
      rows={run.secrets}
      keyOf={({ name }) => name}
    />
  );
}

function columnsFor({ workspace }: Run, uses: readonly Use[]): readonly Column<PlannedSecret>[] {
  return [
    {
      title: 'Name',
      kind: 'main',
      cell: ({ name, scope }) =>
        scope === 'local' ? (
          <Name mono>{name}</Name>
        ) : (
          <a href={addressOf(name, scope === 'user' ? null : workspace)}>
            <Name mono>{name}</Name>
          </a>
        ),
    },
    {
      title: 'Processes',
      kind: 'list',
      cell: ({ name }) => <Processes uses={uses.filter(({ secret }) => secret === name)} />,
    },
    {
      title: 'Scope',
      kind: 'wide',
      cell: ({ scope, version }) => (
        <span class="stacked">
          <span>{SCOPES[scope]}</span>
          {version !== null && <span class="quiet-text">Version {version}</span>}
        </span>
      ),
    },
    {
      title: 'Overrides',
      kind: 'widest',
      cell: ({ overrides }) => overrides.map((scope) => <Badge key={scope}>{SCOPES[scope]}</Badge>),
    },
  ];
}

/** Processes that are shown at most. The others are in the tasks. */
const PROCESSES_MAX = 20;

function Processes({ uses }: { readonly uses: readonly Use[] }): JSX.Element {
  const processes = uses.filter(({ process }) => process !== null);
  if (processes.length === 0) return <span class="quiet-text">None known</span>;
  return (
    <ul class="process-list">
      {processes.slice(0, PROCESSES_MAX).map(({ process, firstUsed }) => (
        <li key={process}>
          <Name mono>{process ?? ''}</Name>
          <span class="quiet-text widest">
            <Time at={firstUsed} />
          </span>
        </li>
      ))}
      {processes.length > PROCESSES_MAX && <li>and {processes.length - PROCESSES_MAX} more</li>}
    </ul>
  );
}
