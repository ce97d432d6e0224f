import { EscrowError } from '../errors.ts';
import type { Client } from './client.ts';

/** The largest page that the API returns. */
const PAGE_MAX = 1000;

interface Paged {
  /** The cursor of the next page. */
  readonly next?: string;
}

/**
 * Returns the items of a collection, page by page, and at most `limit` of them. `path` can have a query. `key` is the property of
 * the response with the items.
 */
export async function readAll<Item>(
  client: Client,
  path: string,
  key: string,
  limit = Infinity,
): Promise<Item[]> {
  return (await readPages<Item>(client, path, key, limit)).items;
}

/** Reads pages as `readAll` does. Returns their items, and the last page for the properties that are not items. */
export async function readPages<Item, Page extends Paged = Paged>(
  client: Client,
  path: string,
  key: string,
  limit = Infinity,
): Promise<{ readonly items: Item[]; readonly last: Page }> {
  const items: Item[] = [];
  const [place = '', query] = path.split('?');
  const parameters = new URLSearchParams(query);
  for (;;) {
    const wanted = Math.min(limit - items.length, PAGE_MAX);
    parameters.set('limit', String(wanted));
    const page = await client.call<Page>('GET', `${place}?${parameters.toString()}`);
    items.push(...itemsOf<Item>(page, key, wanted));
    if (page.next === undefined || items.length >= limit) return { items, last: page };
    parameters.set('cursor', page.next);
  }
}

/** A server of a team may answer anything. A page with a further one is full, so that a hostile server cannot send pages without end. */
function itemsOf<Item>(page: unknown, key: string, wanted: number): Item[] {
  const { [key]: items, next } = (page ?? {}) as Readonly<Record<string, unknown>>;
  const isPage =
    Array.isArray(items) &&
    (next === undefined ? items.length <= wanted : typeof next === 'string' && items.length === wanted);
  if (isPage) return items as Item[];
  throw new EscrowError(
    'server-unreachable',
    `Cannot read the list of ${key}: a page has an unexpected format.`,
    {
      hint: 'Check the address of the server. It may be a server of another version.',
    },
  );
}
