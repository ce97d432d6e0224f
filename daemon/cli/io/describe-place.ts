import type { WritablePlace } from '../../contract/types.ts';

/** A place that others can change, in one line: what it is to the run, who can, and what to do. */
export function describePlace({ uses, path, why, remedy }: WritablePlace): string {
  return `${uses.join(', ')} "${path}" ${why}. ${remedy}`;
}
