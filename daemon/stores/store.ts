import type {
  AwsCredentials,
  ComputeEnvironment,
  Executor,
  Leftovers,
  OrphanedJob,
  RunRequest,
  SecretDelivery,
  ServerConfiguration,
  ServerEnvironmentInput,
} from '../contract/types.ts';
import type { PlatformSettings } from '../compute-envs/compute-environments.ts';
import type { Sweeper } from './sweeper.ts';
import type { FaultInjector } from '../system/steps.ts';
import type { Clock } from '../system/time/clock.ts';
import type { SecretValue } from '../vault/secret-value.ts';

/** Dependencies of the stores of every platform. */
export interface StoreDependencies {
  /** Owner of the objects, for others who find them in their account. */
  readonly owner: string;
  readonly clock: Clock;
  readonly faults: FaultInjector;
}

/** Location of a lease's object. */
export interface LeaseLocation {
  /** A path or an ARN. The ledger records it before the object is created. */
  readonly target: string;
  /** What else identifies the object and gives access to it, as returned by `prepare`. */
  readonly locator: string | null;
  /**
   * When the last unanswered create request was sent (ISO 8601, UTC): it may still be carried out. Null if every
   * request was answered.
   */
  readonly sentAt: string | null;
  /** What the store recorded about the object after it was placed, in its own format. Null or absent: nothing. */
  readonly record?: string | null;
}

/** Records in the ledger what a store has to know about an object later. The record is durable when it resolves. */
export type NoteRecord = (record: string) => Promise<void>;

/** References by which a task's platform finds each secret, by name; never values. Empty if tasks need none. */
export type References = ReadonlyMap<string, string>;

/** The secrets of one run, and how to deliver them. */
export interface DeliveryRequest {
  readonly run: string;
  /** ORGANIZATION/NAME */
  readonly workspace: string;
  readonly environment: ComputeEnvironment;
  readonly secretDelivery: SecretDelivery;
  readonly secrets: ReadonlyMap<string, SecretValue>;
}

/** An object to create, and the secrets that it will hold. */
export interface Bundle {
  readonly target: string;
  readonly secrets: ReadonlyMap<string, SecretValue>;
}

/** A request to create one object. */
export interface Placement extends DeliveryRequest, LeaseLocation {
  /** Id of the ledger that holds the lease, stored with the object to identify its owner. */
  readonly ledger: string;
  /** When the object expires and may be removed by others, unless a live run renews it (ISO 8601, UTC). */
  readonly expiresAt: string;
  /**
   * Records the time (milliseconds since 1970) before a request is sent, and null once every request is answered. The
   * record is durable when the promise resolves.
   */
  readonly noteSent: (at: number | null) => Promise<void>;
}

/**
 * Result of a check. `absent` is always observed, never assumed. `unverified`: the object does not exist, but whether
 * everything it held was removed cannot be verified, and no retry would tell. `evidence` describes the check for people.
 */
export interface Finding {
  readonly state: 'present' | 'absent' | 'unverified';
  readonly evidence: string;
}

/** Removes the objects of leases of one kind. Every method is idempotent: recovery calls them again after any crash. */
export interface LeaseRemover {
  readonly kind: string;

  /** Whether these objects are removed after all others of a run, because they safeguard the removal of the others. */
  readonly removedLast?: boolean;

  /**
   * Removes the object. An object that does not exist counts as removed. `note` records what the next attempt or the
   * inspection has to know. Throws if the removal fails.
   */
  remove(location: LeaseLocation, note?: NoteRecord): Promise<void>;

  /** Checks whether the object exists. Not found is a result, not an error. Throws if the check fails. */
  inspect(location: LeaseLocation): Promise<Finding>;

  /**
   * Checks once and without waiting, to confirm later that a removed object is still absent. Throws if the check
   * fails.
   */
  inspectOnce(location: LeaseLocation): Promise<Finding>;

  /** Keeps a handle to an object that will be removed later, so that it is found if it is moved. For a daemon that restarts. */
  hold?(location: LeaseLocation): void;

