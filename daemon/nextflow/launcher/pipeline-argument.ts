import { takesValue } from './arguments.ts';

/** Returns the pipeline in a command line of Nextflow, `-` for standard input, or undefined if there is none. */
export function pipelineOf(args: readonly string[]): string | undefined {
  const command = nextWord(args, 0);
  if (args[command] !== 'run') return args[command]; // a script instead of the command
  return args[nextWord(args, command + 1)];
}

/** Returns the value of an option, or undefined if it is not set. */
export function valueOf(args: readonly string[], option: string): string | undefined {
  const position = args.indexOf(option);
  return position === -1 ? undefined : args[position + 1];
}

/** Returns the index of the next argument that is neither an option nor the value of one. */
function nextWord(args: readonly string[], from: number): number {
  let position = from;
  for (let token = args[position]; token !== undefined; token = args[position]) {
    if (token === '-' || !token.startsWith('-')) break;
    position += 1 + Number(takesArgument(token, args[position + 1]));
  }
  return position;
}

/** Returns whether an option takes the next argument. In Nextflow's launcher, every pipeline parameter takes a following word. */
function takesArgument(option: string, next: string | undefined): boolean {
  if (!option.startsWith('--')) return takesValue(option, next);
  return !option.includes('=') && next !== undefined && !next.startsWith('-');
}
