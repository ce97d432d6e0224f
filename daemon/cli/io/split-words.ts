import { EscrowError } from '../../errors.ts';

/**
 * Splits a text into words as a shell does: at blanks, but not inside quotes. Nothing in it is expanded or run. Throws
 * `usage` for a quote that is not closed.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const [word = ''] = /^(?:[^\s'"]|'[^']*'|"[^"]*")+/.exec(rest) ?? [];
    const next = rest.slice(word.length);
    if (word === '' || /^['"]/.test(next))
      throw new EscrowError('usage', `A quote is not closed in: ${text}`);
    words.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
    rest = next.trimStart();
  }
  return words;
}
