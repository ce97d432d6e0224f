import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A token, and what the ledger keeps of it. */
export interface ExitToken {
  readonly token: string;
  readonly digest: string;
}

/**
 * Creates what tells the shim's `exit` file from one that a task wrote. The shim takes the token out of the fence before
 * nextflow starts, keeps it to itself, and signs the exit status with it; the ledger keeps a digest, as tasks can read that.
 */
export function newExitToken(): ExitToken {
  const token = randomBytes(16).toString('hex');
  return { token, digest: digestOf(token) };
}

/** `digest`: null for a run that an earlier version placed, whose shim knows no token. */
export function isExitToken(token: string | undefined, digest: string | null): boolean {
  if (digest === null) return token === undefined;
  return token !== undefined && timingSafeEqual(Buffer.from(digestOf(token)), Buffer.from(digest));
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
