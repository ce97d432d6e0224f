import type { JSX } from 'preact';
import type { TaskCounts } from '../../../daemon/contract/types.ts';
import { count } from '../../format/counts.ts';
import { partsOf, TaskBar, totalOf } from './task-bar.tsx';

/** The tasks of a run by state, as one bar with its numbers. */
export function Progress({ tasks }: { readonly tasks: TaskCounts }): JSX.Element | null {
  const total = totalOf(tasks);
  if (total === 0) return null;
  return (
    <div class="progress">
      <TaskBar tasks={tasks} />
      <p>
        <span class="strong">{count(total, 'task')}</span>
        {partsOf(tasks).map(({ state, label, tone }) => (
          <span key={state} class="progress-part">
            <i class={tone} aria-hidden="true" />
            {label}
          </span>
        ))}
      </p>
    </div>
  );
}
