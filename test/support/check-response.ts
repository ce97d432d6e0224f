import { problemsOf } from '../../daemon/api/routing/problems-of.ts';
import type { ResponseObserver } from '../../daemon/api/routing/mount.ts';
import { validate } from '../../daemon/contract/validate.ts';

/** Throws if an operation returns what its description does not mention. */
export const checkResponse: ResponseObserver = (operation, observed) => {
  const { id, responses } = operation;
  if ('problem' in observed) {
    if (!problemsOf(operation).includes(observed.problem))
      throw new Error(`The description of ${id} does not list the problem ${observed.problem}.`);
    return;
  }
  const wanted = responses[observed.status as 200];
  if (wanted === undefined)
    throw new Error(`The description of ${id} does not list the status ${String(observed.status)}.`);
  if (typeof wanted !== 'string') return;
  try {
    // As the client receives it: without properties that are undefined.
    validate(`${wanted}.json`, JSON.parse(JSON.stringify(observed.body)));
  } catch (error) {
    throw new Error(`A response of ${id} does not match schemas/${wanted}.json: ${String(error)}`, {
      cause: error,
    });
  }
};
