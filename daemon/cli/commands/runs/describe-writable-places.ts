import type { Receipt } from '../../../contract/types.ts';
import { describePlace } from '../../../nextflow/executed/describe-place.ts';

const INDENT = ' '.repeat(13);

/** The lines of a receipt that tell what others could change of what the run executed. */
export function describeWritablePlaces({ writableByOthers = [] }: Receipt): string[] {
  return writableByOthers.flatMap((place) => [
    '',
    `writable     ${describePlace(place)}`,
    `${INDENT}next time: ${place.remedy}`,
  ]);
}
