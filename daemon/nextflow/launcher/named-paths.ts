import { resolve } from 'node:path';
import { optionValues } from './option-values.ts';

/** Returns the values of options that name files or directories, in order, as absolute paths. */
export function pathsNamed(
  options: readonly string[],
  args: readonly string[],
  launchDirectory: string,
): string[] {
  return optionValues(options, args).map((value) => resolve(launchDirectory, value));
}
