import type { ErrorCode } from '../../errors.ts';
import type { Operation } from './operation.ts';

/** Errors that every operation can return, besides its own. */
const COMMON: readonly ErrorCode[] = [
  'request-invalid',
  'request-timeout',
  'headers-too-large',
  'origin-forbidden',
  'not-acceptable',
  'internal',
  'ledger-unavailable',
  'ledger-corrupt',
  'daemon-on-other-host',
];
/** Errors of requests over TCP. */
const OF_TCP: readonly ErrorCode[] = ['unauthenticated', 'too-many-requests'];
/** Whether a browser with a session can send the request, and it changes something. */
function needsCsrfToken({ access, permission, method }: Operation): boolean {
  return method !== 'get' && (access === 'sign-in' || (access === undefined && permission !== undefined));
}

/** Errors of the body of a request. */
const OF_BODY: readonly ErrorCode[] = ['payload-too-large', 'unsupported-media-type'];

/** Errors of the principal, and of the kind of server that has the operation. */
function ofPrincipal({ access, permission, ofTeamServer }: Operation): readonly ErrorCode[] {
  if (access === 'public' || access === 'session') return [];
  if (access === 'release' || access === 'sign-in') return ['team-server-required'];
  if (permission === undefined) return ['user-daemon-required'];
  return ofTeamServer === true ? ['not-permitted', 'team-server-required'] : ['not-permitted'];
}

/** Returns the codes of all errors that an operation can return. */
export function problemsOf(operation: Operation): readonly ErrorCode[] {
  const { request, preconditions, requiresPrecondition, repeatable, problems = [] } = operation;
  return [
    ...new Set([
      ...COMMON,
      ...OF_TCP,
      ...(request === undefined ? [] : OF_BODY),
      ...(preconditions === undefined ? [] : (['precondition-failed'] as const)),
      ...(requiresPrecondition === true ? (['precondition-required'] as const) : []),
      ...(repeatable === undefined ? [] : (['idempotency-key-reused'] as const)),
      ...(needsCsrfToken(operation) ? (['csrf-token-invalid'] as const) : []),
      ...ofPrincipal(operation),
      ...problems,
    ]),
  ];
}