  /** Closes the handle: the removal is recorded, or is not this daemon's. Idempotent. */
  release?(location: Pick<LeaseLocation, 'target'>): void;

  /** Extends the expiry that is stored with the object. Undefined where nobody else can find the object. */
  renew?(location: LeaseLocation, expiresAt: string): Promise<void>;

  /** Uses these credentials for this and later removals, in memory only. Throws if they are not usable. */
  useCredentials?(location: LeaseLocation, credentials: AwsCredentials): Promise<void>;
}

/** Delivers the secrets of the runs of one platform. */
export interface SecretsStore {
  readonly kind: string;

  /** The objects that hold the secrets; undefined if the run directory holds them. */
  readonly objects: ObjectStore | undefined;

  /** Returns whether tasks receive every value exactly, so that values need not be examined. */
  carriesAnyValue(secretDelivery: SecretDelivery): boolean;

  /** Returns the secrets that tasks would not receive exactly, with the reason as a clause. Changes nothing. */
  findUndeliverable(
    secrets: ReadonlyMap<string, SecretValue>,
    secretDelivery: SecretDelivery,
  ): ReadonlyMap<string, string>;
}

/** Creates the objects that hold secrets outside the run directory. All methods except `place` are idempotent. */
export interface ObjectStore extends LeaseRemover {
  /** Removes the objects if this machine never returns; undefined if the store has no such switch. */
  readonly guard: DeadManSwitch | undefined;

  /**
   * Returns the objects for a run without creating them: usually one, or several if one would be too large. Each
   * secret is in exactly one object. The same run, environment and secrets give the same targets.
   */
  split(request: DeliveryRequest): Bundle[];

  /**
   * Verifies access to the future location of the object and returns its locator. Throws `store-unavailable`,
   * `aws-*`.
   */
  prepare(target: string, environment: ComputeEnvironment): Promise<string>;

  /**
   * Creates the object. Deliberately not idempotent: an existing target is an error. After any error the caller
   * removes the target. Throws `store-unavailable`, `aws-*`.
   */
  place(placement: Placement): Promise<References>;

  /**
   * Returns the locator for objects that a team server holds: where the jobs and job definitions that use them are, and the server. This
   * host has no access to the objects themselves.
   */
  heldLocator(environment: ComputeEnvironment, server: string): string;

  /** Returns files for the run directory that give the plugin the location and owner of the objects. */
  runDirectoryFiles(locator: string, owner: Ownership): Readonly<Record<string, string>>;
}

/** Owner of the objects of a ledger's runs. */
export interface Ownership {
  readonly owner: string;
  readonly ledger: string;
}

/** An object that a dead man's switch removes if this machine never returns. */
export interface GuardedLease extends Pick<LeaseLocation, 'target' | 'locator'> {
  readonly run: string;
  /** Number of the object among those of its run, from 1. */
  readonly index: number;
}

/**
 * Removes another object at a given time unless it is renewed. It is created before that object and removed after it.
 */
export interface DeadManSwitch extends LeaseRemover {
  /** Returns the switch for an object without creating it; undefined if the environment has none. */
  switchFor(
    object: GuardedLease,
    environment: ComputeEnvironment,
  ): Pick<LeaseLocation, 'target' | 'locator'> | undefined;

  /** Creates the switch. Throws `store-unavailable`, `aws-*`. */
  place(placement: Pick<Placement, 'target' | 'locator' | 'expiresAt' | 'noteSent'>): Promise<References>;
}

/** Job definitions that reference a run's secrets. A head registers them; the daemon only removes them. */
export interface JobDefinitionStore extends LeaseRemover {
  /** Kind of the store whose lease has the locator of the definitions. */
  readonly secretsKind: string;

  /** Returns one lease for all revisions of a name. `secretsLocator` is the locator of a lease of `secretsKind`. */
  leaseOf(
    run: string,
    secretsLocator: string | null,
    name: string,
  ): Pick<LeaseLocation, 'target'> & { readonly locator: string };
}

