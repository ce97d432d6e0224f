import { EscrowError } from '../../errors.ts';
import { commands, launcherOptions, runOptions } from './options.ts';

/** Nextflow's command line. */
export interface NextflowArguments {
  /** Complete: launcher options, `run`, the rest verbatim. */
  readonly arguments: string[];
  /** `-bg`: nextflow continues in the background, and the command that starts it exits at once. */
  readonly background: boolean;
}

/** Arguments that `-resume` takes as a session instead of the pipeline, as in Nextflow's launcher. */
const SESSION = /^last$|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8}/;
/** Options of this form take the next argument if they contain no `=`. */
const SETTING = /^-(?:process|executor|cluster)\.[^=]+$/;

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
  const arity = launcherOptions[option] ?? runOptions[option] ?? (SETTING.test(option) ? 'optional' : 'flag');
  if (arity === 'session') return next !== undefined && SESSION.test(next);
  if (arity === 'optional') return next !== undefined && !next.startsWith('-');
  return arity === 'value';
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
 * Parses a Nextflow command line without options of our own. Returns undefined if it does not run a pipeline and is passed on
 * unchanged. Nextflow runs a script if the first argument is a file and not a command (Launcher, normalizeArgs).
 */
export function readCommandLine(
  args: readonly string[],
  isFile: (path: string) => boolean,
): NextflowArguments | undefined {
  const position = commandPosition(args);
  const token = args[position];
  const implicit = position === 0 && token !== undefined && !commands.includes(token) && isFile(token);
  if (token !== 'run' && !implicit) return undefined;
  const rest = args.slice(position + 1);
  if (rest.some((argument) => ['-h', '-help'].includes(argument))) return undefined;
  return { arguments: [...args], background: args.includes('-bg') };
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
