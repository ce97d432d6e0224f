import type { JSX } from 'preact';
import type { RunProgress } from '../../../daemon/contract/types.ts';
import { count, grouped } from '../../format/counts.ts';

type Counts = RunProgress['tasks'];

const PARTS: readonly (readonly [key: keyof Counts, label: string, tone: string])[] = [
  ['completed', 'completed', 'good'],
  ['cached', 'cached', 'cached'],
  ['running', 'running', 'accent'],
  ['waiting', 'waiting', 'plain'],
  ['failed', 'failed', 'bad'],
  ['aborted', 'aborted', 'warn'],
];

/** The tasks of a run by state, as one bar with its numbers. */
export function Progress({ tasks }: { readonly tasks: Counts }): JSX.Element | null {
  const total = PARTS.reduce((sum, [key]) => sum + tasks[key], 0);
  if (total === 0) return null;
  const parts = PARTS.filter(([key]) => tasks[key] > 0);
  return (
    <div class="progress">
      <div
        class="progress-bar"
        role="img"
        aria-label={parts.map(([key, label]) => `${String(tasks[key])} ${label}`).join(', ')}
      >
        {parts.map(([key, , tone]) => (
          <span key={key} class={tone} style={{ flexGrow: tasks[key] }} />
        ))}
      </div>
      <p>
        <span class="strong">{count(total, 'task')}</span>
        {parts.map(([key, label, tone]) => (
          <span key={key} class="progress-part">
            <i class={tone} aria-hidden="true" />
            {grouped(tasks[key])} {label}
          </span>
        ))}
      </p>
    </div>
  );
}
