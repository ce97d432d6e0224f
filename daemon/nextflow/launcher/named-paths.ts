import { resolve } from 'node:path';
import { takesValue } from './arguments.ts';

/** Returns the values of options that name files or directories, in order, as absolute paths. */
export function pathsNamed(
  options: readonly string[],
  args: readonly string[],
  launchDirectory: string,
): string[] {
  return args.flatMap((argument, index) => {
    const next = args[index + 1];
    return options.includes(argument) && next !== undefined && takesValue(argument, next)
      ? [resolve(launchDirectory, next)]
      : [];
  });
}
