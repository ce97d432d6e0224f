import { EscrowError } from '../errors.ts';

/**
 * Nextflow's rule for the name of a secret (nextflow.md, "Names"), in a form that takes linear time: Nextflow's own
 * pattern backtracks exponentially.
 */
const NAME = /^(?:[A-Za-z]|_(?!_))(?:[A-Za-z0-9]|_(?!_)){1,49}$/;

export function isSecretName(text: string): boolean {
  return NAME.test(text);
}

/** Throws `name-invalid`, with the reason, unless `text` can name a secret. */
export function assertSecretName(text: string): void {
  if (isSecretName(text)) return;
  throw new EscrowError('name-invalid', `"${shorten(text)}" cannot name a secret: ${reason(text)}.`);
}

function reason(text: string): string {
  if (text.length < 2) return 'it has fewer than 2 characters';
  if (text.length > 50) return 'it has more than 50 characters';
  if (/^[0-9]/.test(text)) return 'it begins with a digit';
  if (/^[A-Za-z0-9_]*$/.test(text)) return 'it has two underscores in a row';
  return 'it has characters other than letters, digits and underscores';
}

/** A name that is no name may be a value typed in the wrong place: no more of it is repeated than is needed to find it. */
function shorten(text: string): string {
  return text.length <= 8 ? text : `${text.slice(0, 4)}…`;
}
