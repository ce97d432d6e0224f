import type { BatchClient, JobDefinition } from '@aws-sdk/client-batch';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsSettings } from '../contract/types.ts';
import { judgeDefinition } from './left-definitions.ts';
import { judgeSecret, seenSecret, type SeenSecret } from './left-secrets.ts';
import { accessOf } from './session/access.ts';
import { asAwsError, classifyFailure } from './session/aws-error.ts';
import type { OpenSession } from './session/session.ts';
import type { Sweeper } from '../stores/sweeper.ts';
import type { Leftover } from './sweeper.ts';
import { sdk } from './session/sdk.ts';

/**
 * Finds secrets under the prefix, and job definitions, that nobody will remove: of this ledger those whose run is over, and
 * of a run that it does not know, or of another ledger of the same owner, those that have expired. Whose they are is told by
 * what only their creator could write, never by tags alone. With `remove` those that may be removed are, each looked at
 * once more before; each that cannot be says why. Throws `aws-*`.
 */
export async function sweepAws(
  settings: AwsSettings,
  open: OpenSession,
  sweeper: Sweeper,
  remove: boolean,
): Promise<Leftover[]> {
  const session = await open(accessOf(settings));
  const [secrets, batch] = await Promise.all([session.secretsManager(), session.batch()]);
  const prefix = settings.prefix ?? 'nf-escrow';
  try {
    const left: Leftover[] = [];
    for (const secret of await listSecrets(secrets, prefix))
      left.push(...present(await judgeSecret(secret, sweeper)));
    const expired = new Set(left.flatMap(({ removable, target }) => (removable ? target : [])));
    const isUsable = async (arn: string): Promise<boolean> =>
      !expired.has(arn) && (await isThere(secrets, arn));
    for (const definition of await listDefinitions(batch))
      left.push(...present(await judgeDefinition(definition, sweeper, isUsable)));
    if (!remove) return left;
    const swept: Leftover[] = [];
    for (const one of left) {
      if (!one.removable) {
        swept.push(one);
        continue;
      }
      // What stays is told, and keeps nobody from removing the rest.
      const trouble = await removeOne({ secrets, batch }, one, sweeper).catch(
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

/** Gives why it was left alone after all; undefined once it is removed. */
async function removeOne(
  { secrets, batch }: { readonly secrets: SecretsManagerClient; readonly batch: BatchClient },
  { kind, target }: Leftover,
  sweeper: Sweeper,
): Promise<string | undefined> {
  if (kind === 'job-definition') {
    const { DeregisterJobDefinitionCommand } = sdk('@aws-sdk/client-batch');
    await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: target }));
    return undefined;
  }
  const { DeleteSecretCommand, DescribeSecretCommand } = sdk('@aws-sdk/client-secrets-manager');
  // A list lags behind: its machine may have come back, and moved its expiry on.
  const now = seenSecret(await secrets.send(new DescribeSecretCommand({ SecretId: target })));
  if (now !== undefined && (await judgeSecret(now, sweeper))?.removable !== true)
    return 'It was changed while this looked at it.';
  await secrets.send(new DeleteSecretCommand({ SecretId: target, ForceDeleteWithoutRecovery: true }));
  return undefined;
}

/** By name: a filter by tags would not find one whose tags were taken away. */
async function listSecrets(client: SecretsManagerClient, prefix: string): Promise<SeenSecret[]> {
  const { paginateListSecrets } = sdk('@aws-sdk/client-secrets-manager');
  const filters = [{ Key: 'name' as const, Values: [`${prefix}/`] }];
  const listed: SeenSecret[] = [];
  for await (const { SecretList } of paginateListSecrets({ client }, { Filters: filters }))
    for (const entry of SecretList ?? []) listed.push(...present(seenSecret(entry)));
  return listed.filter(({ name }) => name.startsWith(`${prefix}/`));
}

async function listDefinitions(batch: BatchClient): Promise<JobDefinition[]> {
  const { paginateDescribeJobDefinitions } = sdk('@aws-sdk/client-batch');
  const found: JobDefinition[] = [];
  const pages = paginateDescribeJobDefinitions({ client: batch }, { status: 'ACTIVE' });
  for await (const { jobDefinitions } of pages) found.push(...(jobDefinitions ?? []));
  return found;
}

/** A secret that we may not look at is somebody's. */
async function isThere(client: SecretsManagerClient, arn: string): Promise<boolean> {
  const { DescribeSecretCommand } = sdk('@aws-sdk/client-secrets-manager');
  try {
    await client.send(new DescribeSecretCommand({ SecretId: arn }));
    return true;
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure === 'denied') return true;
    if (failure === 'not-found') return false;
    throw error;
  }
}

function present<T>(found: T | undefined): T[] {
  return found === undefined ? [] : [found];
}
