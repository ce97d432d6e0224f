import { createHash, randomInt } from 'node:crypto';

/** Consonants without those that are easily confused: RFC 8628, section 6.1. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const HALF = 4;
const CODE = new RegExp(`^[${LETTERS}]{${String(2 * HALF)}}$`);

/**
 * Returns a new code that a person types. Its first half finds the login, and its second half proves that the person has read it:
 * so that wrong codes count against one login, and never against an account.
 */
export function createUserCode(): string {
  return Array.from({ length: 2 * HALF }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** Returns the code that a person has typed, without spaces and hyphens. Undefined if it has another form. */
export function readUserCode(text: string): string | undefined {
  const code = text.replaceAll(/[\s-]/g, '').toUpperCase();
  return CODE.test(code) ? code : undefined;
}

/** Returns a code as people read it: `WDJB-MJHT`. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, HALF)}-${code.slice(HALF)}`;
}

/** Returns the half of a code that finds the login. */
export function lookupOf(code: string): string {
  return code.slice(0, HALF);
}

/** Returns what the ledger keeps of a code. The id of the login makes hashes of equal codes different. */
export function hashOfUserCode(id: string, code: string): string {
  return createHash('sha256').update(`${id} ${code}`).digest('base64url');
}
