import type { LaunchRequest, ParameterCheck } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { runChild } from './child/run-child.ts';
import type { FoundSchema } from './child/tasks.ts';

/** Time limit of the comparison. A pattern of the schema can take forever. */
const COMPARE_MS = 10_000;

/** Compares the parameters of a launch with the schema of its pipeline. Never throws because of the schema. */
export async function compareParameters(
  { file, schema, reason }: FoundSchema,
  { parameters = {}, checkParameters = true }: Pick<LaunchRequest, 'parameters' | 'checkParameters'>,
): Promise<ParameterCheck> {
  if (!checkParameters) return without('skipped', 'the request disables the comparison');
  if (schema === null) return without(file === null ? 'no-schema' : 'failed', reason);
  const result = await runChild('parameters', { schema, parameters }, { env: {}, limitMs: COMPARE_MS });
  if (result === undefined)
    return without('failed', `the comparison with "${String(file)}" exceeded its limits of time or memory`);
  if ('failure' in result) return without('failed', `"${String(file)}" cannot be used: ${result.failure}`);
  const violations = [...result.violations];
  return { result: violations.length === 0 ? 'valid' : 'invalid', reason: null, violations };
}

function without(result: ParameterCheck['result'], reason: string | null): ParameterCheck {
  return { result, reason, violations: [] };
}

/** Throws `parameters-invalid`, `parameters-not-checked`. */
export function assertValid({ result, reason, violations }: ParameterCheck): void {
  const [first, ...more] = violations;
  if (result === 'failed')
    throw new EscrowError('parameters-not-checked', `Cannot check the parameters: ${String(reason)}.`);
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` ${String(more.length)} more violations.`;
  throw new EscrowError('parameters-invalid', `Invalid parameters: ${first.detail}${others}`, {
    field: `parameters${first.parameter === '' ? '' : `.${first.parameter}`}`,
  });
}
