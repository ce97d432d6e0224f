import { EscrowError } from '../errors.ts';
import { whyReserved } from './reserved-names.ts';
import { whyInvalid } from './secret-name-rule.ts';

export { isSecretName } from './secret-name-rule.ts';

/** Throws `name-invalid`, with the reason, unless a secret named `text` can be set: the name is valid and not reserved. */
export function assertSecretName(text: string): void {
  const reason = whyInvalid(text);
  if (reason === undefined) return;
  if (whyReserved(text) === undefined)
    throw new EscrowError('name-invalid', `Invalid secret name "${shortenName(text)}": ${reason}.`);
  throw new EscrowError('name-invalid', `Cannot set a secret named ${text}: ${reason}.`, {
    hint: 'Choose another name. docs/limits.md lists the reserved names.',
  });
}

/** Shortens an invalid name, which may be a secret value in the wrong place: the message shows just enough to find it. */
export function shortenName(text: string): string {
  return text.length <= 8 ? text : `${text.slice(0, 4)}…`;
}
