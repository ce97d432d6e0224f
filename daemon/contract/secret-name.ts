import { EscrowError } from '../errors.ts';

/**
 * Nextflow's rule for the name of a secret, as a pattern that matches in linear time. Nextflow's own pattern backtracks
 * exponentially.
 */
const NAME = /^(?:[A-Za-z]|_(?!_))(?:[A-Za-z0-9]|_(?!_)){1,49}$/;

/** Returns whether a text is a valid name of a secret. */
export function isSecretName(text: string): boolean {
  return NAME.test(text);
}

/** Throws `name-invalid`, with the reason, unless `text` is a valid name of a secret. */
export function assertSecretName(text: string): void {
  if (isSecretName(text)) return;
  throw new EscrowError('name-invalid', `Invalid secret name "${shorten(text)}": ${reason(text)}.`);
}

function reason(text: string): string {
  if (text.length < 2) return 'it has fewer than 2 characters';
  if (text.length > 50) return 'it has more than 50 characters';
  if (/^[0-9]/.test(text)) return 'it starts with a digit';
  if (/^[A-Za-z0-9_]*$/.test(text)) return 'it contains two underscores in a row';
  return 'it contains characters other than letters, digits and underscores';
}

/** Shortens an invalid name, which may be a secret value in the wrong place: the message shows just enough to find it. */
function shorten(text: string): string {
  return text.length <= 8 ? text : `${text.slice(0, 4)}…`;
}
