import { whyReserved } from './reserved-names.ts';

/**
 * Nextflow's rule for the name of a secret, as a pattern that matches in linear time. Nextflow's own pattern backtracks
 * exponentially.
 */
const NAME = /^(?:[A-Za-z]|_(?!_))(?:[A-Za-z0-9]|_(?!_)){1,49}$/;

/** Returns whether a text is a valid name of a secret. */
export function isSecretName(text: string): boolean {
  return NAME.test(text);
}

/** Returns why a text is not a valid name of a secret, as a clause, or undefined if it is. The page uses it too. */
export function whyInvalid(text: string): string | undefined {
  const reserved = whyReserved(text);
  if (reserved !== undefined) return reserved;
  return isSecretName(text) ? undefined : reason(text);
}

function reason(text: string): string {
  if (text.length < 2) return 'it has fewer than 2 characters';
  if (text.length > 50) return 'it has more than 50 characters';
  if (/^[0-9]/.test(text)) return 'it starts with a digit';
  if (/^[A-Za-z0-9_]*$/.test(text)) return 'it contains two underscores in a row';
  return 'it contains characters other than letters, digits and underscores';
}
