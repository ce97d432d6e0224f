import type { Request } from 'express';

/** A query's whole numbers as numbers: in a query everything is text. What is none stays text, and is refused. */
export function numbers(query: Request['query']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [
      key,
      typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value,
    ]),
  );
}
