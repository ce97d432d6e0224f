import type { LaunchRequest } from '../contract/types.ts';
import { validate } from '../contract/validate.ts';
import { EscrowError } from '../errors.ts';
import { runChild } from './child/run-child.ts';

/** Time limit for reading the parameters of a person. */
const READ_MS = 10_000;

/** Returns a launch with the parameters of its text, if it has one. Throws `request-unprocessable`, `request-invalid`. */
export async function withParametersOfText(given: LaunchRequest): Promise<LaunchRequest> {
  const { parametersText: text, ...launch } = given;
  if (text === undefined) return launch;
  if (launch.parameters !== undefined) throw invalid('cannot be combined with parameters');
  const result = await runChild('text', { text }, { env: {}, limitMs: READ_MS });
  if (result === undefined) throw invalid('needs too much time or memory to be read');
  if ('failure' in result) throw invalid(`cannot be read: ${result.failure}`);
  return validate<'LaunchRequest'>('launch-request.json', { ...launch, parameters: result.parameters });
}

/** `why` follows the name of the field. */
function invalid(why: string): EscrowError {
  return new EscrowError('request-unprocessable', `parametersText ${why}.`, {
    field: 'parametersText',
    hint: 'Write one parameter per line: `name: value`.',
  });
}
