import { takesValue } from './arguments.ts';

/** Returns the values of Nextflow's options, in order. */
export function optionValues(options: readonly string[], args: readonly string[]): string[] {
  return args.flatMap((argument, index) => {
    const next = args[index + 1];
    return options.includes(argument) && next !== undefined && takesValue(argument, next) ? [next] : [];
  });
}
