import { shownValue } from '../../contract/shown-value.ts';
import { EscrowError } from '../../errors.ts';

const LIMIT_MAX = 1_000_000;

/** Parses the value of `--limit`. Throws `usage`. */
export function limitOf(text: string): number {
  const limit = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new EscrowError(
    'usage',
    `--limit must be a whole number from 1 to ${String(LIMIT_MAX)}, not ${shownValue(text)}.`,
  );
}
