import type { CreateScheduleCommandInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { decodeLocator, type AwsAccess } from '../../aws/session/access.ts';
import { asAwsError, ignoreNotFound } from '../../aws/session/aws-error.ts';
import { provideCredentials, type OpenSession } from '../../aws/session/session.ts';
import type { ProvidedCredentials } from '../../aws/session/credentials.ts';
import { UnansweredRequests } from '../../aws/unanswered-requests.ts';
import { DatedRequests } from '../../aws/dated-requests.ts';
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

/**
 * Time from the expiry of the lease until the switch fires, in milliseconds. A live run renews its lease every 12
 * hours.
 */
const GRACE_MS = 24 * 3600_000;
/** Time limits of a creation and of other requests, retries included, in milliseconds; the same as for secrets. */
const PLACING_MS = 40_000;
const ASKING_MS = 8000;
const TARGET = /^arn:[a-z-]+:scheduler:[a-z0-9-]+:\d{12}:schedule\/default\/(nf-escrow-r[0-9a-z]+-\d{1,5})$/;

interface Dependencies {
  readonly openSession: OpenSession;
  readonly provided: ProvidedCredentials;
  readonly clock: Clock;
  /** Replaces UNANSWERED_MS in tests. */
  readonly lateMs?: number;
  readonly faults?: FaultInjector;
}

/** Locator of a switch: access to AWS, the secret that it deletes, and the role that deletes it. */
type SwitchLocator = AwsAccess & { readonly secret: string; readonly switchRole: string };

/**
 * One-time schedules of EventBridge Scheduler. Each deletes one AWS secret unless it is postponed, in case the
 * machine never returns. A schedule is created before its secret and removed after it. Its input is the secret's ARN
 * without the random suffix, which is not known yet:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
 */
export class DeadManSwitches implements DeadManSwitch {
  readonly kind = 'dead-man-switches';
  /** The switch stays as a safeguard until its secret is removed. */
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
    const { CreateScheduleCommand, GetScheduleCommand } = await sdk('@aws-sdk/client-scheduler');
    const session = await this.#deps.openSession(access);
    const client = await session.eventScheduler();
    const schedule = scheduleOf(name, access, expiresAt);
    const adopt = async (): Promise<true | undefined> => {
      const { Target } = await step(this.#faults, 'switch.find', () =>
        client.send(new GetScheduleCommand({ Name: name })),
      );
      return Target?.Input === schedule.Target?.Input ? true : undefined;
    };
    try {
      const create = async (): Promise<true> => {
        await step(this.#faults, 'switch.create', () => client.send(new CreateScheduleCommand(schedule)));
        return true;
      };
      await createOnce(new DatedRequests(client, this.#deps.clock), create, adopt, {
        noteSent,
        forMs: PLACING_MS,
        clock: this.#deps.clock,
      });
      return new Map();
    } catch (error) {
      throw asAwsError(`Cannot create dead man's switch ${name}`, access, error);
    } finally {
      client.destroy();
    }
  }

  async remove({ target, locator }: LeaseLocation): Promise<void> {
    const name = nameOf(target);
    await this.#with(locator, `Cannot remove dead man's switch ${name}`, async (client) => {
      const { DeleteScheduleCommand } = await sdk('@aws-sdk/client-scheduler');
      await step(this.#faults, 'switch.delete', () =>
        this.#ask(() => client.send(new DeleteScheduleCommand({ Name: name }))).catch(ignoreNotFound),
      );
    });
  }

  async inspect({ target, locator, sentAt }: LeaseLocation): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(locator, `Cannot look up dead man's switch ${name}`, async (client) => {
      this.#late.note({ target, sentAt });
      if (await this.#exists(client, name)) return { state: 'present', evidence: `${target} exists` };
      const waiting = this.#late.waiting({ target, sentAt });
      if (waiting !== undefined)
        return { state: 'present', evidence: `${target}: not found, but ${waiting}` };
      this.#late.forget({ target, sentAt });
      return { state: 'absent', evidence: `${target}: not found (GetSchedule)` };
    });
  }

  async inspectOnce({ target, locator }: LeaseLocation): Promise<Finding> {
    const name = nameOf(target);
    return this.#with(locator, `Cannot look up dead man's switch ${name}`, async (client) =>
      (await this.#exists(client, name))
        ? { state: 'present', evidence: `${target} exists` }
        : { state: 'absent', evidence: `${target}: not found (GetSchedule)` },
    );
  }

  async #exists(client: SchedulerClient, name: string): Promise<boolean> {
    const { GetScheduleCommand } = await sdk('@aws-sdk/client-scheduler');
    const found = await step(this.#faults, 'switch.find', () =>
      this.#ask(() => client.send(new GetScheduleCommand({ Name: name }))).catch(ignoreNotFound),
    );
    return found !== undefined;
  }

  /** Postpones the switch. A switch that no longer exists is not created again. */
  async renew({ target, locator }: LeaseLocation, expiresAt: string): Promise<void> {
    const name = nameOf(target);
    await this.#with(locator, `Cannot postpone dead man's switch ${name}`, async (client, access) => {
      const { UpdateScheduleCommand } = await sdk('@aws-sdk/client-scheduler');
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

/**
 * Returns the schedule. The same name, secret and time give the same request, so it can be repeated. AWS deletes the
 * schedule after it has fired.
 */
function scheduleOf(
  name: string,
  { region, secret, switchRole }: SwitchLocator,
  expiresAt: string,
): CreateScheduleCommandInput {
  const at = new Date(Date.parse(expiresAt) + GRACE_MS).toISOString().slice(0, 19);
  return {
    Name: name,
    Description: 'nf-escrow: deletes the secret of a Nextflow run if its machine does not return',
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

/**
 * Returns the schedule's name. Throws for a target that is not named like a dead man's switch, so no other is
 * touched.
 */
function nameOf(target: string): string {
  const name = TARGET.exec(target)?.[1];
  if (name !== undefined && parseArn(target) !== undefined) return name;
  throw new EscrowError('internal', `"${target}" is not a dead man's switch of a run.`);
}
