import type { BatchClient, JobDefinition } from '@aws-sdk/client-batch';
import { accessFrom, type AwsAccess } from '../../aws/session/access.ts';
import { lend, type OpenSession } from '../../aws/session/session.ts';
import type { LentCredentials } from '../../aws/session/credentials.ts';
import { LateRequests } from '../../aws/unanswered-requests.ts';
import type { Pace } from '../../aws/retry.ts';
import { withClient } from '../../aws/session/with-client.ts';
import { noFaults, step, type Faults } from '../../system/steps.ts';
import type { AwsCredentials } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { awsWaits, type AwsWaits } from './secrets-manager.ts';
import type { Finding, Place, Removal } from '../store.ts';
import { sdk } from '../../aws/session/sdk.ts';

/** A definition carries its run's id in this tag; who registers it: plugin/, EscrowBatchTaskHandler.java. */
const RUN_TAG = 'nf-escrow:run';
const TARGET = /^arn:[a-z-]+:batch:[a-z0-9-]+:\d{12}:job-definition\/([A-Za-z0-9_-]{1,128})$/;

interface Means {
  readonly openSession: OpenSession;
  readonly lent: LentCredentials;
  readonly pace: Pace;
  readonly waits?: Pick<AwsWaits, 'late' | 'apart' | 'settling'>;
  readonly faults?: Faults;
}

/** What this process saw of a run's revisions of one name. */
interface Sight {
  /** One was active, so that what is not listed any more was deregistered. */
  seen: boolean;
  /** Since when none is listed, as `elapsed` counts. */
  absentSince: number | undefined;
}

/** What a lease keeps of a definition: how to get there, and whose it is. */
export type DefinitionAnchor = AwsAccess & { readonly run: string };

/**
 * Job definitions that carry a run's references to secrets. Nextflow registers them as it submits tasks; here they are
 * only removed: by name and the run's tag, since those without are other runs' too, and whatever became of the reply.
 * A list lags behind what was registered: one that has nothing is looked at twice.
 */
export class BatchJobDefinitions implements Removal {
  readonly kind = 'batch-job-definitions';
  readonly #means: Means;
  readonly #faults: Faults;
  readonly #waits: NonNullable<Means['waits']>;
  readonly #late: LateRequests;
  readonly #sights = new Map<string, Sight>();

  constructor(means: Means) {
    this.#means = means;
    this.#waits = means.waits ?? awsWaits;
    this.#late = new LateRequests(means.pace, this.#waits.late);
    this.#faults = means.faults ?? noFaults;
  }

  async remove({ target, anchor }: Place): Promise<void> {
    await this.#with(target, anchor, async (batch, list) => {
      const found = this.#note({ target, anchor }, await list());
      const { DeregisterJobDefinitionCommand } = sdk('@aws-sdk/client-batch');
      for (const { jobDefinitionArn } of found)
        await step(this.#faults, 'aws.deregister-definition', () =>
          batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: jobDefinitionArn })),
        );
    });
  }

  async inspect({ target, anchor, sentAt }: Place): Promise<Finding> {
    return this.#with(target, anchor, async (_batch, list) => {
      this.#late.note({ target, sentAt });
      let [first] = this.#note({ target, anchor }, await list());
      if (first === undefined && this.#sightOf({ target, anchor }).seen) {
        await this.#means.pace.sleep(this.#waits.settling);
        [first] = this.#note({ target, anchor }, await list());
      }
      if (first !== undefined)
        return { state: 'present', how: `${String(first.jobDefinitionArn)} is active` };
      const waiting = this.#late.waiting({ target, sentAt }) ?? this.#unsettled({ target, anchor, sentAt });
      if (waiting !== undefined)
        return { state: 'present', how: `${target}: none is active, but ${waiting}` };
      this.#late.forget({ target, sentAt });
      this.#sights.delete(keyOf({ target, anchor }));
      return {
        state: 'absent',
        how: `${target}: twice no active revision had the run's tag (DescribeJobDefinitions); what was registered is inactive, and AWS lists it for 180 days`,
      };
    });
  }

  /** What is to be said while a list that has none may only lag behind: nobody here saw one be active. */
  #unsettled({ target, anchor, sentAt }: Pick<Place, 'target' | 'anchor' | 'sentAt'>): string | undefined {
    const now = this.#means.pace.elapsed();
    const { seen, absentSince = now } = this.#sightOf({ target, anchor });
    const since = Math.max(absentSince, this.#late.until({ target, sentAt }));
    if (seen || now - since >= this.#waits.apart) return undefined;
    return `nobody saw it go; it is looked for once more after ${String(this.#waits.apart / 1000)} s`;
  }

  #note(place: Pick<Place, 'target' | 'anchor'>, found: JobDefinition[]): JobDefinition[] {
    const sight = this.#sightOf(place);
    if (found.length > 0) this.#sights.set(keyOf(place), { seen: true, absentSince: undefined });
    else sight.absentSince ??= this.#means.pace.elapsed();
    return found;
  }

  #sightOf(place: Pick<Place, 'target' | 'anchor'>): Sight {
    const sight = this.#sights.get(keyOf(place)) ?? { seen: false, absentSince: undefined };
    this.#sights.set(keyOf(place), sight);
    return sight;
  }

  async look({ target, anchor }: Place): Promise<Finding> {
    return this.#with(target, anchor, async (_batch, list) => {
      const [first] = await list();
      return first === undefined
        ? { state: 'absent', how: `${target}: no active revision has the run's tag (DescribeJobDefinitions)` }
        : { state: 'present', how: `${String(first.jobDefinitionArn)} is active` };
    });
  }

  async lend({ anchor }: Place, credentials: AwsCredentials): Promise<void> {
    await lend(accessFrom(anchor), this.#means.lent, credentials);
  }

  async #with<T>(
    target: string,
    anchor: string | null,
    work: (batch: BatchClient, list: () => Promise<JobDefinition[]>) => Promise<T>,
  ): Promise<T> {
    const name = TARGET.exec(target)?.[1];
    if (name === undefined) throw new EscrowError('internal', `"${target}" is not a job definition.`);
    return withClient(
      { ...this.#means, service: (session) => session.batch() },
      anchor,
      `The job definition ${name} cannot be deregistered`,
      async (batch, { run }: DefinitionAnchor) =>
        work(batch, () => step(this.#faults, 'aws.find-definitions', () => activeOf(batch, name, run))),
    );
  }
}

/** Runs may have a name in common; the anchor says which it is of. */
function keyOf({ target, anchor }: Pick<Place, 'target' | 'anchor'>): string {
  return `${target} ${String(anchor)}`;
}

async function activeOf(batch: BatchClient, name: string, run: string): Promise<JobDefinition[]> {
  const { paginateDescribeJobDefinitions } = sdk('@aws-sdk/client-batch');
  const found: JobDefinition[] = [];
  const pages = paginateDescribeJobDefinitions(
    { client: batch },
    { jobDefinitionName: name, status: 'ACTIVE' },
  );
  for await (const { jobDefinitions } of pages)
    found.push(
      ...(jobDefinitions ?? []).filter(({ tags, status }) => tags?.[RUN_TAG] === run && status === 'ACTIVE'),
    );
  return found;
}
