import type { BatchClient } from '@aws-sdk/client-batch';
import type { SecretListEntry, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsSettings, Leftovers } from '../contract/types.ts';
import { accessOf } from './access.ts';
import { asAwsError } from './aws-error.ts';
import type { OpenSession } from './clients.ts';

type Leftover = Leftovers['leftovers'][number];

/** What this ledger knows of a run. */
export type Standing = 'open' | 'over' | 'unknown';

/** Who sweeps, and what they know. */
export interface Sweeper {
  readonly owner: string;
  readonly ledger: string;
  readonly standingOf: (run: string) => Promise<Standing>;
  readonly clock: () => number;
}

/** A machine whose renewal failed once, or whose clock is off, is given that much longer, in milliseconds. */
const GRACE_MS = 24 * 3600_000;

/**
 * Finds, by prefix and our own tags, secrets and job definitions that nobody will remove: of this ledger those whose run
 * is over or forgotten, of another one of the same owner those that have expired, and job definitions whose secrets are
 * gone. What another owner has placed is not even listed. With `remove` they are removed. Throws `aws-*`.
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
    const listed = await listSecrets(secrets, settings.prefix ?? 'nf-escrow');
    const found = await leftSecrets(listed, sweeper);
    const living = new Set(listed.map(({ run }) => run));
    const definitions = await leftDefinitions(batch, living, sweeper);
    if (!remove) return [...found, ...definitions];
    const { DeleteSecretCommand } = await import('@aws-sdk/client-secrets-manager');
    const { DeregisterJobDefinitionCommand } = await import('@aws-sdk/client-batch');
    for (const { target } of found)
      await secrets.send(new DeleteSecretCommand({ SecretId: target, ForceDeleteWithoutRecovery: true }));
    for (const { target } of definitions)
      await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: target }));
    return [...found, ...definitions].map((one) => ({ ...one, removed: true }));
  } catch (error) {
    throw asAwsError('What was left in AWS cannot be swept', session.access, error);
  } finally {
    secrets.destroy();
    batch.destroy();
  }
}

interface Listed {
  readonly arn: string;
  readonly run: string;
  readonly owner: string;
  readonly ledger: string;
  readonly expiresAt: string;
}

async function listSecrets(client: SecretsManagerClient, prefix: string): Promise<Listed[]> {
  const { paginateListSecrets } = await import('@aws-sdk/client-secrets-manager');
  const filters = [
    { Key: 'name' as const, Values: [`${prefix}/`] },
    { Key: 'tag-key' as const, Values: ['nf-escrow:run'] },
  ];
  const listed: Listed[] = [];
  for await (const { SecretList } of paginateListSecrets({ client }, { Filters: filters }))
    listed.push(...(SecretList ?? []).flatMap((entry) => describe(entry, prefix)));
  return listed;
}

/** AWS's filters match beginnings of words, whatever their case: what they let through is looked at again. */
function describe({ ARN, Name, Tags, DeletedDate }: SecretListEntry, prefix: string): Listed[] {
  const tags = new Map((Tags ?? []).map(({ Key, Value }) => [Key, Value ?? '']));
  const run = tags.get('nf-escrow:run');
  if (ARN === undefined || run === undefined || DeletedDate !== undefined) return [];
  if (Name?.startsWith(`${prefix}/`) !== true || !Name.split('/').includes(run)) return [];
  const tag = (key: string): string => tags.get(`nf-escrow:${key}`) ?? '';
  return [{ arn: ARN, run, owner: tag('owner'), ledger: tag('ledger'), expiresAt: tag('expires-at') }];
}

async function leftSecrets(listed: readonly Listed[], sweeper: Sweeper): Promise<Leftover[]> {
  const left: Leftover[] = [];
  for (const { arn, run, owner, ledger, expiresAt } of listed) {
    const base = { kind: 'secret', target: arn, run, removed: false } as const;
    if (ledger === sweeper.ledger) {
      const standing = await sweeper.standingOf(run);
      if (standing === 'over')
        left.push({ ...base, why: 'its run is over, and was thought to have left nothing' });
      if (standing === 'unknown') left.push({ ...base, why: 'this ledger knows no such run' });
    } else if (owner === sweeper.owner && isLongGone(expiresAt, sweeper)) {
      left.push({
        ...base,
        why: `it expired at ${expiresAt}, and the machine that made it has not come back`,
      });
    }
  }
  return left;
}

async function leftDefinitions(
  batch: BatchClient,
  living: ReadonlySet<string>,
  sweeper: Sweeper,
): Promise<Leftover[]> {
  const { paginateDescribeJobDefinitions } = await import('@aws-sdk/client-batch');
  const left: Leftover[] = [];
  for await (const { jobDefinitions } of paginateDescribeJobDefinitions(
    { client: batch },
    { status: 'ACTIVE' },
  ))
    for (const { jobDefinitionArn, tags } of jobDefinitions ?? []) {
      const run = tags?.['nf-escrow:run'];
      if (run === undefined || jobDefinitionArn === undefined || living.has(run)) continue;
      if ((await sweeper.standingOf(run)) === 'open') continue;
      if (!isLongGone(tags?.['nextflow.io/createdAt'] ?? '', sweeper)) continue;
      const why = 'the secrets that it refers to are gone';
      left.push({ kind: 'job-definition', target: jobDefinitionArn, run, why, removed: false });
    }
  return left;
}

/** A time that cannot be read says nothing: then it stays. */
function isLongGone(time: string, { clock }: Sweeper): boolean {
  return Date.parse(time) + GRACE_MS < clock();
}
