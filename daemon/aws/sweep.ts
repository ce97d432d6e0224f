import type { BatchClient } from '@aws-sdk/client-batch';
import type { SecretListEntry, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsSettings, Leftovers } from '../contract/types.ts';
import { accessOf } from './session/access.ts';
import { asAwsError } from './session/aws-error.ts';
import type { OpenSession } from './session/session.ts';
import { asTag } from './tags.ts';
import { sdk } from './session/sdk.ts';

type Leftover = Leftovers['leftovers'][number];

/** What this ledger knows of a run. */
export type LedgerRunState = 'open' | 'over' | 'unknown';

/** Who sweeps, and what they know. */
export interface Sweeper {
  readonly owner: string;
  readonly ledger: string;
  readonly runState: (run: string) => Promise<LedgerRunState>;
  readonly clock: () => number;
}

/** A machine whose renewal failed once, or whose clock is off, is given that much longer, in milliseconds. */
const GRACE_MS = 24 * 3600_000;

/** Something of ours that lies in AWS, as its tags tell. */
interface Found {
  readonly kind: Leftover['kind'];
  readonly target: string;
  readonly run: string;
  readonly owner: string;
  readonly ledger: string;
  /** Until when its run was known to live, at the least. NaN: nobody knows, and it stays. */
  readonly livedUntil: number;
}

/**
 * Finds, by our own tags, secrets under the prefix and job definitions that nobody will remove: of this ledger those
 * whose run is over, and of a run that it does not know, or of another ledger of the same owner, those that have expired.
 * What another owner has made is not even listed, nor what does not tell whose it is. With `remove` they are removed,
 * and each that cannot be says why. Throws `aws-*`.
 */
export async function sweepAws(
  settings: AwsSettings,
  open: OpenSession,
  sweeper: Sweeper,
  remove: boolean,
): Promise<Leftover[]> {
  const session = await open(accessOf(settings));
  const [secrets, batch] = await Promise.all([session.secretsManager(), session.batch()]);
  try {
    const listed = await listSecrets(secrets);
    const own = listed.filter(({ name, run }) => isOurs(name, run, settings.prefix ?? 'nf-escrow'));
    const definitions = await listDefinitions(batch, expiriesOf(listed));
    const left: Leftover[] = [];
    for (const found of [...own, ...definitions]) left.push(...(await findLeftover(found, sweeper)));
    if (!remove) return left;
    const { DeleteSecretCommand } = sdk('@aws-sdk/client-secrets-manager');
    const { DeregisterJobDefinitionCommand } = sdk('@aws-sdk/client-batch');
    const swept: Leftover[] = [];
    for (const one of left) {
      const { kind, target } = one;
      const removal =
        kind === 'secret'
          ? secrets.send(new DeleteSecretCommand({ SecretId: target, ForceDeleteWithoutRecovery: true }))
          : batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: target }));
      // What stays is told, and keeps nobody from removing the rest.
      const trouble = await removal.then(
        () => undefined,
        (error: unknown) => asAwsError('It cannot be removed', session.access, error).message,
      );
      swept.push(trouble === undefined ? { ...one, removed: true } : { ...one, error: trouble });
    }
    return swept;
  } catch (error) {
    throw asAwsError('What was left in AWS cannot be swept', session.access, error);
  } finally {
    secrets.destroy();
    batch.destroy();
  }
}

/** One rule for all: who else would remove it, and will not. */
async function findLeftover(
  { kind, target, run, owner, ledger, livedUntil }: Found,
  sweeper: Sweeper,
): Promise<Leftover[]> {
  const left = (why: string): Leftover[] => [{ kind, target, run, reason: why, removed: false }];
  const standing = ledger === asTag(sweeper.ledger) ? await sweeper.runState(run) : undefined;
  if (standing === 'over') return left('its run is over, and was thought to have left nothing');
  if (standing === 'open' || !(livedUntil + GRACE_MS < sweeper.clock())) return [];
  const expired = `it expired at ${new Date(livedUntil).toISOString()}`;
  // A ledger that was restored from a backup does not know the newest runs, which may live.
  if (standing === 'unknown') return left(`${expired}, and this ledger knows no such run`);
  if (owner !== asTag(sweeper.owner)) return [];
  return left(`${expired}, and the machine that made it has not come back`);
}

type ListedSecret = Found & { readonly name: string };

/** All of ours, whatever their prefix: what lies under another one tells that its run may live. */
async function listSecrets(client: SecretsManagerClient): Promise<ListedSecret[]> {
  const { paginateListSecrets } = sdk('@aws-sdk/client-secrets-manager');
  const filters = [{ Key: 'tag-key' as const, Values: ['nf-escrow:run'] }];
  const listed: ListedSecret[] = [];
  for await (const { SecretList } of paginateListSecrets({ client }, { Filters: filters }))
    listed.push(...(SecretList ?? []).flatMap(describe));
  return listed;
}

function describe({ ARN, Name, Tags, DeletedDate }: SecretListEntry): ListedSecret[] {
  const tags: Readonly<Record<string, string | undefined>> = Object.fromEntries(
    (Tags ?? []).map(({ Key = '', Value }) => [Key, Value]),
  );
  const run = tags['nf-escrow:run'];
  if (ARN === undefined || Name === undefined || run === undefined || DeletedDate !== undefined) return [];
  const livedUntil = Date.parse(tags['nf-escrow:expires-at'] ?? '');
  return [{ kind: 'secret', target: ARN, name: Name, run, ...whoseIs(tags), livedUntil }];
}

function isOurs(name: string, run: string, prefix: string): boolean {
  return name.startsWith(`${prefix}/`) && name.split('/').includes(run);
}

/** The latest of each run: while one of its secrets lives, it does. */
function expiriesOf(secrets: readonly ListedSecret[]): ReadonlyMap<string, number> {
  const expiries = new Map<string, number>();
  for (const { run, livedUntil } of secrets)
    expiries.set(run, Math.max(expiries.get(run) ?? -Infinity, livedUntil));
  return expiries;
}

/** Those that tell whose they are. One whose run has no secrets any more was of use when it was made, at the least. */
async function listDefinitions(batch: BatchClient, expiries: ReadonlyMap<string, number>): Promise<Found[]> {
  const { paginateDescribeJobDefinitions } = sdk('@aws-sdk/client-batch');
  const found: Found[] = [];
  const pages = paginateDescribeJobDefinitions({ client: batch }, { status: 'ACTIVE' });
  for await (const { jobDefinitions } of pages)
    for (const { jobDefinitionArn: target, tags = {} } of jobDefinitions ?? []) {
      const run = tags['nf-escrow:run'];
      if (run === undefined || target === undefined) continue;
      const livedUntil = expiries.get(run) ?? Date.parse(tags['nf-escrow:created-at'] ?? '');
      found.push({ kind: 'job-definition', target, run, ...whoseIs(tags), livedUntil });
    }
  return found;
}

/** Without these tags nobody's. */
function whoseIs(tags: Readonly<Record<string, string | undefined>>): Pick<Found, 'owner' | 'ledger'> {
  return { owner: tags['nf-escrow:owner'] ?? '', ledger: tags['nf-escrow:ledger'] ?? '' };
}
