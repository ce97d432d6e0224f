import type { JSX } from 'preact';
import type { TaskCounts } from '../../../daemon/contract/types.ts';
import { grouped } from '../../format/counts.ts';

/** A state of tasks that occurs, with its number, its name and its colour. */
interface TaskPart {
  readonly state: keyof TaskCounts;
  readonly number: number;
  readonly label: string;
  readonly tone: string;
}

const TONES: Readonly<Record<keyof TaskCounts, string>> = {
  completed: 'good',
  cached: 'cached',
  running: 'accent',
  waiting: 'plain',
  failed: 'bad',
  aborted: 'warn',
};
const STATES = Object.keys(TONES) as (keyof TaskCounts)[];

/** Returns the states that tasks have, in the order of the bar. */
export function partsOf(tasks: TaskCounts): readonly TaskPart[] {
  return STATES.filter((state) => tasks[state] > 0).map((state) => ({
    state,
    number: tasks[state],
    label: `${grouped(tasks[state])} ${state}`,
    tone: TONES[state],
  }));
}

/** Returns the number of all tasks. */
export function totalOf(tasks: TaskCounts): number {
  return STATES.reduce((sum, state) => sum + tasks[state], 0);
}

/** A bar whose parts are the tasks by state. */
export function TaskBar({ tasks }: { readonly tasks: TaskCounts }): JSX.Element {
  const parts = partsOf(tasks);
  return (
    <div class="progress-bar" role="img" aria-label={parts.map(({ label }) => label).join(', ')}>
      {parts.map(({ state, number, tone }) => (
        <span key={state} class={tone} style={{ flexGrow: number }} />
      ))}
    </div>
  );
}
