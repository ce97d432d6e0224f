import { quoteShellWords } from '../../daemon/system/processes/shell-word.ts';

/** Returns a command line that a person can paste into a shell. */
export function commandLine(...words: readonly string[]): string {
  return quoteShellWords(words);
}
