import type { Receipt } from '../../../contract/types.ts';
import { describePlace } from '../../../nextflow/executed/describe-place.ts';

const INDENT = ' '.repeat(13);

/** Returns the lines of a receipt about files that the run executed and other users could change. */
export function describeWritablePlaces({ writableByOthers = [] }: Receipt): string[] {
  return writableByOthers.flatMap((place) => [
    '',
    `writable     ${describePlace(place)}`,
    `${INDENT}before the next run: ${place.remedy}`,
  ]);
}
