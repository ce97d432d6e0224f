// Generated from schemas/ by scripts/generate-types.mjs; do not edit.

/**
 * Nextflow's rule for a secret's name: 2 to 50 letters, digits and single underscores, no digit first, no two underscores in a row.
 */
export type SecretName = string;
/**
 * Where a secret of a run comes from. A user's own wins over the workspace's, and that over Nextflow's local store.
 */
export type Scope = 'user' | 'workspace' | 'local';

export interface Contract {
  DaemonStatus?: DaemonStatus;
  Health?: Health;
  JournalEvent?: JournalEvent;
  Lease?: Lease;
  Plan?: Plan;
  PlannedSecret?: PlannedSecret;
  Problem?: Problem;
  Process?: Process;
  Receipt?: Receipt;
  RunList?: RunList;
  RunRequest?: RunRequest;
  RunStart?: RunStart;
  Run?: Run;
  Scope?: Scope;
  SecretInput?: SecretInput;
  SecretList?: SecretList;
  SecretName?: SecretName;
  Secret?: Secret;
  Selection?: Selection;
  TaskList?: TaskList;
  Task?: Task;
}
/**
 * What `nf-escrow daemon status` shows.
 */
export interface DaemonStatus {
  process: Process;
  /**
   * Version of nf-escrow
   */
  version: string;
  /**
   * When it started (ISO 8601, UTC)
   */
  startedAt: string;
  /**
   * Where ledger and runs are
   */
  stateDirectory: string;
  /**
   * Runs it watches now
   */
  watching: number;
  /**
   * Resident memory
   */
  memoryBytes: number;
}
/**
 * A process, named so that a reused pid is never taken for it: host, boot, pid namespace, pid and start time together.
 */
export interface Process {
  /**
   * Host name
   */
  host: string;
  /**
   * The boot it lives in: /proc/sys/kernel/random/boot_id
   */
  bootId: string;
  /**
   * Target of /proc/PID/ns/pid
   */
  pidNamespace: string;
  /**
   * Process id within that namespace
   */
  pid: number;
  /**
   * Field 22 of /proc/PID/stat: clock ticks since boot
   */
  startTime: string;
}
/**
 * Whether the daemon is alive; needs no permission and so tells nothing else.
 */
export interface Health {
  /**
   * Always "ok" when it answers
   */
  status: 'ok';
  /**
   * Version of nf-escrow
   */
  version: string;
  /**
   * State of the ledger
   */
  ledger: 'ok' | 'unavailable';
  /**
   * Placed objects whose run is over and that are not gone yet
   */
  pendingRemovals: number;
}
/**
 * One step of a run's way, in order.
 */
export interface JournalEvent {
  /**
   * Counts up; the id of the server-sent event
   */
  seq: number;
  /**
   * Id of the run
   */
  run: string;
  /**
   * When (ISO 8601, UTC)
   */
  at: string;
  /**
   * What happened
   */
  type: string;
  /**
   * Particulars of this type of event
   */
  data: {};
}
/**
 * One object that was placed outside the ledger.
 */
export interface Lease {
  /**
   * Id of the lease
   */
  id: string;
  /**
   * The store that holds it
   */
  store: string;
  /**
   * What and where: a path, an ARN
   */
  target: string;
  /**
   * intended: recorded, perhaps not there; placed; removing; gone: its absence was checked
   */
  state: 'intended' | 'placed' | 'removing' | 'gone';
  /**
   * When it was recorded (ISO 8601, UTC)
   */
  createdAt: string;
  /**
   * When it was there
   */
  placedAt: string | null;
  /**
   * When it may be removed even if its run cannot be asked (ISO 8601, UTC)
   */
  expiresAt: string;
  /**
   * When its absence was seen
   */
  goneAt: string | null;
  /**
   * Removals tried
   */
  tries: number;
  /**
   * What the last try met
   */
  lastError: string | null;
  /**
   * How its absence was checked
   */
  check: string | null;
}
/**
 * What a run is given, from where, and where it is put. Names only.
 */
export interface Plan {
  /**
   * ORGANIZATION/NAME
   */
  workspace: string;
  /**
   * Where the run goes
   */
  computeEnvironment: string;
  /**
   * Sorted by name
   */
  secrets: PlannedSecret[];
  /**
   * The store that takes them; null where there is none to place
   */
  destination: string | null;
}
/**
 * One secret that a run is given; its name, never its value.
 */
export interface PlannedSecret {
  name: SecretName;
  scope: Scope;
  /**
   * The pinned version; null for Nextflow's local store
   */
  version: number | null;
  /**
   * Scopes that have the same name and lose
   */
  overrides: Scope[];
}
/**
 * An error, as RFC 9457 describes it.
 */
export interface Problem {
  /**
   * A URI that names the kind of error
   */
  type: string;
  /**
   * The kind of error in words
   */
  title: string;
  /**
   * HTTP status
   */
  status: number;
  /**
   * The kind of error, from the closed table
   */
  code:
    | 'usage'
    | 'request-invalid'
    | 'name-invalid'
    | 'value-invalid'
    | 'value-not-carried'
    | 'secret-unknown'
    | 'secret-not-available'
    | 'workspace-unknown'
    | 'run-unknown'
    | 'run-ambiguous'
    | 'run-alive'
    | 'state-conflict'
    | 'not-found'
    | 'nextflow-missing'
    | 'local-store-unreadable'
    | 'config-invalid'
    | 'state-exposed'
    | 'path-occupied'
    | 'socket-path-too-long'
    | 'vault-key-missing'
    | 'vault-key-wrong'
    | 'sealed-damaged'
    | 'ledger-unavailable'
    | 'ledger-newer'
    | 'store-unavailable'
    | 'daemon-unavailable'
    | 'origin-forbidden'
    | 'internal';
  /**
   * What happened, to what
   */
  detail: string;
  /**
   * What to do next
   */
  hint: string;
  /**
   * Whether the same request may work later
   */
  retryable: boolean;
}
/**
 * What was placed, when it went and how its absence was checked.
 */
