/** Tag with the run's id. The plugin sets it on job definitions: EscrowBatchTaskHandler.java. */
export const runTag = 'nf-escrow:run';

/** Returns the tags of an object in AWS, with the prefix `nf-escrow:`. */
export function tagsOf(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`nf-escrow:${key}`, asTag(value)]));
}

/** Returns a text as a tag value. Characters that AWS does not accept become `_`. */
export function asTag(value: string): string {
  return value.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, 256);
}
