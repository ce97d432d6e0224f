import { problemsOf } from '../../daemon/api/routing/problems-of.ts';
import type { ResponseObserver } from '../../daemon/api/routing/mount.ts';
import { validate } from '../../daemon/contract/validate.ts';
import { EscrowError } from '../../daemon/errors.ts';

/** Throws if an operation returns what its description does not mention. */
export const checkResponse: ResponseObserver = (operation, observed) => {
  const { id, responses } = operation;
  if ('problem' in observed) {
    if (!problemsOf(operation).includes(observed.problem))
      throw undocumented(`The description of ${id} does not list the problem ${observed.problem}.`);
    return;
  }
  const wanted = responses[observed.status as 200];
  if (wanted === undefined)
    throw undocumented(`The description of ${id} does not list the status ${String(observed.status)}.`);
  if (typeof wanted !== 'string') return;
  try {
    // As the client receives it: without properties that are undefined.
    validate(`${wanted}.json`, JSON.parse(JSON.stringify(observed.body)));
  } catch (error) {
    throw undocumented(`A response of ${id} does not match schemas/${wanted}.json: ${String(error)}`);
  }
};

/** Clients see the message of this error, unlike that of an internal one. */
function undocumented(message: string): EscrowError {
  return new EscrowError('store-unavailable', message);
}
