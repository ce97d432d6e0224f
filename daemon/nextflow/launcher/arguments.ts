import { EscrowError } from '../../errors.ts';
import { commands, launcherOptions, runOptions } from './options.ts';

/** What nextflow is started with, and what we need to know of it. */
export interface NextflowArguments {
  /** Complete: launcher options, `run`, the rest verbatim. */
  readonly arguments: string[];
  /** `-bg`: nextflow goes on in the background, and the command that started it ends at once. */
  readonly background: boolean;
}

/** What `-resume` takes for a session and not for the pipeline, as Nextflow's launcher decides. */
const SESSION = /^last$|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8}/;
/** Options of this form take the next argument where they hold no `=`. */
const SETTING = /^-(?:process|executor|cluster)\.[^=]+$/;

/**
 * Makes Nextflow's command line from what follows our own options in `nf-escrow run`. Everything stays as it is, but
 * for options of Nextflow's launcher that stand before the pipeline: they are put before `run`, where Nextflow wants
 * them. Throws `usage` where there is no pipeline, or a pipeline parameter before it.
 */
export function buildRunArguments(rest: readonly string[]): NextflowArguments {
  const launcher: string[] = [];
  const run: string[] = [];
  let position = 0;
  while (position < rest.length) {
    const token = rest[position] ?? '';
    // A lone hyphen is a pipeline too: the script comes from standard input.
    if (token === '-' || !token.startsWith('-')) return finish(launcher, [...run, ...rest.slice(position)]);
    if (token.startsWith('--')) throw parameterTooEarly(token);
    const length = 1 + Number(takesValue(token, rest[position + 1]));
    (Object.hasOwn(launcherOptions, token) ? launcher : run).push(...rest.slice(position, position + length));
    position += length;
  }
  if (run.includes('-h') || run.includes('-help')) return finish(launcher, run);
  throw new EscrowError('usage', 'There is no pipeline to run.', {
    hint: 'nf-escrow run [options] PIPELINE [--parameter VALUE]',
  });
}

/** Whether an option takes the argument behind it, as Nextflow's launcher decides. */
export function takesValue(option: string, next: string | undefined): boolean {
  const arity = launcherOptions[option] ?? runOptions[option] ?? (SETTING.test(option) ? 'optional' : 'flag');
  if (arity === 'session') return next !== undefined && SESSION.test(next);
  if (arity === 'optional') return next !== undefined && !next.startsWith('-');
  return arity === 'value';
}

function finish(launcher: readonly string[], run: readonly string[]): NextflowArguments {
  // The official launcher looks for -bg among all arguments, so it may also stand behind the pipeline.
  const background = launcher.includes('-bg') || run.includes('-bg');
  return { arguments: [...launcher, 'run', ...run], background };
}

function parameterTooEarly(token: string): EscrowError {
  const name = token.split('=')[0] ?? token;
  return new EscrowError(
    'usage',
    `"${name}" is no option of nf-escrow run, and pipeline parameters follow the pipeline.`,
    {
      hint: 'nf-escrow run [options] PIPELINE [--parameter VALUE]',
    },
  );
}

/**
 * A whole Nextflow command line, of which nothing is ours. Undefined: it runs no pipeline, and is to be handed over as
 * it is. Nextflow runs a script where the very first argument names a file and no command (its Launcher, normalizeArgs).
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
    // `-c FILE` is the launcher's and run's; `-syslog` takes no command for its host.
    const takes = token === '-c' || (takesValue(token, next) && !(token === '-syslog' && isCommand(next)));
    position += 1 + Number(takes);
  }
  return position;
}

function isCommand(token: string | undefined): boolean {
  return token !== undefined && commands.includes(token);
}
