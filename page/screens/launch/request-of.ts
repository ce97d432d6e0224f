import type { LaunchRequest, Selection } from '../../../daemon/contract/types.ts';
import { textOf, type Draft } from './draft.ts';
import { valueOf, type Parameter, type ParameterGroup } from './parameter-schema.ts';

/** Returns the request that the form makes. `groups`: the fields of the parameters; undefined if they are written as text. */
export function requestOf(draft: Draft, groups: readonly ParameterGroup[] | undefined): LaunchRequest {
  const optional = (name: 'revision' | 'profile' | 'workDirectory' | 'workspace' | 'computeEnvironment') =>
    draft[name].trim() === '' ? {} : { [name]: draft[name].trim() };
  return {
    pipeline: draft.pipeline.trim(),
    launchDirectory: draft.launchDirectory.trim(),
    ...optional('revision'),
    ...optional('profile'),
    ...optional('workDirectory'),
    ...optional('workspace'),
    ...optional('computeEnvironment'),
    ...parametersOf(draft, groups),
    ...(draft.checkParameters ? {} : { checkParameters: false }),
    selection: selectionOf(draft),
  };
}

function parametersOf(
  draft: Draft,
  groups: readonly ParameterGroup[] | undefined,
): Pick<LaunchRequest, 'parameters' | 'parametersText'> {
  if (groups === undefined)
    return draft.parametersText.trim() === '' ? {} : { parametersText: draft.parametersText };
  const set = (one: Parameter): boolean => textOf(draft, one.name) !== '';
  const given = groups.flatMap(({ parameters }) => parameters).filter(set);
  return {
    parameters: Object.fromEntries(given.map((one) => [one.name, valueOf(one, textOf(draft, one.name))])),
  } as Pick<LaunchRequest, 'parameters'>;
}

function selectionOf({ secrets, only }: Draft): Selection {
  if (secrets === 'all') return {};
  if (secrets === 'none') return { none: true };
  return {
    only: Object.entries(only).map(([name, scope]) => ({ name, scope: scope === '' ? null : scope })),
  };
}
