/** A word that no shell interprets, wherever it stands on a command line. Without `=`, which would make it an assignment. */
const PLAIN = /^[\w@+:,./-]+$/;

/**
 * Quotes any text without NUL as one word for sh, bash, dash, zsh and fish, and, if it contains no newline, for csh and
 * tcsh. nf-escrow writes scripts for sh and bash, but its hints are pasted into any shell: fish treats a backslash
 * between single quotes as an escape, and csh an exclamation mark as a history reference, so that both are outside.
 */
export function quoteShellWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text === '') return "''";
  return text.replace(/['\\!]+|[^'\\!]+/g, (part) =>
    /^['\\!]/.test(part) ? part.replace(/./g, String.raw`\$&`) : `'${part}'`,
  );
}

/** Quotes the words of a command line. */
export function quoteShellWords(words: readonly string[]): string {
  return words.map(quoteShellWord).join(' ');
}
