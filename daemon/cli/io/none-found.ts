/** Returns the note on an empty list. `kind`: of its items, in the singular. `otherwise`: the note if the request had no filters. */
export function noneFound(filters: object, kind: string, otherwise: string): string {
  return Object.keys(filters).length > 0 ? `No ${kind} matches the filters.` : otherwise;
}
