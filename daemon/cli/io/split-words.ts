import { shownValue } from '../../contract/shown-value.ts';
import { EscrowError } from '../../errors.ts';

/**
 * Splits a text into words like a shell: at blanks outside quotes, without any expansion. Throws `usage` for an unclosed
 * quote.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const [word = ''] = /^(?:[^\s'"]|'[^']*'|"[^"]*")+/.exec(rest) ?? [];
    const next = rest.slice(word.length);
    if (word === '' || /^['"]/.test(next))
      throw new EscrowError(
        'usage',
        `--head-options must have a closing quote for each quote, not ${shownValue(text)}.`,
      );
    words.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
    rest = next.trimStart();
  }
  return words;
}
