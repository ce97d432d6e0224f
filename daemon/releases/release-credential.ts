import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'nfr_';
const CREDENTIAL = /^nfr_[A-Za-z0-9_-]{43}$/;

/** Returns a credential of 256 random bits for reports on one release. */
export function createReleaseCredential(): string {
  return `${PREFIX}${randomBytes(32).toString('base64url')}`;
}

/** Whether a text has the form of a credential. */
export function isReleaseCredential(text: string): boolean {
  return CREDENTIAL.test(text);
}

/** Returns what the ledger keeps of a credential. With 256 random bits, a slow hash would add nothing. */
export function hashOfCredential(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
