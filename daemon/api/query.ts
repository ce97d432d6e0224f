import type { Request } from 'express';

/** Converts whole numbers in a query from text to numbers. Anything else stays text, which the schema rejects. */
export function numbers(query: Request['query']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [
      key,
      typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value,
    ]),
  );
}
