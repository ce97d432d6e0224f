import type { BatchClient, JobDefinition } from '@aws-sdk/client-batch';
import { decodeLocator, type AwsAccess } from '../../aws/session/access.ts';
import { runTag } from '../../aws/tags.ts';
import { provideCredentials, type OpenSession } from '../../aws/session/session.ts';
import type { ProvidedCredentials } from '../../aws/session/credentials.ts';
import { UnansweredRequests } from '../../aws/unanswered-requests.ts';
import type { Clock } from '../../system/time/clock.ts';
import { withClient } from '../../aws/session/with-client.ts';
import { noFaults, step, type FaultInjector } from '../../system/steps.ts';
import { partitionOf } from '../../contract/arn.ts';
import type { AwsCredentials } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { Observations } from './observations.ts';
import { awsWaits, type AwsWaits } from './waits.ts';
import type { Finding, LeaseLocation, JobDefinitionStore } from '../store.ts';
import { sdk } from '../../aws/session/sdk.ts';

const TARGET = /^arn:[a-z-]+:batch:[a-z0-9-]+:\d{12}:job-definition\/([A-Za-z0-9_-]{1,128})$/;

interface Dependencies {
  readonly openSession: OpenSession;
  readonly provided: ProvidedCredentials;
  readonly clock: Clock;
  readonly waits?: Pick<AwsWaits, 'late' | 'apart' | 'settling'>;
  readonly faults?: FaultInjector;
}

/** Locator of a job definition: access to AWS, and the run that registered it. */
type DefinitionLocator = AwsAccess & { readonly run: string };

/**
 * Job definitions that reference a run's secrets. Nextflow registers them when it submits tasks; this class only
 * deregisters them. It finds them by name and by the run's tag, even if the answer to the registration was lost.
 * Definitions without the tag may be shared with other runs. The list is eventually consistent, so an empty list is
 * checked twice.
 */
export class BatchJobDefinitions implements JobDefinitionStore {
  readonly kind = 'batch-job-definitions';
  readonly secretsKind = 'aws-secrets-manager';
  readonly #deps: Dependencies;
  readonly #faults: FaultInjector;
  readonly #waits: NonNullable<Dependencies['waits']>;
  readonly #late: UnansweredRequests;
  readonly #observations: Observations;

  constructor(deps: Dependencies) {
    this.#deps = deps;
    this.#waits = deps.waits ?? awsWaits;
    this.#observations = new Observations(deps.clock);
    this.#late = new UnansweredRequests(deps.clock, this.#waits.late);
    this.#faults = deps.faults ?? noFaults;
  }

  leaseOf(run: string, secretsLocator: string | null, name: string) {
    const access = decodeLocator(secretsLocator);
    const { region, account } = access;
    return {
      target: `arn:${partitionOf(region)}:batch:${region}:${account}:job-definition/${name}`,
      locator: JSON.stringify({ ...access, run } satisfies DefinitionLocator),
    };
  }

  async remove({ target, locator }: LeaseLocation): Promise<void> {
    await this.#with(target, locator, async (batch, list) => {
      const found = this.#note({ target, locator }, await list());
      const { DeregisterJobDefinitionCommand } = await sdk('@aws-sdk/client-batch');
      for (const { jobDefinitionArn } of found)
        await step(this.#faults, 'definitions.deregister', () =>
          batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: jobDefinitionArn })),
        );
    });
  }

  async inspect({ target, locator, sentAt }: LeaseLocation): Promise<Finding> {
    return this.#with(target, locator, async (_batch, list) => {
      this.#late.note({ target, sentAt });
      let [first] = this.#note({ target, locator }, await list());
      if (first === undefined && this.#observations.of(keyOf({ target, locator })).present) {
        await this.#deps.clock.sleep(this.#waits.settling);
        [first] = this.#note({ target, locator }, await list());
      }
      if (first !== undefined)
        return { state: 'present', evidence: `${String(first.jobDefinitionArn)} is active` };
      const waiting = this.#late.waiting({ target, sentAt }) ?? this.#unsettled({ target, locator, sentAt });
      if (waiting !== undefined)
        return { state: 'present', evidence: `${target}: no active revision found, but ${waiting}` };
      this.#late.forget({ target, sentAt });
      this.#observations.forget(keyOf({ target, locator }));
      return {
        state: 'absent',
        evidence: `${target}: no active revision with the run's tag in two checks (DescribeJobDefinitions); AWS lists deregistered revisions as inactive for 180 days`,
      };
    });
  }

  /**
   * Returns the reason to wait while an empty list may be outdated, because this process never saw an active
   * revision.
   */
  #unsettled({
    target,
    locator,
    sentAt,
  }: Pick<LeaseLocation, 'target' | 'locator' | 'sentAt'>): string | undefined {
    const now = this.#deps.clock.monotonic();
    const { present, absentSince = now } = this.#observations.of(keyOf({ target, locator }));
    const since = Math.max(absentSince, this.#late.until({ target, sentAt }));
    if (present || now - since >= this.#waits.apart) return undefined;
    return `the list may be outdated; nf-escrow checks again after ${String(this.#waits.apart / 1000)} s`;
  }

  #note(place: Pick<LeaseLocation, 'target' | 'locator'>, found: JobDefinition[]): JobDefinition[] {
    this.#observations.record(keyOf(place), found.length > 0);
    return found;
  }

  async inspectOnce({ target, locator }: LeaseLocation): Promise<Finding> {
    return this.#with(target, locator, async (_batch, list) => {
      const [first] = await list();
      return first === undefined
        ? {
            state: 'absent',
            evidence: `${target}: no active revision has the run's tag (DescribeJobDefinitions)`,
          }
        : { state: 'present', evidence: `${String(first.jobDefinitionArn)} is active` };
    });
  }

  async useCredentials({ locator }: LeaseLocation, credentials: AwsCredentials): Promise<void> {
    await provideCredentials(decodeLocator(locator), this.#deps.provided, credentials);
  }

  async #with<T>(
    target: string,
    locator: string | null,
    work: (batch: BatchClient, list: () => Promise<JobDefinition[]>) => Promise<T>,
  ): Promise<T> {
    const name = TARGET.exec(target)?.[1];
    if (name === undefined) throw new EscrowError('internal', `"${target}" is not a job definition.`);
    return withClient(
      { ...this.#deps, service: (session) => session.batch() },
      locator,
      `Cannot deregister job definition ${name}`,
      async (batch, { run }: DefinitionLocator) =>
        work(batch, () => step(this.#faults, 'definitions.find', () => activeOf(batch, name, run))),
    );
  }
}

/** The locator is part of the key because several runs can use the same name. */
function keyOf({ target, locator }: Pick<LeaseLocation, 'target' | 'locator'>): string {
  return `${target} ${String(locator)}`;
}

async function activeOf(batch: BatchClient, name: string, run: string): Promise<JobDefinition[]> {
  const { paginateDescribeJobDefinitions } = await sdk('@aws-sdk/client-batch');
  const found: JobDefinition[] = [];
  const pages = paginateDescribeJobDefinitions(
    { client: batch },
    { jobDefinitionName: name, status: 'ACTIVE' },
  );
  for await (const { jobDefinitions } of pages)
    found.push(
      ...(jobDefinitions ?? []).filter(({ tags, status }) => tags?.[runTag] === run && status === 'ACTIVE'),
    );
  return found;
}
