import type { PageRequest } from '../../contract/page.ts';

/** Default size of a page of a collection that grows slowly. */
const PAGE_DEFAULT = 1000;

/** Returns the requested page, with the default size if the client gives none. */
export function pageIn(query: { limit?: number; cursor?: string }, byDefault = PAGE_DEFAULT): PageRequest {
  return { limit: query.limit ?? byDefault, cursor: query.cursor };
}