export interface Receipt {
  run: Run;
  /**
   * Every object that was placed
   */
  leases: Lease[];
  /**
   * Every lease is gone
   */
  complete: boolean;
  /**
   * When this was written (ISO 8601, UTC)
   */
  issuedAt: string;
}
/**
 * One `nextflow run` and what became of it.
 */
export interface Run {
  /**
   * Id of the run; no hyphen
   */
  id: string;
  /**
   * Where it is on its way
   */
  state: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * How it ended; null while it has not
   */
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'aborted' | null;
  /**
   * What the outcome was concluded from
   */
  outcomeEvidence: string | null;
  /**
   * Nextflow's exit status, where it is known
   */
  exitStatus: number | null;
  /**
   * ORGANIZATION/NAME
   */
  workspace: string;
  /**
   * Where it was started
   */
  launchDirectory: string;
  /**
   * The nextflow that was started
   */
  nextflow: string;
  /**
   * Nextflow's arguments; a secret's value in them is masked
   */
  arguments: string[];
  /**
   * Nextflow's name for it
   */
  runName: string | null;
  /**
   * Nextflow's session id
   */
  sessionId: string | null;
  /**
   * The log it writes
   */
  logFile: string | null;
  /**
   * The trace it writes, where the user asked for one
   */
  traceFile: string | null;
  /**
   * What it was given
   */
  secrets: PlannedSecret[];
  /**
   * When it was planned (ISO 8601, UTC)
   */
  createdAt: string;
  /**
   * When the daemon saw it started
   */
  startedAt: string | null;
  /**
   * When it ended
   */
  endedAt: string | null;
  /**
   * When nothing was left
   */
  purgedAt: string | null;
  /**
   * Leases that are not gone
   */
  pendingRemovals: number;
}
/**
 * Runs, newest first.
 */
export interface RunList {
  /**
   * Newest first
   */
  runs: Run[];
}
/**
 * Asks for a run: plan it and place its secrets. The caller then starts it by itself, in its own terminal and environment.
 */
export interface RunRequest {
  /**
   * ORGANIZATION/NAME
   */
  workspace?: string;
  selection: Selection;
  /**
   * Plan and stop: nothing is placed, nothing recorded
   */
  explain?: boolean;
  /**
   * Where nextflow is to be started
   */
  launchDirectory: string;
  /**
   * The nextflow to start
   */
  nextflow: string;
  /**
   * Nextflow's arguments, verbatim
   */
  arguments: string[];
  /**
   * The user's own Nextflow secrets store, merged in with the lowest precedence; null: there is none
   */
  localStore: string | null;
  launcher: Process;
}
/**
 * Which secrets a run may have. Without `only`, all of its workspace and its user.
 */
export interface Selection {
  /**
   * Give the run none
   */
  none?: boolean;
  /**
   * Give it these alone
   */
  only?: {
    name: SecretName;
    /**
     * Only from this scope; null: from whichever wins
     */
    scope: Scope | null;
  }[];
}
/**
 * A planned run, and how to start it. With explain, the plan alone.
 */
export interface RunStart {
  plan: Plan;
  run?: Run;
  start?: {
    /**
     * The run directory
     */
    directory: string;
    /**
     * What to execute
     */
    command: string;
    /**
     * Its arguments
     */
    arguments: string[];
    /**
     * Variables to add to the environment: paths, never values
     */
    environment: {
      [k: string]: string;
    };
  };
}
/**
 * A value to set: text, or any bytes in base64. Exactly one of the two.
 */
export interface SecretInput {
  /**
   * The value as text, stored as its UTF-8 bytes
   */
  value?: string;
  /**
   * The value as base64 of its exact bytes
   */
  valueBase64?: string;
}
/**
 * The secrets of one scope, by name.
 */
export interface SecretList {
  /**
   * Sorted by name
   */
  secrets: Secret[];
}
/**
 * What may be known of a secret: everything but its value.
 */
export interface Secret {
  name: SecretName;
  scope: Scope;
  /**
   * Counts up with each change
   */
  version: number;
  /**
   * When it was first set (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When it was last set (ISO 8601, UTC)
   */
  lastUpdated: string;
  /**
   * When a run was last given it (ISO 8601, UTC)
   */
  lastUsed: string | null;
  /**
   * The id of that run
   */
  lastUsedBy: string | null;
}
/**
 * The run's tasks, where it writes a trace.
 */
export interface TaskList {
  /**
   * In the order of the trace
   */
  tasks: Task[];
  /**
   * Rows of the trace that could not be read
   */
  quarantined: number;
}
/**
 * A task of a run, as its trace tells.
 */
export interface Task {
  /**
   * task_id of the trace
   */
  taskId: string;
  /**
   * hash
   */
  hash: string | null;
  /**
   * The scheduler's job id, or a pid
   */
  nativeId: string | null;
  /**
   * name
   */
  name: string | null;
  /**
   * status
   */
  status: string | null;
  /**
   * exit
   */
  exit: string | null;
}
