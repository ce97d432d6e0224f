import { randomBytes } from 'node:crypto';

/** Returns a new secret of 256 random bits for a link, a cookie or a terminal. The ledger keeps only its hash (`hashOfToken`). */
export function createSecretText(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether a text has the form of such a secret. */
export function isSecretText(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}
