import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ProcessProgress, RunProgress } from '../../../daemon/contract/types.ts';
import { Button } from '../../components/button.tsx';
import { Name } from '../../components/name.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { count, grouped } from '../../format/counts.ts';
import { TaskBar, totalOf } from './task-bar.tsx';

/** Processes that are shown until the person asks for all. */
const FEW = 10;

/** The progress of each process of a run. Of many processes, at first those that need attention, or else the last ones. */
export function ProcessList({
  processes,
  hasMoreProcesses,
}: Pick<RunProgress, 'processes' | 'hasMoreProcesses'>): JSX.Element | null {
  const [showsAll, setShowsAll] = useState(false);
  // Without the plugin, no process is known.
  if (processes.every(({ name }) => name === null)) return null;
  const shown = showsAll ? processes : mostRelevant(processes);
  return (
    <section>
      <h2>Processes</h2>
      <Table
        label="Progress by process"
        rows={shown}
        columns={COLUMNS}
        keyOf={({ name }) => (name === null ? 'unknown' : `process ${name}`)}
      />
      {shown.length < processes.length && (
        <div class="more">
          <Button
            onClick={() => {
              setShowsAll(true);
            }}
          >
            Show all {count(processes.length, 'process', 'processes')}
          </Button>
        </div>
      )}
      {showsAll && hasMoreProcesses && <p class="quiet-text">The run has more processes than this list.</p>}
    </section>
  );
}

/** Returns a few processes in their order: those with unfinished or failed tasks before others, and late ones before early ones. */
function mostRelevant(processes: readonly ProcessProgress[]): readonly ProcessProgress[] {
  const ranked = processes.toReversed().toSorted((one, other) => rankOf(one) - rankOf(other));
  const chosen = new Set(ranked.slice(0, FEW));
  return processes.filter((process) => chosen.has(process));
}

function rankOf({ tasks: { running, waiting, failed } }: ProcessProgress): number {
  return running + waiting + failed > 0 ? 0 : 1;
}

const COLUMNS: readonly Column<ProcessProgress>[] = [
  { title: 'Process', kind: 'main', cell: ({ name }) => <ProcessName name={name} /> },
  {
    title: 'Progress',
    kind: 'wide',
    cell: ({ tasks }) => (
      <span class="progress">
        <TaskBar tasks={tasks} />
      </span>
    ),
  },
  { title: 'Done', kind: 'number', cell: ({ tasks }) => grouped(tasks.completed + tasks.cached) },
  { title: 'Running', kind: 'number', cell: ({ tasks }) => grouped(tasks.running) },
  { title: 'Failed', kind: 'number', cell: ({ tasks }) => <Failed number={tasks.failed + tasks.aborted} /> },
  { title: 'Total', kind: 'number', cell: ({ tasks }) => grouped(totalOf(tasks)) },
];

function Failed({ number }: { readonly number: number }): JSX.Element {
  return <span class={number > 0 ? 'bad-text' : ''}>{grouped(number)}</span>;
}

/** The name of a process, and below it the workflows that contain it. */
function ProcessName({ name }: { readonly name: string | null }): JSX.Element {
  if (name === null) return <span class="quiet-text">Unknown process</span>;
  const at = name.lastIndexOf(':');
  return (
    <span class="stacked">
      <Name mono>{name.slice(at + 1)}</Name>
      {at > 0 && (
        <span class="quiet-text">
          <Name mono>{name.slice(0, at)}</Name>
        </span>
      )}
    </span>
  );
}
