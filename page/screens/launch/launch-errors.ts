import type { LaunchRequest, ParameterViolation, Problem } from '../../../daemon/contract/types.ts';
import type { ParameterGroup } from './parameter-schema.ts';

/** Errors by field, with the content of the field to which they apply. */
export type Errors = ReadonlyMap<string, { readonly detail: string; readonly of: string }>;

/** Problems that concern one field, although they are not about its form. */
const FIELDS: Readonly<Partial<Record<Problem['code'], string>>> = {
  'launch-directory-unusable': 'launchDirectory',
  'compute-environment-not-found': 'computeEnvironment',
  'compute-environment-invalid': 'computeEnvironment',
  'workspace-not-found': 'workspace',
  'organization-not-found': 'workspace',
  'workspace-personal': 'workspace',
  'secret-not-available': 'secrets',
};

/** Returns the errors of required fields that are empty. */
export function missingFields({ pipeline, launchDirectory }: LaunchRequest): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  if (pipeline === '') errors.set('pipeline', 'Enter a path, a repository name or a URL.');
  if (launchDirectory === '') errors.set('launchDirectory', 'Enter the directory in which Nextflow starts.');
  return errors;
}

interface Answer {
  readonly problem?: Problem;
  readonly violations?: readonly ParameterViolation[];
  readonly groups: readonly ParameterGroup[] | undefined;
}

/** Returns what the daemon found wrong, by field. */
export function errorsOf({ problem, violations = [], groups }: Answer): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  const names = new Set(groups?.flatMap(({ parameters }) => parameters.map(({ name }) => name)));
  const add = (field: string, detail: string): void => {
    errors.set(field, [errors.get(field), detail].filter(Boolean).join(' '));
  };
  const addParameter = (path: string, detail: string): void => {
    const name = names.has(path) ? path : (path.split('.', 1)[0] ?? '');
    if (groups === undefined) add('parametersText', detail);
    else if (names.has(name)) add(`parameters.${name}`, detail);
  };
  for (const { parameter, detail } of violations) addParameter(parameter, detail);
  if (problem === undefined) return errors;
  const field = problem.field ?? FIELDS[problem.code];
  if (field?.startsWith('parameters.') === true)
    addParameter(field.slice('parameters.'.length), problem.detail);
  else if (field !== undefined) add(field, problem.detail);
  return errors;
}
