import type { DescribeSecretResponse, SecretListEntry } from '@aws-sdk/client-secrets-manager';
import { isCreatedBy } from './provenance.ts';
import { GRACE_MS, LEASE_MS, runOf, type Leftover } from './sweeper.ts';
import type { Sweeper } from '../stores/sweeper.ts';

/** Age in milliseconds from which a secret that has not expired is reported: few runs take that long. */
const LONG_MS = 7 * 24 * 3600_000;

/** Metadata of a secret. Others may have written the tags. AWS itself maintains name, versions and times. */
export interface SeenSecret {
  readonly target: string;
  readonly name: string;
  readonly versions: readonly string[];
  readonly tags: Readonly<Record<string, string | undefined>>;
  readonly createdAt: number;
  /** When the value was last read, to the day; -Infinity if never. */
  readonly readAt: number;
}

/**
 * Returns the metadata from an entry of ListSecrets or DescribeSecret; undefined for a secret that is being deleted.
 */
export function seenSecret(found: SecretListEntry & DescribeSecretResponse): SeenSecret | undefined {
  const { ARN, Name, Tags = [], DeletedDate, CreatedDate, LastAccessedDate } = found;
  if (ARN === undefined || Name === undefined || DeletedDate !== undefined) return undefined;
  return {
    target: ARN,
    name: Name,
    versions: Object.keys(found.SecretVersionsToStages ?? found.VersionIdsToStages ?? {}),
    tags: Object.fromEntries(Tags.map(({ Key = '', Value }) => [Key, Value])),
    createdAt: CreatedDate?.getTime() ?? Infinity,
    readAt: LastAccessedDate?.getTime() ?? -Infinity,
  };
}

/**
 * Decides whether a secret is a leftover, and whether it may be removed. It is removable only if its creation token
 * proves that this owner created it (provenance.ts), and if this ledger knows that its run is purged, or it has
 * expired by its tag and by the times that AWS maintains. Secrets of others are not reported. A secret that seems
 * modified is reported and kept: a person has to inspect it.
 */
export async function judgeSecret(secret: SeenSecret, sweeper: Sweeper): Promise<Leftover | undefined> {
  const run = runOf(secret.name);
  if (run === undefined) return undefined;
  const { name, versions, tags, target } = secret;
  const report = (reason: string, removable: boolean): Leftover => ({
    ...{ kind: 'secret', target, run, reason, removable, removed: false },
  });
  const created = isCreatedBy(name, versions, sweeper);
  if (created.ledger) {
    const runState = await sweeper.runState(run);
    if (runState === 'over') return report('its run is purged, yet the secret still exists', true);
    if (runState === 'open') return undefined;
    // A ledger that was restored from a backup does not know the newest runs, which may be alive.
    return judgeExpiry(secret, 'its run is not in this ledger', sweeper, report);
  }
  if (created.owner) return judgeExpiry(secret, 'its machine has not removed it', sweeper, report);
  const claimed = { owner: tags['nf-escrow:owner'] ?? '', ledger: tags['nf-escrow:ledger'] ?? '' };
  if (isCreatedBy(name, versions, claimed).owner) return undefined;
  return report('its creator cannot be verified: its tags or value were changed', false);
}

function judgeExpiry(
  { tags, createdAt, readAt }: SeenSecret,
  circumstance: string,
  { clock }: Sweeper,
  report: (reason: string, removable: boolean) => Leftover,
): Leftover | undefined {
  const now = clock();
  const tagged = Date.parse(tags['nf-escrow:expires-at'] ?? '');
  if (Number.isNaN(tagged) || tagged > now + LEASE_MS + GRACE_MS)
    return report(`its tag nf-escrow:expires-at is missing or invalid, and ${circumstance}`, false);
  // Everyone who may tag the secret can set the tag back. Nobody can set the times of creation and last read.
  const livedUntil = Math.max(tagged, createdAt + LEASE_MS, readAt + LEASE_MS);
  if (livedUntil + GRACE_MS < now)
    return report(`it expired at ${isoOf(livedUntil)}, and ${circumstance}`, true);
  if (createdAt + LONG_MS < now)
    return report(
      `it was created at ${isoOf(createdAt)}, and its run may be alive until ${isoOf(livedUntil)}`,
      false,
    );
  return undefined;
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
