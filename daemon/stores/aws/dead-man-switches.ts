import type { CreateScheduleCommandInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { decodeLocator, type AwsAccess } from '../../aws/session/access.ts';
import { asAwsError, ignoreNotFound } from '../../aws/session/aws-error.ts';
import { provideCredentials, type OpenSession } from '../../aws/session/session.ts';
import type { ProvidedCredentials } from '../../aws/session/credentials.ts';
import { UnansweredRequests } from '../../aws/unanswered-requests.ts';
import { retryIdempotent } from '../../aws/retry.ts';
import type { Clock } from '../../system/time/clock.ts';
import { withClient } from '../../aws/session/with-client.ts';
import { noFaults, step, type FaultInjector } from '../../system/steps.ts';
import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { AwsCredentials, ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { createOnce } from './create-once.ts';
import type { Finding, GuardedLease, LeaseLocation, Placement, References, DeadManSwitch } from '../store.ts';
import { sdk } from '../../aws/session/sdk.ts';

/** So long after the lease has run out it goes off: a live head, and its daemon, move the lease on every twelve hours. */
const GRACE_MS = 24 * 3600_000;
/** As of secrets: how long things are tried, in milliseconds. */
const PLACING_MS = 40_000;
const ASKING_MS = 8000;
const TARGET = /^arn:[a-z-]+:scheduler:[a-z0-9-]+:\d{12}:schedule\/default\/(nf-escrow-r[0-9a-z]+-\d{1,5})$/;

interface Dependencies {
  readonly openSession: OpenSession;
  readonly provided: ProvidedCredentials;
  readonly clock: Clock;
  /** Instead of LATE_MS. */
  readonly lateMs?: number;
  readonly faults?: FaultInjector;
}

/** What a lease keeps of a switch: how to get there, what it deletes, and as whom. */
type SwitchLocator = AwsAccess & { readonly secret: string; readonly switchRole: string };

/**
 * One-time schedules of EventBridge Scheduler, each of which deletes one AWS secret unless it is moved on: for the machine
 * that never comes back. It is there before its secret, and goes after it. What it is told is the secret's ARN, without
 * the random end, which is not known yet: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
 */
export class DeadManSwitches implements DeadManSwitch {
  readonly kind = 'dead-man-switches';
  /** While a secret cannot be removed, its switch may be what removes it. */
  readonly removedLast = true;
  readonly #deps: Dependencies;
  readonly #faults: FaultInjector;
  readonly #late: UnansweredRequests;

  constructor(deps: Dependencies) {
    this.#deps = deps;
    this.#late = new UnansweredRequests(deps.clock, deps.lateMs);
    this.#faults = deps.faults ?? noFaults;
  }

  switchFor({ run, index, target: secret, locator }: GuardedLease, { aws }: ComputeEnvironment) {
    if (aws?.deadMan !== true || aws.deadManRole === undefined) return undefined;
    const access = decodeLocator(locator);
    const { region, account } = access;
    return {
      target: `arn:${partitionOf(region)}:scheduler:${region}:${account}:schedule/default/nf-escrow-${run}-${String(index)}`,
      locator: JSON.stringify({ ...access, secret, switchRole: aws.deadManRole } satisfies SwitchLocator),
    };
  }

  async place({
    target,
    locator,
    expiresAt,
    noteSent,
  }: Pick<Placement, 'target' | 'locator' | 'expiresAt' | 'noteSent'>): Promise<References> {
    const name = nameOf(target);
    const access = decodeLocator(locator) as SwitchLocator;
    const { CreateScheduleCommand, GetScheduleCommand } = sdk('@aws-sdk/client-scheduler');
    const session = await this.#deps.openSession(access);
    const client = await session.eventScheduler();
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
      await createOnce(make, adopt, {
        noteSent,
        forMs: PLACING_MS,
        clock: this.#deps.clock,
      });
      return new Map();
    } catch (error) {
      throw asAwsError(`The dead man's switch ${name} cannot be made`, access, error);
    } finally {
      client.destroy();
    }
  }

  async remove({ target, locator }: LeaseLocation): Promise<void> {
    const name = nameOf(target);
    await this.#with(locator, `The dead man's switch ${name} cannot be removed`, async (client) => {
      const { DeleteScheduleCommand } = sdk('@aws-sdk/client-scheduler');
      await step(this.#faults, 'aws.delete-switch', () =>
        this.#ask(() => client.send(new DeleteScheduleCommand({ Name: name }))).catch(ignoreNotFound),
      );
    });
  }

  async inspect({ target, locator, sentAt }: LeaseLocation): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(locator, `The dead man's switch ${name} cannot be looked for`, async (client) => {
      this.#late.note({ target, sentAt });
      if (await this.#isThere(client, name)) return { state: 'present', evidence: `${target} is there` };
      const waiting = this.#late.waiting({ target, sentAt });
      if (waiting !== undefined)
        return { state: 'present', evidence: `${target}: not found, but ${waiting}` };
      this.#late.forget({ target, sentAt });
      return { state: 'absent', evidence: `${target}: not found (GetSchedule)` };
    });
  }

  async inspectOnce({ target, locator }: LeaseLocation): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(locator, `The dead man's switch ${name} cannot be looked for`, async (client) =>
      (await this.#isThere(client, name))
        ? { state: 'present', evidence: `${target} is there` }
        : { state: 'absent', evidence: `${target}: not found (GetSchedule)` },
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
  async renew({ target, locator }: LeaseLocation, expiresAt: string): Promise<void> {
    const name = nameOf(target);
    await this.#with(locator, `The dead man's switch ${name} cannot be moved on`, async (client, access) => {
      const { UpdateScheduleCommand } = sdk('@aws-sdk/client-scheduler');
      await this.#ask(() => client.send(new UpdateScheduleCommand(scheduleOf(name, access, expiresAt))));
    });
  }

  async useCredentials({ locator }: LeaseLocation, credentials: AwsCredentials): Promise<void> {
    await provideCredentials(decodeLocator(locator), this.#deps.provided, credentials);
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    return retryIdempotent(work, this.#deps.clock, ASKING_MS);
  }

  #with<T>(
    locator: string | null,
    what: string,
    work: (client: SchedulerClient, access: SwitchLocator) => Promise<T>,
  ): Promise<T> {
    return withClient({ ...this.#deps, service: (session) => session.eventScheduler() }, locator, what, work);
  }
}

/** The same for the same name, secret and time: so a request can be repeated. It vanishes by itself once it has gone off. */
function scheduleOf(
  name: string,
  { region, secret, switchRole }: SwitchLocator,
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
