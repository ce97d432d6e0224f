import type { WritablePlace } from '../../contract/types.ts';

/** Returns what a place that others can change is to the run, and who can change it, as a clause without a remedy. */
export function describePlace({ uses, path, why }: WritablePlace): string {
  return `"${path}" (${uses.join(', ')}) ${why}`;
}
