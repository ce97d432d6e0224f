import type { DescribeSecretResponse, SecretListEntry } from '@aws-sdk/client-secrets-manager';
import { isMadeBy } from './provenance.ts';
import { GRACE_MS, LEASE_MS, runOf, type Leftover } from './sweeper.ts';
import type { Sweeper } from '../stores/sweeper.ts';

/** One whose run is said to live that long after it was made is shown, in milliseconds: few runs take so long. */
const LONG_MS = 7 * 24 * 3600_000;

/** What is known of a secret. The tags are anybody's word; name, versions and times are AWS's own. */
export interface SeenSecret {
  readonly target: string;
  readonly name: string;
  readonly versions: readonly string[];
  readonly tags: Readonly<Record<string, string | undefined>>;
  readonly createdAt: number;
  /** Of its value, to the day; -Infinity: never. */
  readonly readAt: number;
}

/** Of a list or a description; undefined for one that is being deleted. */
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
 * Whether a secret was left, and whether it may be removed: only where something that nobody but its creator could write
 * says that this owner made it (provenance.ts), and its run is over by this ledger's word, or has expired by its tag and by
 * times that AWS keeps. Of what is others', nothing is told. What seems changed is shown, and stays: a person has to look.
 */
export async function judgeSecret(secret: SeenSecret, sweeper: Sweeper): Promise<Leftover | undefined> {
  const run = runOf(secret.name);
  if (run === undefined) return undefined;
  const { name, versions, tags, target } = secret;
  const told = (why: string, removable: boolean): Leftover => ({
    ...{ kind: 'secret', target, run, reason: why, removable, removed: false },
  });
  const made = isMadeBy(name, versions, sweeper);
  if (made.ledger) {
    const runState = await sweeper.runState(run);
    if (runState === 'over') return told('its run is over, and was thought to have left nothing', true);
    if (runState === 'open') return undefined;
    // A ledger that was restored from a backup does not know the newest runs, which may live.
    return judgeExpiry(secret, 'this ledger knows no such run', sweeper, told);
  }
  if (made.owner) return judgeExpiry(secret, 'the machine that made it has not come back', sweeper, told);
  const claimed = { owner: tags['nf-escrow:owner'] ?? '', ledger: tags['nf-escrow:ledger'] ?? '' };
  if (isMadeBy(name, versions, claimed).owner) return undefined;
  return told('nothing proves who made it: its tags or its value were changed since', false);
}

function judgeExpiry(
  { tags, createdAt, readAt }: SeenSecret,
  who: string,
  { clock }: Sweeper,
  told: (why: string, removable: boolean) => Leftover,
): Leftover | undefined {
  const now = clock();
  const tagged = Date.parse(tags['nf-escrow:expires-at'] ?? '');
  if (Number.isNaN(tagged) || tagged > now + LEASE_MS + GRACE_MS)
    return told(`its tag does not say until when its run lives, and ${who}`, false);
  // Whoever may tag it could have set the tag back. When it was made and last read cannot be set.
  const livedUntil = Math.max(tagged, createdAt + LEASE_MS, readAt + LEASE_MS);
  if (livedUntil + GRACE_MS < now) return told(`it expired at ${isoOf(livedUntil)}, and ${who}`, true);
  if (createdAt + LONG_MS < now)
    return told(`it was made at ${isoOf(createdAt)}, and its run may live until ${isoOf(livedUntil)}`, false);
  return undefined;
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
