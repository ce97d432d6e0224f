/**
 * How many arguments an option of Nextflow takes. `flag` takes no value. `value` takes the next argument. `optional` takes the next
 * argument unless it starts with a hyphen, as in Nextflow's launcher. `session` takes the next argument if it names a session.
 */
type Arity = 'flag' | 'value' | 'optional' | 'session';

/** The arity of options by their name. */
export type Arities = Readonly<Record<string, Arity>>;

/** Arguments that `-resume` takes as a session instead of the pipeline, as in Nextflow's launcher. */
const SESSION = /^last$|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8}/;
/** Options of this form take the next argument if they contain no `=`. */
const SETTING = /^-(?:process|executor|cluster)\.[^=]+$/;

/** Options of the launcher and of `run`. */
interface Options {
  readonly launcherOptions: Arities;
  readonly runOptions: Arities;
}

/** Returns whether an option takes the next argument, as in Nextflow's launcher. */
export function takesNext(
  { launcherOptions, runOptions }: Options,
  option: string,
  next: string | undefined,
): boolean {
  const arity = launcherOptions[option] ?? runOptions[option] ?? (SETTING.test(option) ? 'optional' : 'flag');
  if (arity === 'session') return next !== undefined && SESSION.test(next);
  if (arity === 'optional') return next !== undefined && !next.startsWith('-');
  return arity === 'value';
}
