import type { Receipt } from '../../../contract/types.ts';

const INDENT = ' '.repeat(13);

/** The lines of a receipt that tell what others could change of what the run executed. */
export function describeWritablePlaces({ writableByOthers = [] }: Receipt): string[] {
  return writableByOthers.flatMap(({ uses, path, why, remedy }) => [
    '',
    `writable     ${uses.join(', ')} "${path}" ${why}`,
    `${INDENT}next time: ${remedy}`,
  ]);
}
