import { call } from './call.ts';

/** Maximum number of pages. */
const PAGES_MAX = 10;

/** Reads all pages of a list, up to 10,000 items. `key` is the property with the items. */
export async function readAll<T>(
  path: string,
  key: string,
  filter: Readonly<Record<string, string>> = {},
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = new URLSearchParams({
      ...filter,
      limit: '1000',
      ...(cursor === undefined ? {} : { cursor }),
    });
    const body = await call<Record<string, unknown>>('GET', `${path}?${query.toString()}`);
    items.push(...(body[key] as T[]));
    cursor = body['next'] as string | undefined;
    if (cursor === undefined) break;
  }
  return items;
}
