/** Returns whether a variable's name fits one of the patterns, in which `*` stands for any characters. */
export function variableMatcher(patterns: readonly string[]): (name: string) => boolean {
  const alternatives = patterns.map((pattern) => pattern.replaceAll('*', '.*'));
  const expression = new RegExp(`^(?:${alternatives.join('|')})$`, 's');
  return (name) => expression.test(name);
}
