import type { AwsSettings } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { parseArn } from '../../contract/arn.ts';

/**
 * Endpoint and identity for requests to AWS; never credentials. Leases store it, so that a later daemon can reach their
 * objects.
 */
export interface AwsAccess {
  readonly region: string;
  /** The account that the credentials must belong to: an object not found in another account proves nothing. */
  readonly account: string;
  /** A profile of the user's AWS configuration; null: the credentials of the environment. */
  readonly profile: string | null;
  /** A role to assume with those credentials, and the external id that it requires. */
  readonly role: string | null;
  readonly externalId: string | null;
  /** Endpoint of Secrets Manager; null: the endpoint of the region. */
  readonly endpoint: string | null;
  readonly fips: boolean;
  /** ARN of the caller who created the object, as reported by AWS. */
  readonly identity?: string;
  /** URL of the team server that holds the object. The plugin then has no access to its value. */
  readonly server?: string;
}

/**
 * Returns the access of a compute environment. The account is that of the execution role, since ECS accepts no other.
 */
export function accessOf(settings: AwsSettings | Omit<AwsSettings, 'queue' | 'workDir'>): AwsAccess {
  return {
    region: settings.region,
    account: parseArn(settings.executionRole)?.account ?? '',
    profile: settings.profile ?? null,
    role: settings.assumeRole ?? null,
    externalId: settings.externalId ?? null,
    endpoint: settings.endpoint ?? null,
    fips: settings.fips ?? false,
  };
}

/** Returns the locator that a lease stores. */
export function encodeLocator(access: AwsAccess): string {
  return JSON.stringify(access);
}

/** Returns the access from a lease's locator. Throws `internal` where there is none, which no version writes. */
export function decodeLocator(locator: string | null): AwsAccess {
  if (locator === null)
    throw new EscrowError('internal', 'Cannot find the AWS object of a lease: the lease has no locator.');
  return JSON.parse(locator) as AwsAccess;
}

/** Describes the identity for messages. */
export function describeIdentity({ profile, role }: Pick<AwsAccess, 'profile' | 'role'>): string {
  const base = profile === null ? "the environment's AWS credentials" : `the AWS profile "${profile}"`;
  return role === null ? base : `${role}, assumed with ${base}`;
}
