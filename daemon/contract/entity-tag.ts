import { createHash } from 'node:crypto';
import { EscrowError } from '../errors.ts';

/** What a client requires of an object before it is changed: RFC 9110, section 13.1. */
export interface Precondition {
  /** Entity tags, one of which the object must have. `*`: the object must exist. */
  readonly ifMatch?: '*' | readonly string[];
  /** The object must not exist. */
  readonly ifNoneMatch?: '*';
}

const TAG_LENGTH = 22; // 132 bits

/** Returns an entity tag that differs whenever one of the parts differs. */
export function entityTag(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, TAG_LENGTH);
}

/**
 * Throws `precondition-failed` if an object does not have the required entity tag. `current` is undefined if there is no such
 * object. Call it in the transaction that changes the object: otherwise another change could come between.
 */
export function assertPrecondition(
  { ifMatch, ifNoneMatch }: Precondition,
  current: string | undefined,
  what: string,
): void {
  if (ifNoneMatch !== undefined && current !== undefined)
    throw new EscrowError('precondition-failed', `Cannot create ${what}: it already exists.`, {
      hint: 'Send `If-Match` with its ETag instead of `If-None-Match` to replace it.',
    });
  if (ifMatch === undefined) return;
  if (current === undefined)
    throw new EscrowError('precondition-failed', `Cannot change ${what}: it does not exist.`);
  if (ifMatch !== '*' && !ifMatch.includes(current))
    throw new EscrowError('precondition-failed', `Cannot change ${what}: its ETag is now "${current}".`);
}
