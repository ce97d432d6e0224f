import { createHash, randomBytes } from 'node:crypto';
import { asTag } from './tags.ts';

/** Creator of a secret: a user and one of their ledgers. */
export interface Maker {
  readonly owner: string;
  readonly ledger: string;
}

/** Hex digits of each hash, of owner and ledger. A token has at most 64 characters. */
const HASH_LENGTH = 24;
const NONCE_BYTES = 8;
const TOKEN = /^[0-9a-f]{64}$/;

/**
 * Returns a ClientRequestToken that identifies the creator of a secret with this name. Secrets Manager keeps the
 * token as the id of the secret's version and lists it. Everyone who may tag secrets can change tags, but nobody can
 * change the name or the version id, so changed tags do not turn a secret into another owner's. The token need not be
 * secret: if somebody creates a secret with another owner's token, that owner may remove it.
 */
export function creationToken(name: string, { owner, ledger }: Maker): string {
  return hash('owner', name, owner) + hash('ledger', name, ledger) + randomBytes(NONCE_BYTES).toString('hex');
}

/**
 * Returns whether an owner, and a ledger, created a secret. Both are false for a secret with more than one version,
 * because somebody else may have written the later versions.
 */
export function isCreatedBy(
  name: string,
  versions: readonly string[],
  { owner, ledger }: Maker,
): { readonly owner: boolean; readonly ledger: boolean } {
  const [token = '', ...others] = versions;
  const isToken = others.length === 0 && TOKEN.test(token);
  return {
    owner: isToken && token.startsWith(hash('owner', name, owner)),
    ledger: isToken && token.startsWith(hash('ledger', name, ledger), HASH_LENGTH),
  };
}

/** Hashes the tag form of the name, so that a name taken from a tag gives the same hash. */
function hash(what: string, name: string, who: string): string {
  const text = JSON.stringify(['nf-escrow', what, name, asTag(who)]);
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}
