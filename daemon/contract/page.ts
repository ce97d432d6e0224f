import { EscrowError } from '../errors.ts';

/** The part of a collection that a client requests. */
export interface PageRequest {
  readonly limit: number;
  /** Position after which the page starts: `next` of the previous page. */
  readonly cursor?: string | undefined;
}

/** A request for a page by its cursor or by its offset. */
interface Positioned {
  readonly cursor?: string | undefined;
  readonly offset?: number | undefined;
}

/** Throws `request-unprocessable` if a request has both a cursor and an offset. */
export function assertOnePosition({ cursor, offset }: Positioned): void {
  if (cursor === undefined || offset === undefined) return;
  throw new EscrowError(
    'request-unprocessable',
    'Cannot return the page: both cursor and offset are given.',
    {
      hint: 'Send either cursor or offset.',
    },
  );
}

/** A page of a collection. `next` is the cursor of the following page; absent on the last page. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** The part of an item by which its collection is sorted. It is unique in the collection and never changes. */
type SortKey = readonly (string | number)[];

interface Types {
  readonly string: string;
  readonly number: number;
}

/** Increases when the meaning of cursors changes, so that an old cursor is rejected and not misread. */
const FORMAT = 1;
const CURSOR_MAX = 4096;

/**
 * Makes a page of rows. The query asked for one row more than `limit`, which shows whether there is a next page.
 * `collection` names the collection, so that a cursor is not accepted by another one.
 */
export function pageOf<Row>(
  collection: string,
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => SortKey,
): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length <= limit || last === undefined
    ? { items }
    : { items, next: encode(collection, keyOf(last)) };
}

/**
 * Returns the sort key in a cursor, or undefined without a cursor. A cursor holds no filter and grants nothing: it is a
 * position. Throws `cursor-invalid` unless `pageOf` made the cursor for this collection.
 */
export function readCursor<const Shape extends readonly (keyof Types)[]>(
  collection: string,
  cursor: string | undefined,
  shape: Shape,
): { readonly [Index in keyof Shape]: Types[Shape[Index]] } | undefined {
  if (cursor === undefined) return undefined;
  const key = decode(collection, cursor);
  const fits =
    key.length === shape.length &&
    key.every((part, index) => typeof part === shape[index] && isPart(part)) &&
    encode(collection, key as SortKey) === cursor;
  if (!fits) throw invalid();
  return key as unknown as { readonly [Index in keyof Shape]: Types[Shape[Index]] };
}

function encode(collection: string, key: SortKey): string {
  return Buffer.from(JSON.stringify([FORMAT, collection, ...key])).toString('base64url');
}

function decode(collection: string, cursor: string): readonly unknown[] {
  let parts: unknown;
  try {
    parts = cursor.length > CURSOR_MAX ? undefined : JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = undefined; // not a cursor
  }
  if (!Array.isArray(parts) || parts[0] !== FORMAT || parts[1] !== collection) throw invalid();
  return (parts as unknown[]).slice(2);
}

function isPart(part: unknown): boolean {
  return typeof part === 'string' || (Number.isSafeInteger(part) && (part as number) >= 0);
}

function invalid(): EscrowError {
  return new EscrowError(
    'cursor-invalid',
    'Cannot return the page: the cursor does not belong to this collection.',
  );
}
