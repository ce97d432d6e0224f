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
 * Finds leftover secrets below the prefix and leftover job definitions. Objects of this ledger are leftovers if their
 * run is purged. Objects of unknown runs, or of another ledger of the same owner, are leftovers once they have
 * expired. Ownership is established by data that only the creator could write, never by tags alone. With `remove`,
 * checks each removable object once more and removes it, or reports why it was kept. Throws `aws-*`.
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
      !expired.has(arn) && (await exists(secrets, arn));
    for (const definition of await listDefinitions(batch))
      left.push(...present(await judgeDefinition(definition, sweeper, isUsable)));
    if (!remove) return left;
    const swept: Leftover[] = [];
    for (const one of left) {
      if (!one.removable) {
        swept.push(one);
        continue;
      }
      // A failed removal is reported and does not stop the others.
      const failure = await removeOne({ secrets, batch }, one, sweeper).catch(
        (error: unknown) => asAwsError('Removal failed', session.access, error).message,
      );
      swept.push(failure === undefined ? { ...one, removed: true } : { ...one, error: failure });
    }
    return swept;
  } catch (error) {
    throw asAwsError('Cannot search AWS for leftovers', session.access, error);
  } finally {
    secrets.destroy();
    batch.destroy();
  }
}

/** Returns why the object was kept; undefined once it is removed. */
async function removeOne(
  { secrets, batch }: { readonly secrets: SecretsManagerClient; readonly batch: BatchClient },
  { kind, target }: Leftover,
  sweeper: Sweeper,
): Promise<string | undefined> {
  if (kind === 'job-definition') {
    const { DeregisterJobDefinitionCommand } = await sdk('@aws-sdk/client-batch');
    await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: target }));
    return undefined;
  }
  const { DeleteSecretCommand, DescribeSecretCommand } = await sdk('@aws-sdk/client-secrets-manager');
  // ListSecrets is eventually consistent: a returning machine may have extended the expiry.
  const now = seenSecret(await secrets.send(new DescribeSecretCommand({ SecretId: target })));
  if (now !== undefined && (await judgeSecret(now, sweeper))?.removable !== true)
    return 'The secret changed during the sweep.';
  await secrets.send(new DeleteSecretCommand({ SecretId: target, ForceDeleteWithoutRecovery: true }));
  return undefined;
}

/** Filters by name, because a tag filter would miss secrets whose tags were removed. */
async function listSecrets(client: SecretsManagerClient, prefix: string): Promise<SeenSecret[]> {
  const { paginateListSecrets } = await sdk('@aws-sdk/client-secrets-manager');
  const filters = [{ Key: 'name' as const, Values: [`${prefix}/`] }];
  const listed: SeenSecret[] = [];
  for await (const { SecretList } of paginateListSecrets({ client }, { Filters: filters }))
    for (const entry of SecretList ?? []) listed.push(...present(seenSecret(entry)));
  return listed.filter(({ name }) => name.startsWith(`${prefix}/`));
}

async function listDefinitions(batch: BatchClient): Promise<JobDefinition[]> {
  const { paginateDescribeJobDefinitions } = await sdk('@aws-sdk/client-batch');
  const found: JobDefinition[] = [];
  const pages = paginateDescribeJobDefinitions({ client: batch }, { status: 'ACTIVE' });
  for await (const { jobDefinitions } of pages) found.push(...(jobDefinitions ?? []));
  return found;
}

/**
 * Returns whether the secret exists. A secret that cannot be described for lack of permission exists, and is
 * somebody's.
 */
async function exists(client: SecretsManagerClient, arn: string): Promise<boolean> {
  const { DescribeSecretCommand } = await sdk('@aws-sdk/client-secrets-manager');
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
