/** Returns `COMMAND --help` for `help COMMAND`, so that both show the same. */
export function withHelpAsOption(args: readonly string[]): readonly string[] {
  const [first, ...words] = args;
  if (first !== 'help') return args;
  return [...words.filter((word) => !word.startsWith('-') && word !== 'help'), '--help'];
}
