import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** An exit token and its digest for the ledger. */
export interface ExitToken {
  readonly token: string;
  readonly digest: string;
}

/**
 * Creates a token that distinguishes the shim's `exit` file from one that a task wrote. The shim removes the token from the
 * fence before Nextflow starts and adds it to the exit status. The ledger contains only a digest, because tasks can read it.
 */
export function newExitToken(): ExitToken {
  const token = randomBytes(16).toString('hex');
  return { token, digest: digestOf(token) };
}

/** Returns whether the token is the run's. `digest`: null for a run of an earlier version, whose shim has no token. */
export function isExitToken(token: string | undefined, digest: string | null): boolean {
  if (digest === null) return token === undefined;
  return token !== undefined && timingSafeEqual(Buffer.from(digestOf(token)), Buffer.from(digest));
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
