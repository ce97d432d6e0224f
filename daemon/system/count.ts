/** Returns a number and a noun, in the plural unless the number is 1. */
export function count(many: number, what: string): string {
  return `${String(many)} ${what}${many === 1 ? '' : 's'}`;
}
