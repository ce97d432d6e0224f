import { createHash, randomBytes } from 'node:crypto';
import { asTag } from './tags.ts';

/** Who made a secret: a user, by one of their ledgers. */
export interface Maker {
  readonly owner: string;
  readonly ledger: string;
}

/** Of owner and ledger, each; the token has at most 64 characters. */
const HASH_LENGTH = 24;
const NONCE_BYTES = 8;
const TOKEN = /^[0-9a-f]{64}$/;

/**
 * A ClientRequestToken that says who makes a secret of this name. Secrets Manager keeps it as the id of the secret's
 * version, and shows it in lists. Tags can be changed by everyone who may tag secrets; the name never, and the version's
 * id by nobody, so that a secret whose tags were changed does not become another owner's. It need not be secret: a secret
 * that somebody creates with a foreign owner's token is one that this owner may as well remove.
 */
export function creationToken(name: string, { owner, ledger }: Maker): string {
  return hash('owner', name, owner) + hash('ledger', name, ledger) + randomBytes(NONCE_BYTES).toString('hex');
}

/**
 * Whether a secret was made by an owner, and by a ledger: never so where it has another version than the first, which
 * somebody else may have put there.
 */
export function isMadeBy(
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

/** In the letters of a tag, as the tags say it. */
function hash(what: string, name: string, who: string): string {
  const text = JSON.stringify(['nf-escrow', what, name, asTag(who)]);
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}
