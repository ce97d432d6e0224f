import type { AwsCredentials, ComputeEnvironment, SecretDelivery } from '../contract/types.ts';
import type { SecretValue } from '../vault/secret-value.ts';

/** Where the object of a lease is. */
export interface LeaseLocation {
  /** What and where: a path, an ARN. It is in the ledger before the object is created. */
  readonly target: string;
  /** What else is needed to find the object again and not confuse it with another, as `prepare` returned it. */
  readonly locator: string | null;
  /**
   * When the last request that may create the object was sent without being answered: it may still be carried out (ISO
   * 8601, UTC). Null: every request was answered.
   */
  readonly sentAt: string | null;
}

/** Where a task's platform finds each secret, by name; never a value. Empty where tasks need none. */
export type References = ReadonlyMap<string, string>;

/** The secrets of one run, and how they are to be delivered. */
export interface DeliveryRequest {
  readonly run: string;
  /** ORGANIZATION/NAME */
  readonly workspace: string;
  readonly environment: ComputeEnvironment;
  readonly secretDelivery: SecretDelivery;
  readonly secrets: ReadonlyMap<string, SecretValue>;
}

/** One object to be created, and the secrets that it holds. */
export interface Bundle {
  readonly target: string;
  readonly secrets: ReadonlyMap<string, SecretValue>;
}

/** One object to be created now. */
export interface Placement extends DeliveryRequest, LeaseLocation {
  /** Id of the ledger that knows the lease: whoever finds the object can tell to whom it belongs. */
  readonly ledger: string;
  /** When whoever finds the object may remove it, unless a live run has renewed it (ISO 8601, UTC). */
  readonly expiresAt: string;
  /**
   * Records the time (milliseconds since 1970) before a request is sent, and null once all are answered; durable when it
   * resolves.
   */
  readonly noteSent: (at: number | null) => Promise<void>;
}

/** `absent` was observed, never assumed. `evidence` tells a person what was checked. */
export interface Finding {
  readonly state: 'present' | 'absent';
  readonly evidence: string;
}

/** Removes the objects of leases of one kind. Every method is idempotent: recovery calls them again after any crash. */
export interface LeaseRemover {
  readonly kind: string;

  /** Whether these objects are removed after all others of a run: they may be what removes the others. */
  readonly removedLast?: boolean;

  /** Removes the object; an object that does not exist counts as removed. Throws when that failed or cannot be tried. */
  remove(location: LeaseLocation): Promise<void>;

  /** Checks whether the object exists. Not found is a result, not an error; throws when it cannot be checked. */
  inspect(location: LeaseLocation): Promise<Finding>;

  /** Checks a single time, now: for whoever asks whether what was removed has stayed so. Throws when it cannot be checked. */
  inspectOnce(location: LeaseLocation): Promise<Finding>;

  /** Tells those who may find the object until when its run is alive; undefined where nobody else finds it. */
  renew?(location: LeaseLocation, expiresAt: string): Promise<void>;

  /** Uses these credentials for this and later removals, in memory only. Throws where they cannot be used. */
  useCredentials?(location: LeaseLocation, credentials: AwsCredentials): Promise<void>;
}

/** Takes the secrets of the runs of one platform. */
export interface SecretsStore {
  readonly kind: string;

  /** The objects that hold the secrets; undefined where the run directory holds them. */
  readonly objects: ObjectStore | undefined;

  /** Throws `value-not-deliverable` for a value that tasks would not get exactly. Changes nothing. */
  check(secrets: ReadonlyMap<string, SecretValue>, secretDelivery: SecretDelivery): void;
}

/** Creates the objects that hold secrets outside of the run directory. All methods but `place` are idempotent. */
export interface ObjectStore extends LeaseRemover {
  /** Removes the objects if nobody comes back to do it; undefined where the store has no such thing. */
  readonly guard: DeadManSwitch | undefined;

  /**
   * Names the objects for a run without creating any: usually one, several where one would be too large. Each secret is in
   * exactly one of them. The same run, environment and secrets give the same targets.
   */
  split(request: DeliveryRequest): Bundle[];

  /** Checks access to the place of the object and returns its locator. Throws `store-unavailable`, `aws-*`. */
  prepare(target: string, environment: ComputeEnvironment): Promise<string>;

  /**
   * Creates the object. Not idempotent on purpose: an existing target is an error. On any error the caller removes the
   * target. Throws `store-unavailable`, `aws-*`.
   */
  place(placement: Placement): Promise<References>;

  /** Files that tell the plugin in the run directory where the objects are and to whom they belong. */
  runDirectoryFiles(locator: string, owner: Ownership): Readonly<Record<string, string>>;
}

/** To whom the objects of a ledger's runs belong, as tags tell it. */
export interface Ownership {
  readonly owner: string;
  readonly ledger: string;
}

/** An object that something else is to remove if nobody comes back to do it. */
export interface GuardedLease extends Pick<LeaseLocation, 'target' | 'locator'> {
  readonly run: string;
  /** Number of the object among those of its run, from 1. */
  readonly index: number;
}

/** Removes another object at a given time unless it is renewed. It is created before that object, and removed after it. */
export interface DeadManSwitch extends LeaseRemover {
  /** Names the switch for an object without creating it; undefined where the environment wants none. */
  switchFor(
    object: GuardedLease,
    environment: ComputeEnvironment,
  ): Pick<LeaseLocation, 'target' | 'locator'> | undefined;

  /** Creates it. Throws `store-unavailable`, `aws-*`. */
  place(placement: Pick<Placement, 'target' | 'locator' | 'expiresAt' | 'noteSent'>): Promise<References>;
}

/** Job definitions that a head registers with references to the run's secrets. They are only removed here. */
export interface JobDefinitionStore extends LeaseRemover {
  /** Kind of the store whose lease tells where the definitions are. */
  readonly secretsKind: string;

  /** The lease of all revisions of one name. `secretsLocator`: of a lease of `secretsKind`. */
  leaseOf(
    run: string,
    secretsLocator: string | null,
    name: string,
  ): Pick<LeaseLocation, 'target'> & { readonly locator: string };
}

/** Task jobs of a platform that has its own job queue. A run's head submits them; they may outlive it. */
export interface RemoteTaskJobs {
  /** Nextflow's name of the executor. */
  readonly executor: 'awsbatch';

  /** Kind of the store whose lease tells where the jobs are. */
  readonly secretsKind: string;

  readonly isJobId: (id: string) => boolean;

  /** Returns those of the jobs that may still run: a job that the platform does not know has ended. Throws `aws-*`. */
  readonly living: (locator: string | null, ids: readonly string[]) => Promise<ReadonlySet<string>>;

  /** Asks for the end of those that are alive. Idempotent. Throws `aws-*`. */
  readonly terminate: (locator: string | null, ids: readonly string[]) => Promise<void>;
}

/** What one platform brings to the runs of its compute environments. */
export interface PlatformStores {
  readonly secrets: SecretsStore;
  readonly jobDefinitions?: JobDefinitionStore;
  readonly taskJobs?: RemoteTaskJobs;
}
