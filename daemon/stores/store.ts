import type { AwsCredentials, SecretDelivery, ComputeEnvironment } from '../contract/types.ts';
import type { SecretValue } from '../vault/secret-value.ts';

/** Where an object is. */
export interface LeaseLocation {
  /** What and where, as `locate` said: a path, an ARN. It is in the ledger before `place` is called. */
  readonly target: string;
  /** What it lies in, as `prepare` said; null where that cannot be taken for another. */
  readonly locator: string | null;
  /**
   * When the last request that may make the object was sent without being answered: it may still be carried out (ISO
   * 8601, UTC). Null: none is open.
   */
  readonly sentAt: string | null;
}

/** By what a task's platform finds each secret: never a value. Empty where tasks need none. */
export type References = ReadonlyMap<string, string>;

/** What a run wants to have held. */
export interface DeliveryRequest {
  readonly run: string;
  /** ORGANIZATION/NAME */
  readonly workspace: string;
  readonly environment: ComputeEnvironment;
  readonly secretDelivery: SecretDelivery;
  readonly secrets: ReadonlyMap<string, SecretValue>;
}

/** One object to be, and the secrets that go into it. */
export interface Bundle {
  readonly target: string;
  readonly secrets: ReadonlyMap<string, SecretValue>;
}

/** One object to be made. */
export interface Placement extends DeliveryRequest, LeaseLocation {
  /** The ledger that knows of it: who finds the object can tell whose it is. */
  readonly ledger: string;
  /** When the object may be removed by whoever finds it, unless a live run has moved that on (ISO 8601, UTC). */
  readonly expiresAt: string;
  /** Further files for the run directory, by name: what the run is started with. No secret is in them. */
  readonly files: Readonly<Record<string, string>>;
  /** Those of the objects that were placed before this one. */
  readonly references: References;
  /** Notes the time (milliseconds since 1970) before such a request is sent, null once all are answered; on the disk when it resolves. */
  readonly noteSent: (at: number | null) => Promise<void>;
}

/** `absent` was seen, never assumed. `how` tells a person what was looked at. */
export interface Finding {
  readonly state: 'present' | 'absent';
  readonly evidence: string;
}

/** What takes leases back. Every method may be repeated: recovery calls them again after a crash at any step. */
export interface LeaseRemover {
  readonly kind: string;

  /** Removes the object. Idempotent: one that is not there is removed. Throws when it could not be, or cannot look. */
  remove(place: LeaseLocation): Promise<void>;

  /** Looks whether the object is there. Not found is an answer, not an error; throws when it cannot look. */
  inspect(place: LeaseLocation): Promise<Finding>;

  /** Looks once, now: for who wants to know whether what is gone has stayed so. Throws when it cannot look. */
  inspectOnce(place: LeaseLocation): Promise<Finding>;

  /** Tells those who may find the object that its run lives on, and until when; undefined where nobody else would. */
  renew?(place: LeaseLocation, expiresAt: string): Promise<void>;

  /** Takes credentials for this and later removals, in memory alone. Throws where they are none that can serve. */
  useCredentials?(place: LeaseLocation, credentials: AwsCredentials): Promise<void>;
}

/** A run directory that was found, and what it says of itself. */
export interface FoundDirectory {
  readonly run: string;
  readonly place: LeaseLocation;
  /** When it may be removed even if nobody can tell whether its run lives (milliseconds since 1970). */
  readonly expiresAt: number;
}

/** A place that takes leases. Its methods may be repeated too, but for `place`. */
export interface SecretsStore extends LeaseRemover {
  /**
   * Names the objects that hold what a run wants, without making any: mostly one, several where one would be too big.
   * Each secret is in exactly one of them. The same run, environment and secrets give the same targets.
   */
  split(wanted: DeliveryRequest): Bundle[];

  /**
   * Makes ready what the object is to lie in, and tells it apart from another of its name: a file system that is not
   * mounted shows an empty directory, in which nothing is gone. Repeatable. Throws `store-unavailable`.
   */
  prepare(target: string, environment: ComputeEnvironment): Promise<string | null>;

  /** Throws `value-not-deliverable` for a value that tasks would not get exactly. Touches nothing. */
  check(secrets: ReadonlyMap<string, SecretValue>, secretDelivery: SecretDelivery): void;

  /**
   * Makes the object. Not idempotent on purpose: a target that exists already is an error, since it is not ours to
   * write into. On any error the caller removes the target. Throws `store-unavailable` or `permissions-too-open`.
   */
  place(placement: Placement): Promise<References>;
}

/** The store of run directories, which can be listed: what no ledger knows of is found so. */
export interface DirectoryStore extends SecretsStore {
  /** Those in `within`, or in the directory where they are by default, that are ours. Throws when it cannot look. */
  list(within?: string): Promise<FoundDirectory[]>;
}

/** An object that something else is to remove, should nobody come back to do it. */
export interface GuardedLease extends Pick<LeaseLocation, 'target' | 'locator'> {
  readonly run: string;
  /** Among those of its run, from 1. */
  readonly index: number;
}

/** What removes another object by itself, unless it is moved on (`renew`). It is placed before that, and removed after it. */
export interface DeadManSwitch extends LeaseRemover {
  /** Names the one over an object, without making it; undefined where the environment wants none. */
  switchFor(
    object: GuardedLease,
    environment: ComputeEnvironment,
  ): Pick<LeaseLocation, 'target' | 'locator'> | undefined;

  /** Makes it. Throws `store-unavailable`, `aws-*`. */
  place(placement: Pick<Placement, 'target' | 'locator' | 'expiresAt' | 'noteSent'>): Promise<References>;
}
