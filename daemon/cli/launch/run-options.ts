import type { Selection } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';

/** Options of `nf-escrow run`, and the unchanged arguments of Nextflow that follow them. */
export interface RunOptions {
  readonly workspace?: string;
  readonly computeEnvironment?: string;
  readonly nextflow?: string;
  readonly selection: Selection;
  readonly explain: boolean;
  readonly detach: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly rest: readonly string[];
}

type Only = NonNullable<Selection['only']>[number];

const TAKES_VALUE = [
  '--workspace',
  '--compute-env',
  '--nextflow',
  '--only-secret',
  '--user-secret',
  '--workspace-secret',
] as const;
const FLAGS = ['--no-secrets', '--detach', '--explain', '--json', '--help'] as const;

/** Names of the options of `nf-escrow run`. */
export const RUN_OPTIONS: readonly string[] = [...TAKES_VALUE, ...FLAGS];

/**
 * Splits the arguments of `nf-escrow run`. Our options come first and start with `--`. Everything from the first other
 * argument on is for Nextflow. `--` ends our options. Throws `usage` for an unknown `--option`.
 */
export function splitRunOptions(args: readonly string[]): RunOptions {
  const found = new Map<string, string[]>();
  let position = 0;
  for (; position < args.length; position += 1) {
    const token = args[position] ?? '';
    if (!token.startsWith('--')) break;
    if (token === '--') {
      position += 1;
      break;
    }
    const [name = '', inline] = token.split(/=(.*)/s, 2);
    if (isOneOf(FLAGS, name) && inline === undefined) found.set(name, []);
    else if (isOneOf(TAKES_VALUE, name)) {
      const value = inline ?? args[(position += 1)];
      if (value === undefined || value === '') throw new EscrowError('usage', `${name} requires a value.`);
      found.set(name, [...(found.get(name) ?? []), value]);
    } else throw unknown(name);
  }
  return assemble(found, args.slice(position));
}

function assemble(found: ReadonlyMap<string, string[]>, rest: readonly string[]): RunOptions {
  const only: Only[] = [
    ...(found.get('--only-secret') ?? []).map((name) => ({ name, scope: null })),
    ...(found.get('--user-secret') ?? []).map((name) => ({ name, scope: 'user' as const })),
    ...(found.get('--workspace-secret') ?? []).map((name) => ({ name, scope: 'workspace' as const })),
  ];
  const none = found.has('--no-secrets');
  if (none && only.length > 0)
    throw new EscrowError('usage', '--no-secrets cannot be combined with options that select secrets.');
  const workspace = found.get('--workspace')?.at(-1);
  const nextflow = found.get('--nextflow')?.at(-1);
  const computeEnvironment = found.get('--compute-env')?.at(-1);
  const [explain, detach] = [found.has('--explain'), found.has('--detach')];
  if (explain && detach)
    throw new EscrowError(
      'usage',
      '--explain and --detach cannot be combined: --explain does not start the run.',
    );
  if (found.has('--json') && !explain && !detach)
    throw new EscrowError(
      'usage',
      "--json requires --explain or --detach: otherwise the output is Nextflow's.",
    );
  return {
    ...(workspace === undefined ? {} : { workspace }),
    ...(computeEnvironment === undefined ? {} : { computeEnvironment }),
    ...(nextflow === undefined ? {} : { nextflow }),
    selection: none ? { none } : only.length > 0 ? { only } : {},
    explain,
    detach,
    json: found.has('--json'),
    help: found.has('--help'),
    rest,
  };
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function unknown(name: string): EscrowError {
  const nearest = RUN_OPTIONS.map((known) => ({ known, edits: distance(name, known) })).sort(
    (a, b) => a.edits - b.edits,
  )[0];
  const suggestion = nearest !== undefined && nearest.edits <= 3 ? ` Did you mean ${nearest.known}?` : '';
  return new EscrowError('usage', `Unknown option "${name}" of nf-escrow run.${suggestion}`, {
    hint: 'Put pipeline parameters after the pipeline: nf-escrow run [options] PIPELINE [--parameter VALUE]',
  });
}

/** Returns the Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
