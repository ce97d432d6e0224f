import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { EscrowError, systemCode } from '../../../errors.ts';

/** What people and administrators can do something about, by the code of the error of the library. */
const REASONS: Readonly<Record<string, string>> = {
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED:
    'the ID token of the identity provider is not valid at this time: the clocks of the server and of the provider differ',
  OAUTH_KEY_SELECTION_FAILED: 'the identity provider does not publish the key that has signed the ID token',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'the issuer of the identity provider differs from oidc.issuer',
};
const NONCE = 'the ID token belongs to another sign-in (nonce)';
const OLD = 'the identity provider did not ask you to sign in again (auth_time)';
/** Errors without a valid response of the provider. */
const WITHOUT_RESPONSE = [
  undefined,
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
];
const ERROR_CODE = /^[a-z_]{1,60}$/;

/**
 * Converts an error of the library. The message never quotes what the provider has sent, because that contains codes and tokens. For
 * the same reason, the cause, which the log has, consists of codes of errors only.
 */
export function signInFailure(error: unknown): EscrowError {
  if (error instanceof EscrowError) return error;
  const cause = new Error(`identity provider: ${codesOf(error).join(', ')}`);
  if (error instanceof AuthorizationResponseError) return refused(error.error, cause);
  if (error instanceof ResponseBodyError)
    return error.status >= 500
      ? unavailable(`it responded with status ${String(error.status)}`, cause)
      : refused(error.error, cause);
  if (error instanceof WWWAuthenticateChallengeError) return unavailable('it rejects this server', cause);
  if (!(error instanceof ClientError) || WITHOUT_RESPONSE.includes(error.code))
    return unavailable('it does not respond as expected', cause);
  const claim = claimOf(error);
  if (claim === 'nonce') return failed(NONCE, cause);
  if (claim === 'auth_time') return failed(OLD, cause);
  return failed(REASONS[error.code ?? ''] ?? 'the response of the identity provider is not valid', cause);
}

/** Creates the error of a sign-in that the browser has to start again. */
export function failed(why: string, cause?: Error): EscrowError {
  return new EscrowError('sign-in-failed', `Cannot sign in: ${why}.`, { cause });
}

function unavailable(why: string, cause: Error): EscrowError {
  return new EscrowError('identity-provider-unavailable', `Cannot use the identity provider: ${why}.`, {
    cause,
  });
}

/** The codes of RFC 6749 and OpenID Connect are words. */
function refused(code: string, cause: Error): EscrowError {
  return failed(
    `the identity provider refused the sign-in${ERROR_CODE.test(code) ? ` (${code})` : ''}`,
    cause,
  );
}

/** Returns the claim that an error names. */
function claimOf({ cause }: ClientError): unknown {
  const details = cause instanceof Error ? cause.cause : undefined;
  return typeof details === 'object' && details !== null && 'claim' in details ? details.claim : undefined;
}

/** Returns the codes of an error and its causes, such as `ECONNREFUSED`. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let one = error; one instanceof Error && codes.length < 5; one = one.cause)
    codes.push(systemCode(one) ?? one.name);
  return codes;
}
