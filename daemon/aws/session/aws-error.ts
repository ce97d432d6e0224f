import { EscrowError, systemCode } from '../../errors.ts';
import { describeIdentity, type AwsAccess } from './access.ts';

/** Kind of a failed request. `unanswered`: AWS may have carried it out, or may do so later. */
export type AwsFailure =
  | 'unanswered'
  | 'unreachable'
  | 'throttled'
  | 'credentials'
  | 'denied'
  | 'clock'
  | 'not-found'
  | 'exists'
  | 'refused';

const BY_NAME: readonly (readonly [RegExp, AwsFailure])[] = [
  [/^(ResourceNotFound|NoSuchEntity|NotFound)/, 'not-found'],
  [/^(ResourceExists|Conflict)/, 'exists'],
  [/^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceeded)/, 'throttled'],
  [/^(CredentialsProviderError|TokenProviderError)/, 'credentials'],
  [/^(ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure)/, 'credentials'],
  [/^(AccessDenied|UnauthorizedOperation|NotAuthorized|Forbidden)/, 'denied'],
  [/^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)/, 'clock'],
];
/** System errors that mean the request was not sent. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTDIR'];

/** Classifies an error of the AWS SDK. Without an answer from AWS, the request counts as possibly carried out. */
export function classifyFailure(error: unknown): AwsFailure {
  if (error instanceof EscrowError) return 'refused'; // our own check: a retry would fail in the same way
  if (!(error instanceof Error)) return 'unanswered';
  // AWS rejects a signature because of its time (this machine's clock) or because of the key.
  if (/^(InvalidSignature|SignatureDoesNotMatch)/.test(error.name))
    return /expired|not yet current|too (early|late)/i.test(error.message) ? 'clock' : 'credentials';
  const known = BY_NAME.find(([pattern]) => pattern.test(error.name));
  if (known !== undefined) return known[1];
  if (NEVER_SENT.includes(systemCode(error) ?? '')) return 'unreachable';
  const status = statusOf(error);
  return status !== undefined && status < 500 ? 'refused' : 'unanswered';
}

/** For `catch`: returns undefined if AWS reports that the object does not exist, and rethrows any other error. */
export function ignoreNotFound(error: unknown): undefined {
  if (classifyFailure(error) === 'not-found') return undefined;
  throw error;
}

function statusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}

/** Returns the command that most likely renews the credentials. */
function remedyOf({ profile }: AwsAccess): string {
  const name = profile ?? process.env['AWS_PROFILE'];
  if (name !== undefined) return `aws sso login --profile ${name}`;
  return 'aws sso login; or set new AWS_* variables and run nf-escrow daemon stop, so that the next command starts a daemon with them';
}

/**
 * Converts an error of AWS to an EscrowError. `what` says what failed ("Cannot delete secret X"). The message for
 * missing credentials includes the remedy because a lease shows only the message while its removal fails.
 */
export function asAwsError(what: string, access: AwsAccess, error: unknown): EscrowError {
  if (error instanceof EscrowError) return error;
  const why = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 400) : 'unknown';
  const options = { cause: error };
  const who = describeIdentity(access);
  switch (classifyFailure(error)) {
    case 'credentials': {
      const remedy = remedyOf(access);
      return new EscrowError(
        'aws-credentials',
        `${what}: no valid credentials from ${who} (${why}). Remedy: ${remedy}`,
        { ...options, hint: `Sign in again: ${remedy}` },
      );
    }
    case 'denied':
      return new EscrowError('aws-denied', `${what}: access denied for ${who} (${why}).`, options);
    case 'clock':
      return new EscrowError('aws-clock', `${what}: this machine's clock is wrong (${why}).`, options);
    case 'refused':
      return new EscrowError('aws-rejected', `${what}: AWS rejected the request (${why}).`, options);
    case 'exists':
      return new EscrowError('store-unavailable', `${what}: the name already exists.`, options);
    default:
      return new EscrowError(
        'store-unavailable',
        `${what}: AWS in ${access.region} is not available (${why}).`,
        options,
      );
  }
}
