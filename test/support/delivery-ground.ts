// A workspace of a team server with a compute environment on a fake AWS, and replicas that deliver secrets to it.
import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { findWorkspace } from '../../daemon/access/scopes.ts';
import type { User } from '../../daemon/access/principal.ts';
import { createServerEnvironment } from '../../daemon/compute-envs/server-environments.ts';
import type {
  DeliveryRequest,
  DeliveryState,
  OrganizationRole,
  ReleaseReport,
} from '../../daemon/contract/types.ts';
import { newRunId } from '../../daemon/contract/run-id.ts';
import { localClaims, sharedClaims, type DeliveryClaims } from '../../daemon/deliveries/claims.ts';
import { createDelivery } from '../../daemon/deliveries/create-delivery.ts';
import type { Delivering, LeaseTimes } from '../../daemon/deliveries/delivering.ts';
import { describeDelivery } from '../../daemon/deliveries/describe-delivery.ts';
import { endDelivery } from '../../daemon/deliveries/end-delivery.ts';
import { DeliveryUpkeep } from '../../daemon/deliveries/upkeep.ts';
import type { PostgresLedger } from '../../daemon/ledger/postgres/open.ts';
import { createReleaseCredential, hashOfCredential } from '../../daemon/releases/release-credential.ts';
import { reportRelease } from '../../daemon/releases/report-release.ts';
import type { AwsWaits } from '../../daemon/stores/aws/waits.ts';
import { composeDeliveries } from '../../daemon/server/compose-deliveries.ts';
import type { ServerSettings } from '../../daemon/server/configuration/server-settings.ts';
import { createStores, storesOf } from '../../daemon/stores/registry.ts';
import { noFaults, type FaultInjector } from '../../daemon/system/steps.ts';
import { systemClock, type Clock } from '../../daemon/system/time/clock.ts';
import type { StrictAws } from './aws/strict-aws.ts';
import { ACCOUNT, QUEUE, REGION, startAws, startOver } from './aws/test-aws.ts';
import { onEachLedger } from './each-ledger.ts';
import { ReleaseGround } from './release-ground.ts';
import { shortAwsWaits } from './run-dependencies.ts';

/** A replica of a server. */
export interface Replica {
  readonly deps: Delivering;
  readonly upkeep: DeliveryUpkeep;
}

interface ReplicaOptions {
  readonly faults?: FaultInjector;
  readonly waits?: Partial<AwsWaits>;
  readonly lease?: LeaseTimes;
  readonly clock?: Clock;
  /** Seconds of a claim on PostgreSQL. */
  readonly claimSeconds?: number;
}

const ROLE = `arn:aws:iam::${ACCOUNT}:role/nf-escrow-lab-rna`;
const SETTINGS = {
  ...{ region: REGION, queue: QUEUE, workDir: 's3://nf-work/run', executionRole: ROLE },
};

/** A delivery that a test has requested, and the credential of its daemon. */
export interface Requested {
  readonly request: DeliveryRequest;
  readonly credential: string;
}

/** A team with the workspace `lab/rna`, its launcher `ada`, its admin `grace`, and the compute environment `batch`. */
export class DeliveryGround {
  readonly ground: ReleaseGround;
  readonly aws: StrictAws;
  admin!: User;
  #claims: DeliveryClaims | undefined;

  private constructor(ground: ReleaseGround, aws: StrictAws) {
    this.ground = ground;
    this.aws = aws;
  }

  static async start(t: Test, aws: StrictAws): Promise<DeliveryGround> {
    const ground = await ReleaseGround.start(t);
    const self = new DeliveryGround(ground, aws);
    self.admin = await ground.user('grace');
    await self.join(self.admin, 'admin');
    await self.environment('batch');
    return self;
  }

  /** Adds a user to the organization `lab`. */
  async join({ id: user_id }: User, role: OrganizationRole): Promise<void> {
    const { ledger } = this.ground;
    const { id: organization_id } = await ledger.db
      .selectFrom('organizations')
      .select('id')
      .where('name', '=', 'lab')
      .executeTakeFirstOrThrow();
    const member = { organization_id, user_id, role, added_at: '2026-01-05T10:00:00.000Z' };
    await ledger.write((db) => db.insertInto('organization_members').values(member).execute());
  }

