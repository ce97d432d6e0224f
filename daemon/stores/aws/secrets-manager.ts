import { withoutServer } from '../../contract/object-names.ts';
import { isUtf8 } from 'node:buffer';
import type { DescribeSecretResponse, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { cacheQueueChecks, type assertTakesSecrets } from '../../aws/batch/queue.ts';
import { decodeLocator, accessOf, encodeLocator } from '../../aws/session/access.ts';
import { parseArn, partitionOf } from '../../contract/arn.ts';
import { ignoreNotFound } from '../../aws/session/aws-error.ts';
import { configuredEndpoint, provideCredentials, type OpenSession } from '../../aws/session/session.ts';
import type { ProvidedCredentials } from '../../aws/session/credentials.ts';
import { retryIdempotent } from '../../aws/retry.ts';
import type { Clock } from '../../system/time/clock.ts';
import { poll } from '../../system/time/retry.ts';
import { creationToken } from '../../aws/provenance.ts';
import { asTag, tagsOf } from '../../aws/tags.ts';
import { withClient } from '../../aws/session/with-client.ts';
import { noFaults, step, type FaultInjector } from '../../system/steps.ts';
import type { AwsCredentials, AwsSettings, ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { runFiles } from '../../run-directory/layout.ts';
import { createSecret } from './create-once.ts';
import { SecretAbsence } from './secret-absence.ts';
import { awsSettingsOf } from './settings.ts';
import { awsWaits, type AwsWaits } from './waits.ts';
import { splitIntoBundles, encodeBundle } from './bundle.ts';
import type {
  Bundle,
  DeadManSwitch,
  DeliveryRequest,
  Finding,
  LeaseLocation,
  ObjectStore,
  Ownership,
  Placement,
  References,
  SecretsStore,
} from '../store.ts';
import { sdk } from '../../aws/session/sdk.ts';

interface Dependencies {
  readonly openSession: OpenSession;
  readonly provided: ProvidedCredentials;
  /** Owner of the secrets, written to their tags. */
  readonly owner: string;
  readonly waits?: AwsWaits;
  readonly clock: Clock;
  readonly faults?: FaultInjector;
  readonly guard?: DeadManSwitch;
}

/** Between two descriptions of a secret whose deletion is in progress. */
const DELETION_PAUSES = { first: 250, longest: 2000 };

/** The name ends with ORGANIZATION.WORKSPACE/RUN, then optionally a number or the name of a secret. */
const TARGET =
  /^arn:[a-z-]+:secretsmanager:([a-z0-9-]+):\d{12}:secret:(\S+\/[a-z0-9-]+\.[a-z0-9-]+\/r[0-9a-z]+(?:\/\w+)?)$/;

/** Keeps the secrets of a run in AWS Secrets Manager. A target is an ARN without the random suffix. */
export class AwsSecretsManager implements SecretsStore, ObjectStore {
  readonly kind = 'aws-secrets-manager';
  readonly objects = this;
  readonly guard: DeadManSwitch | undefined;
  readonly #deps: Dependencies;
  readonly #waits: AwsWaits;
  readonly #faults: FaultInjector;
  readonly #absence: SecretAbsence;
  readonly #assertTakesSecrets: typeof assertTakesSecrets;

  constructor(deps: Dependencies) {
    this.#deps = deps;
    this.guard = deps.guard;
    this.#waits = deps.waits ?? awsWaits;
    this.#faults = deps.faults ?? noFaults;
    this.#absence = new SecretAbsence(deps.clock, this.#waits);
    this.#assertTakesSecrets = cacheQueueChecks(deps.clock.now);
  }

  split({ run, workspace, environment, secrets }: DeliveryRequest): Bundle[] {
    const settings = awsSettingsOf(environment);
    const { region, account } = accessOf(settings);
    const base = `${settings.prefix ?? 'nf-escrow'}/${withoutServer(workspace).replace('/', '.')}/${run}`;
    return splitIntoBundles(settings.layout ?? 'bundle', secrets).map(({ suffix, names }) => ({
      target: `arn:${partitionOf(region)}:secretsmanager:${region}:${account}:secret:${base}${suffix}`,
      secrets: new Map([...secrets].filter(([name]) => names.includes(name)).sort()),
    }));
  }

  carriesAnyValue(): boolean {
    return false;
  }

  findUndeliverable(secrets: ReadonlyMap<string, SecretValue>): ReadonlyMap<string, string> {
    const found = [...secrets].filter(([, value]) => !isUtf8(value.open()));
    return new Map(
      found.map(([name]) => [name, 'AWS Batch cannot carry its value, which is not UTF-8 text']),
    );
  }

  /**
   * Verifies account, region and identity first, so that nothing is recorded for a run whose secrets cannot be
   * created.
   */
  async prepare(_target: string, environment: ComputeEnvironment): Promise<string> {
    const settings = awsSettingsOf(environment);
    const access = accessOf(settings);
    const session = await this.#deps.openSession(access);
    await this.#assertTakesSecrets(session, settings);
    const endpoint = await configuredEndpoint(session);
    return encodeLocator({ ...access, endpoint, identity: session.identity.arn });
  }

  heldLocator(environment: ComputeEnvironment, server: string): string {
    return encodeLocator({ ...accessOf(awsSettingsOf(environment)), server });
  }

  runDirectoryFiles(locator: string, { owner, ledger }: Ownership): Readonly<Record<string, string>> {
    const tags = { owner: asTag(owner), ledger: asTag(ledger) };
    return { [runFiles.access]: JSON.stringify({ ...decodeLocator(locator), ...tags }) };
  }

  async place(placement: Placement): Promise<References> {
    const { target, locator, secrets, environment, run, workspace, ledger, expiresAt } = placement;
    const settings = awsSettingsOf(environment);
    const access = decodeLocator(locator);
    const [name, clock] = [nameOf(target), this.#deps.clock];
    const form = formOf(target, settings, secrets);
    const session = await this.#deps.openSession(access);
    const client = await session.secretsManager();
    const { owner } = this.#deps;
    const tags = { run, workspace, ledger, owner, 'expires-at': expiresAt };
    const token = creationToken(name, { owner, ledger });
    const arn = await createSecret(
      client,
      access,
      { name, text: encodeBundle({ form }, secrets), kmsKey: settings.kmsKey, tags: tagsOf(tags), token },
      { noteSent: placement.noteSent, forMs: this.#waits.placing, clock },
      this.#faults,
    ).finally(() => client.destroy());
    const keys = [...secrets.keys()];
    return new Map(keys.map((key) => [key, form === 'value' ? arn : `${arn}:${key}::`]));
  }

  /** Checks that the secret exists before deleting it: a deletion proves nothing for a secret that was never seen. */
  async remove({ target, locator, sentAt }: LeaseLocation): Promise<void> {
    const name = nameOf(target);
    this.#absence.noteRequest({ target, sentAt });
    await this.#with(locator, `Cannot delete secret ${name}`, async (client) => {
      const { DeleteSecretCommand } = await sdk('@aws-sdk/client-secrets-manager');
      this.#note(target, await this.#describe(client, name));
      const command = new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true });
      await step(this.#faults, 'object.delete', () =>
        this.#ask(() => client.send(command)).catch(ignoreNotFound),
      );
    });
  }

  async inspect({ target, locator, sentAt }: LeaseLocation): Promise<Finding> {
    const name = nameOf(target);
    this.#absence.noteRequest({ target, sentAt });
    return this.#with(locator, `Cannot look up secret ${name}`, async (client) => {
      const found = await this.#awaitDeletion(client, target, name);
      if (found !== undefined)
        return {
          state: 'present',
          evidence:
            found.DeletedDate === undefined
              ? `${target} exists`
              : `${target}: deletion in progress since ${found.DeletedDate.toISOString()}`,
        };
      return this.#absence.judge({ target, sentAt });
    });
  }

  async inspectOnce({ target, locator }: LeaseLocation): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(locator, `Cannot look up secret ${name}`, async (client) =>
      (await this.#describe(client, name)) === undefined
        ? { state: 'absent', evidence: `${target}: not found (DescribeSecret)` }
        : { state: 'present', evidence: `${target} exists` },
    );
  }

  /** Returns the description of the secret; undefined once it is not found, twice if this process saw it before. */
  async #awaitDeletion(
    client: SecretsManagerClient,
    target: string,
    name: string,
  ): Promise<DescribeSecretResponse | undefined> {
    const { clock } = this.#deps;
    const look = async (): Promise<DescribeSecretResponse | undefined> =>
      this.#note(target, await this.#describe(client, name));
    const repetition = { pauses: DELETION_PAUSES, forMs: this.#waits.deleting, clock };
    const found = await poll(look, (one) => one?.DeletedDate === undefined, repetition);
    if (found !== undefined || !this.#absence.wasPresent(target)) return found;
    await clock.sleep(this.#waits.settling);
    return look();
  }

  async useCredentials({ locator }: LeaseLocation, credentials: AwsCredentials): Promise<void> {
    await provideCredentials(decodeLocator(locator), this.#deps.provided, credentials);
  }

  async renew({ target, locator }: LeaseLocation, expiresAt: string): Promise<void> {
    const name = nameOf(target);
    await this.#with(locator, `Cannot extend the expiry of secret ${name}`, async (client) => {
      const { TagResourceCommand } = await sdk('@aws-sdk/client-secrets-manager');
      const tags = Object.entries(tagsOf({ 'expires-at': expiresAt })).map(([Key, Value]) => ({
        Key,
        Value,
      }));
      const command = new TagResourceCommand({ SecretId: name, Tags: tags });
      await this.#ask(() => client.send(command));
    });
  }

  async #describe(client: SecretsManagerClient, name: string): Promise<DescribeSecretResponse | undefined> {
    const { DescribeSecretCommand } = await sdk('@aws-sdk/client-secrets-manager');
    return step(this.#faults, 'object.describe', () =>
      this.#ask(() => client.send(new DescribeSecretCommand({ SecretId: name }))).catch(ignoreNotFound),
    );
  }

  #note(target: string, found: DescribeSecretResponse | undefined): DescribeSecretResponse | undefined {
    this.#absence.noteAnswer(target, found !== undefined);
    return found;
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    return retryIdempotent(work, this.#deps.clock, this.#waits.asking);
  }

  #with<T>(
    locator: string | null,
    what: string,
    work: (client: SecretsManagerClient) => Promise<T>,
  ): Promise<T> {
    return withClient({ ...this.#deps, service: (session) => session.secretsManager() }, locator, what, work);
  }
}

/** Returns the form of a target's text: splitting its secrets again gives the same bundle, and its form. */
function formOf(
  target: string,
  settings: AwsSettings,
  secrets: ReadonlyMap<string, SecretValue>,
): 'value' | 'object' {
  const [bundle] = splitIntoBundles(settings.layout ?? 'bundle', secrets);
  if (bundle === undefined) throw new EscrowError('internal', `Cannot create ${target}: it has no secrets.`);
  return bundle.form;
}

/**
 * Returns the secret's name. Throws for a target that is not named like a run's secret, so no other secret is
 * touched.
 */
function nameOf(target: string): string {
  const name = TARGET.exec(target)?.[2];
  if (name !== undefined && parseArn(target) !== undefined) return name;
  throw new EscrowError('internal', `"${target}" is not a secret of a run.`);
}
