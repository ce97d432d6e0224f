import type { AwsSettings } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { parseArn } from '../../contract/arn.ts';

/** Where to speak to AWS, and as whom; never credentials. It is what a lease keeps, so that any later daemon can go there. */
export interface AwsAccess {
  readonly region: string;
  /** The account that has to be met: an object that another one does not have is not gone. */
  readonly account: string;
  /** A profile of the user's AWS configuration; null: as the environment says. */
  readonly profile: string | null;
  /** A role to be taken, from those credentials; with the external id that its owner wants, where they want one. */
  readonly role: string | null;
  readonly externalId: string | null;
  /** Of Secrets Manager; null: the region's own. */
  readonly endpoint: string | null;
  readonly fips: boolean;
  /** As whom AWS saw whoever placed it. */
  readonly identity?: string;
}

/** The account is that of the execution role: ECS takes no other, and it reads the secrets. */
export function accessOf(settings: AwsSettings): AwsAccess {
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

/** What a lease keeps of it. */
export function encodeLocator(access: AwsAccess): string {
  return JSON.stringify(access);
}

/** Throws `internal`: the ledger holds what no version wrote. */
export function decodeLocator(locator: string | null): AwsAccess {
  if (locator === null)
    throw new EscrowError('internal', 'The lease does not say where in AWS its object is.');
  return JSON.parse(locator) as AwsAccess;
}

/** As whom, in words. */
export function describeIdentity({ profile, role }: Pick<AwsAccess, 'profile' | 'role'>): string {
  const base = profile === null ? "the environment's AWS credentials" : `the AWS profile "${profile}"`;
  return role === null ? base : `${role}, taken with ${base}`;
}