  get #composed() {
    const { ledger, vault } = this.ground;
    const settings = {
      awsAccounts: [{ account: ACCOUNT, endpoint: this.aws.endpoint }],
      publicUrl: new URL('https://escrow.example.org'),
    } as unknown as ServerSettings; // what deliveries read
    const log = { warn: () => undefined, error: () => undefined };
    const store = { ledger, postgres: undefined };
    return composeDeliveries({ settings, store, vault, faults: noFaults, log }).deliveries;
  }

  async environment(name: string, by: User = this.admin): Promise<void> {
    const { ledger } = this.ground;
    const scope = await findWorkspace(ledger.db, 'lab/rna');
    const input = { name, platform: 'aws-batch', aws: SETTINGS } as const;
    await createServerEnvironment(ledger, this.#composed.rules, by, scope, input);
  }

  /** Replicas on SQLite are one process, so that they share its claims. */
  replica(name: string, options: ReplicaOptions = {}): Replica {
    const { ledger, vault } = this.ground;
    const { faults = noFaults, waits, lease, clock = systemClock, claimSeconds } = options;
    const all = createStores(
      { owner: 'escrow.example.org', clock, faults },
      { waits: { ...shortAwsWaits, ...waits } },
    );
    const stores = storesOf(all, 'aws-batch');
    const { objects } = stores.secrets;
    if (objects === undefined) throw new Error('the store has no objects');
    this.#claims ??= localClaims(ledger);
    const deps: Delivering = {
      ...{ ledger, vault, faults, stores, owner: 'escrow.example.org' },
      ...{ complete: this.#composed.complete, rules: this.#composed.rules },
      claims: ledger.isShared
        ? sharedClaims((ledger as PostgresLedger).claims(name, claimSeconds))
        : this.#claims,
      removers: new Map([[objects.kind, objects]]),
      log: { warn: () => undefined, error: () => undefined },
      wake: () => undefined,
      ...(lease === undefined ? {} : { times: lease }),
    };
    return { deps, upkeep: new DeliveryUpkeep(deps) };
  }

  request(names: readonly string[], change: Partial<DeliveryRequest> = {}): Requested {
    const credential = createReleaseCredential();
    const request: DeliveryRequest = {
      ...{ workspace: 'lab/rna', computeEnvironment: 'batch', run: newRunId(new Date().toISOString()) },
      secrets: versionsOf(names),
      credentialHash: hashOfCredential(credential),
      expires: new Date(this.ground.ledger.clock.now() + 600_000).toISOString(),
      ...change,
    };
    return { request, credential };
  }

  async deliver({ deps }: Replica, { request }: Requested) {
    return createDelivery(deps, this.ground.launcher, request);
  }

  async end({ deps }: Replica, { request, credential }: Requested): Promise<DeliveryState> {
    return endDelivery(deps, request.run, credential);
  }

  async report(replica: Replica, { request, credential }: Requested, sequence: number): Promise<void> {
    const { id } = await this.row(request.run);
    const report: ReleaseReport = { epoch: 1, sequence, state: 'running', outcome: null, leases: [] };
    await reportRelease(replica.deps, id, credential, report);
  }

  async row(run: string) {
    return this.ground.ledger.db
      .selectFrom('deliveries')
      .innerJoin('releases', 'releases.id', 'deliveries.id')
      .selectAll('deliveries')
      .select('releases.purged_at')
      .where('run_id', '=', run)
      .executeTakeFirstOrThrow();
  }

  async state(run: string): Promise<DeliveryState> {
    return describeDelivery(this.ground.ledger.db, (await this.row(run)).id);
  }

  /** Makes a delivery due now. `expired`: also lets it expire. */
  async makeDue(run: string, { expired = false } = {}): Promise<void> {
    const { id } = await this.row(run);
    const before = new Date(this.ground.ledger.clock.now() - 1000).toISOString();
    await this.ground.ledger.write((db) =>
      db
        .updateTable('deliveries')
        .set({ next_at: before, ...(expired ? { expires_at: before } : {}) })
        .where('id', '=', id)
        .execute(),
    );
  }
}

/** Returns the first versions of secrets, as a request names them. */
export function versionsOf(names: readonly string[]): DeliveryRequest['secrets'] {
  return names.map((name) => ({ name, version: 1 })) as DeliveryRequest['secrets'];
}

/** Returns an injector that fails at a point, as a lost connection does, and continues afterwards. */
export function failsAt(point: string): FaultInjector {
  let isOpen = true;
  return (at) => {
    if (at !== point || !isOpen) return Promise.resolve();
    isOpen = false;
    return Promise.reject(new Error(`a fault of the test ${randomUUID()}`));
  };
}

/**
 * Returns a function that runs a test on each ledger, with a fake AWS that has just the job queue. `secrets`: of the workspace. Call it once in
 * each test file.
 */
export function deliveryTests(t: Test, secrets: readonly string[] = []) {
  const shared = startAws(t);
  return (title: string, body: (t: Test, ground: DeliveryGround) => Promise<void>): void => {
    onEachLedger(title, async (t) => {
      const aws = await shared;
      if (aws === undefined) return;
      const ground = await DeliveryGround.start(t, await startOver(aws));
      for (const name of secrets) await ground.ground.set(name);
      await body(t, ground);
    });
  };
}
