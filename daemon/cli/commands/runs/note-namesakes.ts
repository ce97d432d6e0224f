import type { Run } from '../../../contract/types.ts';
import { warn } from '../../io/output.ts';

/** Says which run is shown where its name is that of other live runs too: on standard error, beside what is shown. */
export function noteNamesakes(wanted: string, { id, namesakes = [] }: Run): void {
  if (namesakes.length === 0) return;
  warn(
    `${String(namesakes.length + 1)} live runs are named ${wanted}: this is the newest, ${id}; the others: ${namesakes.join(', ')}`,
  );
}
