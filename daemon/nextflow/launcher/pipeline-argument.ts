import { takesValue } from './arguments.ts';

/** The pipeline that a command line of Nextflow names, `-` for standard input; undefined where it names none. */
export function pipelineOf(args: readonly string[]): string | undefined {
  const command = nextWord(args, 0);
  if (args[command] !== 'run') return args[command]; // a script in the place of the command
  return args[nextWord(args, command + 1)];
}

/** The value of an option that takes one; undefined where it is not given. */
export function valueOf(args: readonly string[], option: string): string | undefined {
  const position = args.indexOf(option);
  return position === -1 ? undefined : args[position + 1];
}

/** Where the next argument stands that is neither an option nor the value of one. */
function nextWord(args: readonly string[], from: number): number {
  let position = from;
  for (let token = args[position]; token !== undefined; token = args[position]) {
    if (token === '-' || !token.startsWith('-')) break;
    position += 1 + Number(takesArgument(token, args[position + 1]));
  }
  return position;
}

/** Nextflow's launcher takes what follows a parameter of the pipeline for its value, but for another option. */
function takesArgument(option: string, next: string | undefined): boolean {
  if (!option.startsWith('--')) return takesValue(option, next);
  return !option.includes('=') && next !== undefined && !next.startsWith('-');
}
