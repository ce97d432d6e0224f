import { withSuggestion } from '../../contract/nearest-name.ts';
import { EscrowError } from '../../errors.ts';

/** Creates the `usage` error for a word that is not one of a few choices. */
export function unknownChoice(detail: string, word: string, choices: readonly string[]): EscrowError {
  return new EscrowError('usage', withSuggestion(detail, word, choices), {
    hint: `Use one of: ${choices.join(', ')}.`,
  });
}
