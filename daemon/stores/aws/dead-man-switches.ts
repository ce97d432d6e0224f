import type { CreateScheduleCommandInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { accessFrom, type AwsAccess } from '../../aws/session/access.ts';
import { asAwsError, ignoreNotFound } from '../../aws/session/aws-error.ts';
import { lend, type OpenSession } from '../../aws/session/session.ts';
import type { LentCredentials } from '../../aws/session/credentials.ts';
import { LateRequests } from '../../aws/unanswered-requests.ts';
import { ask, type Pace } from '../../aws/retry.ts';
import { withClient } from '../../aws/session/with-client.ts';
import { noFaults, step, type Faults } from '../../system/steps.ts';
import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { AwsCredentials, ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { makeOnce } from './create-once.ts';
import type { Finding, Guarded, Place, Placement, References, Switch } from '../store.ts';
import { sdk } from '../../aws/session/sdk.ts';

/** So long after the lease has run out it goes off: a live head, and its daemon, move the lease on every twelve hours. */
const GRACE_MS = 24 * 3600_000;
/** As of secrets: how long things are tried, in milliseconds. */
const PLACING_MS = 40_000;
const ASKING_MS = 8000;
const TARGET = /^arn:[a-z-]+:scheduler:[a-z0-9-]+:\d{12}:schedule\/default\/(nf-escrow-r[0-9a-z]+-\d{1,5})$/;

interface Means {
  readonly openSession: OpenSession;
  readonly lent: LentCredentials;
  readonly pace: Pace;
  /** Instead of LATE_MS. */
  readonly lateMs?: number;
  readonly faults?: Faults;
}

/** What a lease keeps of a switch: how to get there, what it deletes, and as whom. */
type SwitchAnchor = AwsAccess & { readonly secret: string; readonly switchRole: string };

/**
 * One-time schedules of EventBridge Scheduler, each of which deletes one AWS secret unless it is moved on: for the machine
 * that never comes back. It is there before its secret, and goes after it. What it is told is the secret's ARN, without
 * the random end, which is not known yet: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
 */
export class DeadManSwitches implements Switch {
  readonly kind = 'dead-man-switches';
  readonly #means: Means;
  readonly #faults: Faults;
  readonly #late: LateRequests;

  constructor(means: Means) {
    this.#means = means;
    this.#late = new LateRequests(means.pace, means.lateMs);
    this.#faults = means.faults ?? noFaults;
  }

  over({ run, index, target: secret, anchor }: Guarded, { aws }: ComputeEnvironment) {
    if (aws?.deadMan !== true || aws.deadManRole === undefined) return undefined;
    const access = accessFrom(anchor);
    const { region, account } = access;
    return {
      target: `arn:${partitionOf(region)}:scheduler:${region}:${account}:schedule/default/nf-escrow-${run}-${String(index)}`,
      anchor: JSON.stringify({ ...access, secret, switchRole: aws.deadManRole } satisfies SwitchAnchor),
    };
  }

  async place({
    target,
    anchor,
    expiresAt,
    noteSent,
  }: Pick<Placement, 'target' | 'anchor' | 'expiresAt' | 'noteSent'>): Promise<References> {
    const name = nameOf(target);
    const access = accessFrom(anchor) as SwitchAnchor;
    const { CreateScheduleCommand, GetScheduleCommand } = sdk('@aws-sdk/client-scheduler');
    const session = await this.#means.openSession(access);
    const client = await session.scheduler();
    const schedule = scheduleOf(name, access, expiresAt);
    const adopt = async (): Promise<true | undefined> => {
      const { Target } = await step(this.#faults, 'aws.find-switch', () =>
        client.send(new GetScheduleCommand({ Name: name })),
      );
      return Target?.Input === schedule.Target?.Input ? true : undefined;
    };
    try {
      const make = async (): Promise<true> => {
        await step(this.#faults, 'aws.create-switch', () => client.send(new CreateScheduleCommand(schedule)));
        return true;
      };
      await makeOnce(make, adopt, {
        noteSent,
        forMs: PLACING_MS,
        pace: this.#means.pace,
      });
      return new Map();
    } catch (error) {
      throw asAwsError(`The dead man's switch ${name} cannot be made`, access, error);
    } finally {
      client.destroy();
    }
  }

  async remove({ target, anchor }: Place): Promise<void> {
    const name = nameOf(target);
    await this.#with(anchor, `The dead man's switch ${name} cannot be removed`, async (client) => {
      const { DeleteScheduleCommand } = sdk('@aws-sdk/client-scheduler');
      await step(this.#faults, 'aws.delete-switch', () =>
        this.#ask(() => client.send(new DeleteScheduleCommand({ Name: name }))).catch(ignoreNotFound),
      );
    });
  }

  async inspect({ target, anchor, sentAt }: Place): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(anchor, `The dead man's switch ${name} cannot be looked for`, async (client) => {
      this.#late.note({ target, sentAt });
      if (await this.#isThere(client, name)) return { state: 'present', how: `${target} is there` };
      const waiting = this.#late.waiting({ target, sentAt });
      if (waiting !== undefined) return { state: 'present', how: `${target}: not found, but ${waiting}` };
      this.#late.forget({ target, sentAt });
      return { state: 'absent', how: `${target}: not found (GetSchedule)` };
    });
  }

  async look({ target, anchor }: Place): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(anchor, `The dead man's switch ${name} cannot be looked for`, async (client) =>
      (await this.#isThere(client, name))
        ? { state: 'present', how: `${target} is there` }
        : { state: 'absent', how: `${target}: not found (GetSchedule)` },
    );
  }

  async #isThere(client: SchedulerClient, name: string): Promise<boolean> {
    const { GetScheduleCommand } = sdk('@aws-sdk/client-scheduler');
    const found = await step(this.#faults, 'aws.find-switch', () =>
      this.#ask(() => client.send(new GetScheduleCommand({ Name: name }))).catch(ignoreNotFound),
    );
    return found !== undefined;
  }

  /** Moves it on. One that is not there any more is not made again. */
  async renew({ target, anchor }: Place, expiresAt: string): Promise<void> {
    const name = nameOf(target);
    await this.#with(anchor, `The dead man's switch ${name} cannot be moved on`, async (client, access) => {
      const { UpdateScheduleCommand } = sdk('@aws-sdk/client-scheduler');
      await this.#ask(() => client.send(new UpdateScheduleCommand(scheduleOf(name, access, expiresAt))));
    });
  }

  async lend({ anchor }: Place, credentials: AwsCredentials): Promise<void> {
    await lend(accessFrom(anchor), this.#means.lent, credentials);
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    return ask(work, this.#means.pace, ASKING_MS);
  }

  #with<T>(
    anchor: string | null,
    what: string,
    work: (client: SchedulerClient, access: SwitchAnchor) => Promise<T>,
  ): Promise<T> {
    return withClient({ ...this.#means, service: (session) => session.scheduler() }, anchor, what, work);
  }
}

/** The same for the same name, secret and time: so a request can be repeated. It vanishes by itself once it has gone off. */
function scheduleOf(
  name: string,
  { region, secret, switchRole }: SwitchAnchor,
  expiresAt: string,
): CreateScheduleCommandInput {
  const at = new Date(Date.parse(expiresAt) + GRACE_MS).toISOString().slice(0, 19);
  return {
    Name: name,
    Description: "Deletes the secret of a Nextflow run whose machine never came back; nf-escrow's",
    ClientToken: `${name}-${at.replace(/\D/g, '')}`.slice(-64),
    ScheduleExpression: `at(${at})`,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: `arn:${partitionOf(region)}:scheduler:::aws-sdk:secretsmanager:deleteSecret`,
      RoleArn: switchRole,
      Input: JSON.stringify({ SecretId: secret, ForceDeleteWithoutRecovery: true }),
    },
  };
}

/** Nothing that is not named as ours are is ever touched. */
function nameOf(target: string): string {
  const name = TARGET.exec(target)?.[1];
  if (name !== undefined && parseArn(target) !== undefined) return name;
  throw new EscrowError('internal', `"${target}" is not a dead man's switch of a run.`);
}
