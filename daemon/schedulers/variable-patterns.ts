/** Returns a function that matches variable names against patterns, in which `*` stands for any characters. */
export function variableMatcher(patterns: readonly string[]): (name: string) => boolean {
  const alternatives = patterns.map((pattern) => pattern.replaceAll('*', '.*'));
  const expression = new RegExp(`^(?:${alternatives.join('|')})$`, 's');
  return (name) => expression.test(name);
}
