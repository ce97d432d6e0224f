import { EscrowError, systemCode } from '../../errors.ts';
import { describeIdentity, type AwsAccess } from './access.ts';

/** What came of a request that failed. `unanswered`: it may have been carried out, or be so later. */
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
/** The request did not leave us. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTDIR'];

/** Tells what an error of the AWS SDK means. Anything that is not AWS's word may have been carried out. */
export function classifyFailure(error: unknown): AwsFailure {
  if (error instanceof EscrowError) return 'refused'; // not AWS's: another try would meet it again
  if (!(error instanceof Error)) return 'unanswered';
  // A signature that is rejected for its time is our clock's fault, and else that of the key.
  if (/^(InvalidSignature|SignatureDoesNotMatch)/.test(error.name))
    return /expired|not yet current|too (early|late)/i.test(error.message) ? 'clock' : 'credentials';
  const known = BY_NAME.find(([pattern]) => pattern.test(error.name));
  if (known !== undefined) return known[1];
  if (NEVER_SENT.includes(systemCode(error) ?? '')) return 'unreachable';
  const status = statusOf(error);
  return status !== undefined && status < 500 ? 'refused' : 'unanswered';
}

/** For `catch`: nothing where AWS says that there is nothing; any other error goes on. */
export function ignoreNotFound(error: unknown): undefined {
  if (classifyFailure(error) === 'not-found') return undefined;
  throw error;
}

function statusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}

/** The command that gives new credentials, as far as can be told. */
function remedyOf({ profile }: AwsAccess): string {
  const name = profile ?? process.env['AWS_PROFILE'];
  if (name !== undefined) return `aws sso login --profile ${name}`;
  return 'aws sso login; for new AWS_* variables also nf-escrow daemon stop, as the next command starts a daemon that has them';
}

/**
 * An error of AWS as one of ours: `what` was tried, as a clause ("The secret X cannot be removed"). The message names
 * the remedy too: a lease shows it for as long as the trouble lasts.
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
        `${what}: ${who} is not valid now (${why}). Remedy: ${remedy}`,
        {
          ...options,
          hint: `Sign in again: ${remedy}`,
        },
      );
    }
    case 'denied':
      return new EscrowError('aws-denied', `${what}: ${who} may not do that (${why}).`, options);
    case 'clock':
      return new EscrowError('aws-credentials', `${what}: this machine's clock is wrong (${why}).`, {
        ...options,
        hint: 'Set the clock of this machine: AWS takes requests within five minutes of its own.',
      });
    case 'refused':
      return new EscrowError('aws-rejected', `${what}: AWS refuses it (${why}).`, options);
    case 'exists':
      return new EscrowError('store-unavailable', `${what}: there is one of that name.`, options);
    default:
      return new EscrowError(
        'store-unavailable',
        `${what}: AWS in ${access.region} does not do it (${why}).`,
        options,
      );
  }
}
