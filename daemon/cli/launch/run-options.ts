import type { Selection } from '../../contract/types.ts';
import { withSuggestion } from '../../contract/nearest-name.ts';
import { COMPUTE_ENVIRONMENT_TITLE, WORKSPACE_TITLE } from '../../contract/object-names.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import { shownValue } from '../../contract/shown-value.ts';
import { EscrowError } from '../../errors.ts';
import { assertNotOurs } from './misplaced-options.ts';

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
  '--allow-param',
] as const;
const HELP = 'Run `nf-escrow run --help` for usage.';
const FLAGS = ['--no-secrets', '--detach', '--explain', '--json', '--help'] as const;

/** Names of the options of `nf-escrow run`. */
export const RUN_OPTIONS: readonly string[] = [...TAKES_VALUE, ...FLAGS];

/**
 * Splits the arguments of `nf-escrow run`. Our options come first and start with `--`. Everything from the first other
 * argument on is for Nextflow. `--` ends our options. Throws `usage` for an unknown `--option`, and for an option of ours
 * among the arguments of Nextflow.
 */
export function splitRunOptions(args: readonly string[]): RunOptions {
  const found = new Map<string, string[]>();
  let position = 0;
  let isEnded = false;
  for (; position < args.length; position += 1) {
    const token = args[position] ?? '';
    if (!token.startsWith('--')) break;
    if (token === '--') {
      position += 1;
      isEnded = true;
      break;
    }
    const [name = '', inline] = token.split(/=(.*)/s, 2);
    if (isOneOf(FLAGS, name) && inline === undefined) found.set(name, []);
    else if (isOneOf(TAKES_VALUE, name)) {
      const value = inline ?? args[(position += 1)];
      if (value === undefined || value === '')
        throw new EscrowError('usage', `Option ${name} of nf-escrow run requires a value.`, { hint: HELP });
      found.set(name, [...(found.get(name) ?? []), value]);
    } else throw unknown(name);
  }
  const rest = args.slice(position);
  assertNotOurs(isEnded ? [] : rest, RUN_OPTIONS, found.get('--allow-param') ?? []);
  const options = assemble(found, rest);
  assertNames(options);
  return options;
}

function assemble(found: ReadonlyMap<string, string[]>, rest: readonly string[]): RunOptions {
  const only: Only[] = [
    ...(found.get('--only-secret') ?? []).map((name) => ({ name, scope: null })),
    ...(found.get('--user-secret') ?? []).map((name) => ({ name, scope: 'user' as const })),
    ...(found.get('--workspace-secret') ?? []).map((name) => ({ name, scope: 'workspace' as const })),
  ];
  const none = found.has('--no-secrets');
  if (none && only.length > 0)
    throw new EscrowError('usage', '--no-secrets cannot be combined with options that select secrets.', {
      hint: HELP,
    });
  const workspace = found.get('--workspace')?.at(-1);
  const nextflow = found.get('--nextflow')?.at(-1);
  const computeEnvironment = found.get('--compute-env')?.at(-1);
  const [explain, detach] = [found.has('--explain'), found.has('--detach')];
  if (explain && detach)
    throw new EscrowError(
      'usage',
      '--explain and --detach cannot be combined: --explain does not start the run.',
      { hint: HELP },
    );
  if (found.has('--json') && !explain && !detach)
    throw new EscrowError(
      'usage',
      "--json requires --explain or --detach: otherwise the output is Nextflow's.",
      { hint: HELP },
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
  const detail = `Unknown option "${name}" of nf-escrow run.`;
  return new EscrowError('usage', withSuggestion(detail, name, RUN_OPTIONS), {
    hint: 'Put pipeline parameters after the pipeline: nf-escrow run [options] PIPELINE [--parameter VALUE]',
  });
}

/** Throws `usage`, `name-invalid` for names that no object can have. */
function assertNames({ workspace, computeEnvironment, selection }: RunOptions): void {
  for (const { name } of selection.only ?? []) assertSecretName(name);
  if (workspace !== undefined && !WORKSPACE_TITLE.test(workspace))
    throw invalid('--workspace', 'ORG/NAME or SERVER:ORG/NAME, such as lab/rna', workspace);
  if (computeEnvironment !== undefined && !COMPUTE_ENVIRONMENT_TITLE.test(computeEnvironment))
    throw invalid(
      '--compute-env',
      'NAME or SERVER:NAME of lower-case letters, digits, hyphens and underscores',
      computeEnvironment,
    );
}

function invalid(option: string, rule: string, value: string): EscrowError {
  return new EscrowError('usage', `${option} must be ${rule}, not ${shownValue(value)}.`, { hint: HELP });
}
