import type { Run } from '../../../contract/types.ts';
import { warn } from '../../io/output.ts';

/** Warns on standard error if other live runs have the same name as the one that is shown. */
export function noteNamesakes(wanted: string, { id, namesakes = [] }: Run): void {
  if (namesakes.length === 0) return;
  warn(
    `${String(namesakes.length + 1)} live runs are named ${wanted}. This is the newest, ${id}; the others are ${namesakes.join(', ')}.`,
  );
}