/** A job that a run's events say it submitted. */
export interface ClaimedJob {
  readonly id: string;
  /** Work directory of its task, as a URI; null if unknown. */
  readonly workDirectory: string | null;
}

/** The run that the jobs are said to belong to. */
export interface JobsOwner {
  readonly run: string;
  /** When it was created, in milliseconds since 1970: none of its jobs is older. */
  readonly since: number;
}

/** Task jobs of a platform that has its own job queue. A run's head submits them, and they may outlive it. */
export interface RemoteTaskJobs {
  /** Nextflow's name of the executor. */
  readonly executor: Exclude<OrphanedJob['executor'], Executor>;

  /** Kind of the store whose lease has the locator of the jobs. */
  readonly secretsKind: string;

  readonly isJobId: (id: string) => boolean;

  /** Returns the jobs that may still run. A job unknown to the platform counts as ended. Throws `aws-*`. */
  readonly living: (locator: string | null, ids: readonly string[]) => Promise<ReadonlySet<string>>;

  /**
   * Requests termination of the jobs that may still run and that belong to the run according to the platform itself.
   * Returns, by id, why the others were left alone. Idempotent. Throws `aws-*`.
   */
  readonly terminate: (
    locator: string | null,
    jobs: readonly ClaimedJob[],
    owner: JobsOwner,
  ) => Promise<ReadonlyMap<string, string>>;
}

/** What uses the objects of leases, according to the platform itself. For a server, which may have no reports of the daemon. */
export interface UsesOfSecrets {
  /** Returns the ids of jobs that may still read one of these objects. Throws `aws-*`, `store-unavailable`. */
  readonly unfinishedJobs: (locator: string | null, targets: readonly string[]) => Promise<string[]>;

  /** Deregisters the job definitions that refer to these objects only, and returns how many. Idempotent. Throws `aws-*`. */
  readonly deregisterDefinitions: (locator: string | null, targets: readonly string[]) => Promise<number>;
}

/** What a team server knows of a platform on which workspaces have compute environments. */
export interface ServerPlatform {
  /**
   * Returns the settings of a compute environment of a workspace, with the identity of the server. Throws `compute-environment-invalid`
   * if the configuration of the server does not permit them.
   */
  readonly complete: (
    workspace: string,
    settings: ServerSettingsOfWorkspace,
    configuration: PermittedPlaces,
  ) => PlatformSettings;

  /**
   * Finds objects of the ledger of a server that none of its deliveries names, in the place of a completed compute environment, and removes
   * those that have expired or whose delivery is over. Throws `aws-*`, `store-unavailable`.
   */
  readonly sweep: (environment: ComputeEnvironment, sweeper: Sweeper) => Promise<Leftovers['leftovers']>;

  /** Returns the resource in the settings that no other workspace may use. */
  readonly ownResource: (settings: ServerSettingsOfWorkspace) => string;
}

/** Where the configuration of a server permits compute environments. */
type PermittedPlaces = Pick<ServerConfiguration, 'awsAccounts'>;

/** What a workspace sets of a compute environment on a server. */
type ServerSettingsOfWorkspace = Omit<ServerEnvironmentInput, 'name' | 'platform'>;

/** The stores of one platform. */
export interface PlatformStores {
  readonly secrets: SecretsStore;
  readonly jobDefinitions?: JobDefinitionStore;
  readonly taskJobs?: RemoteTaskJobs;
  readonly usesOfSecrets?: UsesOfSecrets;
  /** Returns Nextflow configuration for runs in an environment; undefined if the platform needs none. */
  readonly configuration?: (environment: ComputeEnvironment) => NextflowConfiguration;
}

/** Nextflow configuration keys whose configured values a run request reports. */
type ConfigurationKey = keyof NonNullable<RunRequest['configured']>;

/** Configuration values that nf-escrow sets if neither the pipeline nor the user sets them. */
export interface NextflowConfiguration {
  readonly values: Readonly<Partial<Record<ConfigurationKey, string | undefined>>>;
  /** Keys that pipeline and user must not set to a different value. */
  readonly fixed: readonly ConfigurationKey[];
}
