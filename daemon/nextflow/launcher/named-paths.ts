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

/**
 * Returns where Nextflow's work directory will be, unless its configuration sets another: `-work-dir`, else NXF_WORK, else
 * `work` in the launch directory (ConfigBuilder, 24.10 to 26.08).
 */
export function expectedWorkDirectory(
  launchDirectory: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const named = pathsNamed(['-w', '-work-dir'], args, launchDirectory).at(-1);
  return named ?? resolve(launchDirectory, env['NXF_WORK'] || 'work');
}
