import type { ErrorCode } from '../../errors.ts';
import type { Operation } from './operation.ts';

/** Errors that every operation can return, besides its own. */
const COMMON: readonly ErrorCode[] = [
  'request-invalid',
  'origin-forbidden',
  'not-acceptable',
  'internal',
  'ledger-unavailable',
  'ledger-corrupt',
  'daemon-on-other-host',
];
/** Errors of the body of a request. */
const OF_BODY: readonly ErrorCode[] = ['payload-too-large', 'unsupported-media-type'];

/** Returns the codes of all errors that an operation can return. */
export function problemsOf({ request, problems = [] }: Operation): readonly ErrorCode[] {
  return [...new Set([...COMMON, ...(request === undefined ? [] : OF_BODY), ...problems])];
}
