import type { BatchClient, JobDefinition } from '@aws-sdk/client-batch';
import { accessFrom, type AwsAccess } from '../aws/access.ts';
import { lend, type OpenSession } from '../aws/clients.ts';
import type { LentCredentials } from '../aws/credentials.ts';
import { LateRequests } from '../aws/late-request.ts';
import type { Pace } from '../aws/repeat.ts';
import { withClient } from '../aws/with-client.ts';
import { noFaults, step, type Faults } from '../host/steps.ts';
import type { AwsCredentials } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Finding, Place, Removal } from './store.ts';

/** A definition carries its run's id in this tag; who registers it: plugin/, EscrowBatchTaskHandler.java. */
const RUN_TAG = 'nf-escrow:run';
const TARGET = /^arn:[a-z-]+:batch:[a-z0-9-]+:\d{12}:job-definition\/([A-Za-z0-9_-]{1,128})$/;

interface Means {
  readonly openSession: OpenSession;
  readonly lent: LentCredentials;
  readonly pace: Pace;
  /** Instead of LATE_MS. */
  readonly lateMs?: number;
  readonly faults?: Faults;
}

/** What a lease keeps of a definition: how to get there, and whose it is. */
export type DefinitionAnchor = AwsAccess & { readonly run: string };

/**
 * Job definitions that carry a run's references to secrets. Nextflow registers them as it submits tasks; here they are
 * only removed: by name and the run's tag, since those without are other runs' too, and whatever became of the reply.
 */
export class BatchJobDefinitions implements Removal {
  readonly kind = 'batch-job-definitions';
  readonly #means: Means;
  readonly #faults: Faults;
  readonly #late: LateRequests;

  constructor(means: Means) {
    this.#means = means;
    this.#late = new LateRequests(means.pace, means.lateMs);
    this.#faults = means.faults ?? noFaults;
  }

  async remove({ target, anchor }: Place): Promise<void> {
    await this.#with(target, anchor, async (batch, found) => {
      const { DeregisterJobDefinitionCommand } = await import('@aws-sdk/client-batch');
      for (const { jobDefinitionArn } of found)
        await step(this.#faults, 'aws.deregister-definition', () =>
          batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: jobDefinitionArn })),
        );
    });
  }

  async inspect({ target, anchor, sentAt }: Place): Promise<Finding> {
    return this.#with(target, anchor, async (_batch, [first]) => {
      this.#late.note({ target, sentAt });
      if (first !== undefined)
        return { state: 'present', how: `${String(first.jobDefinitionArn)} is active` };
      const waiting = this.#late.waiting({ target, sentAt });
      if (waiting !== undefined)
        return { state: 'present', how: `${target}: none is active, but ${waiting}` };
      this.#late.forget({ target, sentAt });
      return {
        state: 'absent',
        how: `${target}: no active revision has the run's tag (DescribeJobDefinitions); what was registered is inactive, and AWS lists it for 180 days`,
      };
    });
  }

  async look({ target, anchor }: Place): Promise<Finding> {
    return this.#with(target, anchor, async (_batch, [first]) =>
      first === undefined
        ? { state: 'absent', how: `${target}: no active revision has the run's tag (DescribeJobDefinitions)` }
        : { state: 'present', how: `${String(first.jobDefinitionArn)} is active` },
    );
  }

  async lend({ anchor }: Place, credentials: AwsCredentials): Promise<void> {
    await lend(accessFrom(anchor), this.#means.lent, credentials);
  }

  async #with<T>(
    target: string,
    anchor: string | null,
    work: (batch: BatchClient, found: JobDefinition[]) => Promise<T>,
  ): Promise<T> {
    const name = TARGET.exec(target)?.[1];
    if (name === undefined) throw new EscrowError('internal', `"${target}" is not a job definition.`);
    return withClient(
      { ...this.#means, service: (session) => session.batch() },
      anchor,
      `The job definition ${name} cannot be deregistered`,
      async (batch, { run }: DefinitionAnchor) =>
        work(batch, await step(this.#faults, 'aws.find-definitions', () => activeOf(batch, name, run))),
    );
  }
}

async function activeOf(batch: BatchClient, name: string, run: string): Promise<JobDefinition[]> {
  const { paginateDescribeJobDefinitions } = await import('@aws-sdk/client-batch');
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
