/** Tags of what is ours in AWS, by which `nf-escrow sweep` tells whose it is; in the letters that AWS takes, else with `_`. */
export function tagsOf(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`nf-escrow:${key}`, asTag(value)]));
}

/** A text as the value of a tag. */
export function asTag(value: string): string {
  return value.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, 256);
}
