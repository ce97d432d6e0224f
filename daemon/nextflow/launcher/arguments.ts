import { EscrowError } from '../../errors.ts';
import { takesNext } from './arity.ts';
import { commands, launcherOptions, runOptions } from './options.ts';

/** Nextflow's command line. */
export interface NextflowArguments {
  /** Complete: launcher options, `run`, the rest verbatim. */
  readonly arguments: string[];
  /** `-bg`: nextflow continues in the background, and the command that starts it exits at once. */
  readonly background: boolean;
}

/** Nextflow's commands that evaluate a pipeline or its configuration, and see its secrets. Only `run` runs tasks. */
export type SecretCommand = 'run' | 'inspect' | 'config';
const SEES_SECRETS: readonly string[] = ['run', 'inspect', 'config'] satisfies SecretCommand[];

/**
 * Builds Nextflow's command line from the arguments after our own options of `nf-escrow run`. Moves launcher options from
 * before the pipeline to before `run`, where Nextflow expects them, and keeps everything else unchanged. Throws `usage` if
 * there is no pipeline, or a pipeline parameter precedes it.
 */
export function buildRunArguments(rest: readonly string[]): NextflowArguments {
  const launcher: string[] = [];
  const run: string[] = [];
  let position = 0;
  while (position < rest.length) {
    const token = rest[position] ?? '';
    // A single hyphen is also a pipeline: the script is read from standard input.
    if (token === '-' || !token.startsWith('-')) return finish(launcher, [...run, ...rest.slice(position)]);
    if (token.startsWith('--')) throw parameterTooEarly(token);
    const length = 1 + Number(takesValue(token, rest[position + 1]));
    (Object.hasOwn(launcherOptions, token) ? launcher : run).push(...rest.slice(position, position + length));
    position += length;
  }
  if (run.includes('-h') || run.includes('-help')) return finish(launcher, run);
  throw new EscrowError('usage', 'Missing argument PIPELINE.', {
    hint: 'Use: nf-escrow run [options] PIPELINE [--parameter VALUE]',
  });
}

/** Returns whether an option takes the next argument, as in Nextflow's launcher. */
export function takesValue(option: string, next: string | undefined): boolean {
  return takesNext({ launcherOptions, runOptions }, option, next);
}

function finish(launcher: readonly string[], run: readonly string[]): NextflowArguments {
  // The official launcher searches all arguments for -bg, so it may also follow the pipeline.
  const background = launcher.includes('-bg') || run.includes('-bg');
  return { arguments: [...launcher, 'run', ...run], background };
}

function parameterTooEarly(token: string): EscrowError {
  const name = token.split('=')[0] ?? token;
  return new EscrowError(
    'usage',
    `Unknown option "${name}" of nf-escrow run. Pipeline parameters must follow the pipeline.`,
    {
      hint: 'Use: nf-escrow run [options] PIPELINE [--parameter VALUE]',
    },
  );
}

/**
 * Parses a Nextflow command line without options of our own. Returns undefined if it evaluates no pipeline and is passed on
 * unchanged. Nextflow runs a script if the first argument is a file and not a command (Launcher, normalizeArgs).
 */
export function readCommandLine(
  args: readonly string[],
  isFile: (path: string) => boolean,
): (NextflowArguments & { readonly command: SecretCommand }) | undefined {
  const position = commandPosition(args);
  const token = args[position];
  const implicit = position === 0 && token !== undefined && !commands.includes(token) && isFile(token);
  if (token === undefined || (!SEES_SECRETS.includes(token) && !implicit)) return undefined;
  const rest = args.slice(position + 1);
  if (rest.some((argument) => ['-h', '-help'].includes(argument))) return undefined;
  const command = implicit ? 'run' : (token as SecretCommand);
  return { command, arguments: [...args], background: command === 'run' && args.includes('-bg') };
}

function commandPosition(args: readonly string[]): number {
  let position = 0;
  for (let token = args[0]; token?.startsWith('-') === true; token = args[position]) {
    const next = args[position + 1];
    // `-c FILE` belongs to both the launcher and `run`. `-syslog` does not take a command as its host.
    const takes = token === '-c' || (takesValue(token, next) && !(token === '-syslog' && isCommand(next)));
    position += 1 + Number(takes);
  }
  return position;
}

function isCommand(token: string | undefined): boolean {
  return token !== undefined && commands.includes(token);
}
