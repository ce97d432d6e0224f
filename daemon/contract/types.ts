// Generated from schemas/ by scripts/generate-types.mjs; do not edit.

/**
 * A workspace: ORGANIZATION/NAME
 */
export type WorkspaceTitle = string;
/**
 * A scheduler, by Nextflow's name for its executor: slurm, sge (Grid Engine), pbs (PBS Pro, OpenPBS, Torque) or lsf
 */
export type Executor = 'slurm' | 'sge' | 'pbs' | 'lsf';
/**
 * hpc: this machine, or a scheduler whose nodes see the runs directory; aws-batch: AWS Batch
 */
export type Platform = 'hpc' | 'aws-batch';
/**
 * Nextflow's rule for a secret's name: 2 to 50 letters, digits and single underscores, no digit first, no two underscores in a row.
 */
export type SecretName = string;
/**
 * What someone is in a workspace, from the most that they may to the least.
 */
export type Role = 'owner' | 'admin' | 'maintain' | 'launch' | 'view';
/**
 * Where a secret of a run comes from. A user's own wins over the workspace's, and that over Nextflow's local store.
 */
export type Scope = 'user' | 'workspace' | 'local';

export interface Contract {
  AuditQuery?: AuditQuery;
  Audit?: Audit;
  AwsCredentials?: AwsCredentials;
  AwsSettings?: AwsSettings;
  CheckQuery?: CheckQuery;
  ComputeEnvironmentChange?: ComputeEnvironmentChange;
  ComputeEnvironmentInput?: ComputeEnvironmentInput;
  ComputeEnvironmentList?: ComputeEnvironmentList;
  ComputeEnvironment?: ComputeEnvironment;
  DaemonStatus?: DaemonStatus;
  DoctorCheck?: DoctorCheck;
  DoctorReport?: DoctorReport;
  EnclosingJob?: EnclosingJob;
  Executor?: Executor;
  ExposureList?: ExposureList;
  ExposureSearch?: ExposureSearch;
  Exposure?: Exposure;
  HeadJob?: HeadJob;
  Health?: Health;
  ImportRequest?: ImportRequest;
  ImportResult?: ImportResult;
  JournalEvent?: JournalEvent;
  Lease?: Lease;
  Leftovers?: Leftovers;
  MemberList?: MemberList;
  OrganizationInput?: OrganizationInput;
  OrganizationList?: OrganizationList;
  Organization?: Organization;
  OrphanedJob?: OrphanedJob;
  Plan?: Plan;
  PlannedSecret?: PlannedSecret;
  Platform?: Platform;
  ProbeRequest?: ProbeRequest;
  Problem?: Problem;
  Process?: Process;
  ReceiptCheck?: ReceiptCheck;
  Receipt?: Receipt;
  Role?: Role;
  RunList?: RunList;
  RunPrune?: RunPrune;
  RunPurge?: RunPurge;
  RunQuery?: RunQuery;
  RunRequest?: RunRequest;
  RunStart?: RunStart;
  RunSubmission?: RunSubmission;
  Run?: Run;
  Scope?: Scope;
  SearchGap?: SearchGap;
  SecretDelivery?: SecretDelivery;
  SecretInput?: SecretInput;
  SecretList?: SecretList;
  SecretName?: SecretName;
  Secret?: Secret;
  Selection?: Selection;
  TaskList?: TaskList;
  Task?: Task;
  VaultExportRequest?: VaultExportRequest;
  VaultExport?: VaultExport;
  VaultImportRequest?: VaultImportRequest;
  VaultRekey?: VaultRekey;
  VaultStatus?: VaultStatus;
  VaultUnlock?: VaultUnlock;
  WorkspaceInput?: WorkspaceInput;
  WorkspaceList?: WorkspaceList;
  WorkspaceTitle?: WorkspaceTitle;
  Workspace?: Workspace;
}
/**
 * Which part of the audit to show.
 */
export interface AuditQuery {
  /**
   * How many at most
   */
  limit?: number;
  /**
   * Before the event with this number: the last one of the page before
   */
  before?: number;
}
/**
 * What people did, newest first.
 */
export interface Audit {
  /**
   * Newest first
   */
  events: JournalEvent[];
}
/**
 * Something that happened: a step of a run's way, or something that someone did.
 */
export interface JournalEvent {
  /**
   * Counts up; the id of the server-sent event
   */
  seq: number;
  /**
   * Id of the run; null where it concerns none
   */
  run: string | null;
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
  /**
   * Who asked for it; null where the daemon acted by itself
   */
  by: string | null;
}
/**
 * AWS credentials that are provided for a removal; they are kept in memory alone.
 */
export interface AwsCredentials {
  /**
   * The access key's id
   */
  accessKeyId: string;
  /**
   * The secret part
   */
  secretAccessKey: string;
  /**
   * Of a session
   */
  sessionToken?: string;
}
/**
 * What AWS Batch wants to know of a compute environment.
 */
export interface AwsSettings {
  /**
   * Of queue and secrets
   */
  region: string;
  /**
   * Name or ARN of the job queue
   */
  queue: string;
  /**
   * Nextflow's work directory, in S3
   */
  workDir: string;
  /**
   * ARN of the role with which ECS reads the secrets as a container starts
   */
  executionRole: string;
  /**
   * Profile of the AWS configuration; absent: as the daemon's environment says
   */
  profile?: string;
  /**
   * ARN of a role to be taken, for an account that is not the credentials' own
   */
  assumeRole?: string;
  /**
   * The external id that this role wants
   */
  externalId?: string;
  /**
   * Id, alias or ARN of the key that encrypts the secrets; absent: the account's own of Secrets Manager
   */
  kmsKey?: string;
  /**
   * What the names of secrets begin with; absent: nf-escrow
   */
  prefix?: string;
  /**
   * bundle: one secret a run, however many it has; per-secret: one for each. Absent: bundle
   */
  layout?: 'bundle' | 'per-secret';
  /**
   * Where Secrets Manager is reached, where not at the region's own address: https, or for an emulator of AWS on this machine http on loopback. No service is reached by plain http at any other address
   */
  endpoint?: string;
  /**
   * Whether the FIPS endpoints are used
   */
  fips?: boolean;
  /**
   * Image for the job of doctor --probe, with sh and sha256sum; absent: a public one of busybox
   */
  probeImage?: string;
  /**
   * ARN of the role with which it does so
   */
  deadManRole?: string;
  /**
   * Whether EventBridge Scheduler deletes the secret of a run whose machine never comes back
   */
  deadMan?: boolean;
}
/**
 * Whose runs a check of a compute environment is about.
 */
export interface CheckQuery {
  workspace?: WorkspaceTitle;
}
/**
 * Changes a compute environment; what is not named stays.
 */
export interface ComputeEnvironmentChange {
  /**
   * Where run directories are made, on a file system that compute nodes see; null: as the settings say
   */
  runsDirectory?: string | null;
  aws?: AwsSettings;
  /**
   * true: runs go there that name none
   */
  isDefault?: true;
  /**
   * The scheduler; null: the one whose commands are found
   */
  executor?: Executor | null;
  /**
   * Whether Nextflow itself becomes a job of the scheduler
   */
  headJob?: boolean;
  /**
   * Options for that job, one word each
   *
   * @maxItems 100
   */
  headOptions?: string[];
}
/**
 * Asks for a compute environment.
 */
export interface ComputeEnvironmentInput {
  /**
   * Its name
   */
  name: string;
  platform: Platform;
  /**
   * Where run directories are made, on a file system that compute nodes see; null: as the settings say
   */
  runsDirectory?: string | null;
  aws?: AwsSettings;
  /**
   * Whether runs go there that name none
   */
  isDefault?: boolean;
  /**
   * The scheduler; null: the one whose commands are found
   */
  executor?: Executor | null;
  /**
   * Whether Nextflow itself becomes a job of the scheduler
   */
  headJob?: boolean;
  /**
   * Options for that job, one word each
   *
   * @maxItems 100
   */
  headOptions?: string[];
}
/**
 * Compute environments by name.
 */
export interface ComputeEnvironmentList {
  /**
   * By name
   */
  computeEnvironments: ComputeEnvironment[];
}
/**
 * A named place that runs go to.
 */
export interface ComputeEnvironment {
  /**
   * Its name
   */
  name: string;
  platform: Platform;
  /**
   * Where run directories are made, on a file system that compute nodes see; null: as the settings say
   */
  runsDirectory: string | null;
  aws?: AwsSettings;
  /**
   * Whether runs go there that name none
   */
  isDefault: boolean;
  /**
   * When it was made (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When it was last changed (ISO 8601, UTC)
   */
  lastUpdated: string;
  /**
   * The scheduler; null: the one whose commands are found
   */
  executor?: Executor | null;
  /**
   * Whether Nextflow itself becomes a job of the scheduler
   */
  headJob?: boolean;
  /**
   * Options for that job, one word each
   *
   * @maxItems 100
   */
  headOptions?: string[];
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
  /**
   * Whether it goes on when nobody needs it, as one that was installed does
   */
  persistent: boolean;
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
 * One thing that a launch needs, as `nf-escrow doctor` found it.
 */
export interface DoctorCheck {
  /**
   * What was looked at; several checks may share a name
   */
  name: string;
  /**
   * `failure`: a launch would fail, or expose a secret; `warning`: it may go wrong
   */
  state: 'ok' | 'warning' | 'failure';
  /**
   * What was found; never a value
   */
  found: string;
  /**
   * What to do about it; null where all is well
   */
  remedy: string | null;
}
/**
 * What `nf-escrow doctor --json` prints.
 */
export interface DoctorReport {
  /**
   * In the order in which they are shown
   */
  checks: DoctorCheck[];
}
/**
 * A job of a scheduler, in which a run's head is started.
 */
export interface EnclosingJob {
  executor: Executor;
  /**
   * The scheduler's id, in the scheduler's own format
   */
  id: string;
  /**
   * How often it was started anew before; null: the scheduler does not say
   */
  restarts: number | null;
}
/**
 * What pipelines exposed of their secrets, newest runs first.
 */
export interface ExposureList {
  /**
   * At most 100
   */
  exposures: Exposure[];
}
/**
 * A secret whose value is in files that a run wrote and that nf-escrow does not remove.
 */
export interface Exposure {
  /**
   * In which run
   */
  run: string;
  /**
   * Nextflow's name of that run
   */
  runName: string | null;
  secret: SecretName;
  /**
   * The process of the tasks whose files these are; null for files of the run as a whole
   */
  process: string | null;
  /**
   * Tasks whose files hold it
   */
  tasks: number;
  /**
   * Files that hold it
   */
  fileCount: number;
  /**
   * Those files, not more than 1000 in a receipt and 10 in a list; below the work directory relative to it, else absolute. Written by others: escape them before display
   */
  files: string[];
}
/**
 * How the files that a run wrote were searched for values of its secrets.
 */
export interface ExposureSearch {
  /**
   * Who searched: nf-escrow's Nextflow plugin all of the run's files, the daemon those of the run as a whole
   */
  by: 'plugin' | 'daemon';
  /**
   * Nothing was left out
   */
  complete: boolean;
  /**
   * Tasks whose files were searched
   */
  tasks: number;
  /**
   * Files that were searched
   */
  files: number;
  /**
   * Bytes that were read
   */
  bytes: number;
  /**
   * Findings beyond those that are recorded
   */
  omitted: number;
  /**
   * What was left out
   */
  gaps: SearchGap[];
}
/**
 * Files, or values, that a search for exposed secrets left out.
 */
export interface SearchGap {
  /**
   * Why: docs/limits.md
   */
  reason:
    | 'budget'
    | 'not-plain'
    | 'unreadable'
    | 'remote'
    | 'time'
    | 'queue'
    | 'failed'
    | 'tasks'
    | 'value-short'
    | 'value-common'
    | 'value-unreadable'
    | 'value-unknown'
    | 'vault-locked'
    | 'unknown';
  /**
   * How many files or values
   */
  count: number;
  /**
   * One of the files
   */
  example?: string;
  /**
   * Names of the secrets whose values were not searched for
   */
  secrets?: string[];
}
/**
 * The scheduler's job of a run's head.
 */
export interface HeadJob {
  executor: Executor;
  /**
   * The scheduler's id; null: its answer is not there yet
   */
  id: string | null;
  /**
   * How often it was started anew; null: the scheduler does not say
   */
  restarts: number | null;
  /**
   * true: the head is this job, submitted for it; false: it was started in a job of the user's own
   */
  head: boolean;
  /**
   * Its name, once it was asked for; null: not ours to name, or not asked for yet
   */
  name: string | null;
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
 * Sets many secrets of a scope: all of them or none.
 */
export interface ImportRequest {
  /**
   * Names and values
   *
   * @maxItems 10000
   */
  secrets: {
    /**
     * Its name
     */
    name: string;
    /**
     * Base64 of its exact bytes
     */
    valueBase64: string;
  }[];
  /**
   * What becomes of names that are there already
   */
  onConflict: 'refuse' | 'replace' | 'skip';
}
/**
 * What an import did, by name.
 */
export interface ImportResult {
  /**
   * Names that were new
   */
  created: string[];
  /**
   * Names that got a new version
   */
  replaced: string[];
  /**
   * Names that were there and stayed
   */
  skipped: string[];
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
  attempts: number;
  /**
   * What the last try met
   */
  lastError: string | null;
  /**
   * How its absence was checked
   */
  verification: string | null;
}
/**
 * What machines that never came back left in AWS, as `nf-escrow sweep` finds it.
 */
export interface Leftovers {
  /**
   * Secrets, then job definitions
   */
  leftovers: {
    /**
     * What it is
     */
    kind: 'secret' | 'job-definition';
    /**
     * Its ARN
     */
    target: string;
    /**
     * The run it was made for
     */
    run: string;
    /**
     * Why nobody else removes it
     */
    reason: string;
    /**
     * Whether a sweep removes it: false where only tags, which others can write, say whose it is or until when it lives
     */
    removable: boolean;
    /**
     * Whether it was removed now
     */
    removed: boolean;
    /**
     * Why it could not be removed; absent: it was, or nobody asked for that
     */
    error?: string;
  }[];
}
/**
 * Who takes part in a workspace.
 */
export interface MemberList {
  /**
   * By name
   */
  members: {
    /**
     * Name of the user
     */
    user: string;
    role: Role;
  }[];
}
/**
 * Asks for an organization.
 */
export interface OrganizationInput {
  /**
   * Its name: lower-case letters, digits, hyphens
   */
  name: string;
}
/**
 * Organizations by name.
 */
export interface OrganizationList {
  /**
   * By name
   */
  organizations: Organization[];
}
/**
 * A group of workspaces.
 */
export interface Organization {
  /**
   * Its name: lower-case letters, digits, hyphens
   */
  name: string;
  /**
   * How many workspaces it has
   */
  workspaces: number;
  /**
   * When it was made (ISO 8601, UTC)
   */
  dateCreated: string;
}
/**
 * A job that a run's head had submitted for a task, and that may live on though the head is gone.
 */
export interface OrphanedJob {
  /**
   * The scheduler, or awsbatch
   */
  executor: Executor | 'awsbatch';
  /**
   * The scheduler's id
   */
  id: string;
  /**
   * The task's name
   */
  name: string;
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
  store: string | null;
  /**
   * By what tasks are given them: the plugin with its version, or Nextflow's own format and why; null where there is none to place
   */
  secretDelivery: string | null;
  /**
   * What the person should know of this plan
   */
  note: string | null;
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
 * How a compute environment is tried with a throw-away secret.
 */
export interface ProbeRequest {
  /**
   * How long its job is waited for
   */
  waitSeconds: number;
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
    | 'value-not-deliverable'
    | 'secret-not-found'
    | 'secret-not-available'
    | 'workspace-not-found'
    | 'organization-not-found'
    | 'workspace-personal'
    | 'compute-environment-not-found'
    | 'compute-environment-invalid'
    | 'name-taken'
    | 'in-use'
    | 'import-conflict'
    | 'import-invalid'
    | 'not-permitted'
    | 'run-not-found'
    | 'run-ambiguous'
    | 'run-alive'
    | 'state-conflict'
    | 'not-found'
    | 'nextflow-missing'
    | 'plugin-unusable'
    | 'local-store-unreadable'
    | 'config-invalid'
    | 'permissions-too-open'
    | 'path-conflict'
    | 'socket-path-too-long'
    | 'vault-key-missing'
    | 'vault-key-mismatch'
    | 'vault-locked'
    | 'vault-key-command-failed'
    | 'vault-key-file-unusable'
    | 'passphrase-wrong'
    | 'secret-corrupt'
    | 'ledger-unavailable'
    | 'ledger-corrupt'
    | 'ledger-too-new'
    | 'store-unavailable'
    | 'aws-credentials'
    | 'aws-denied'
    | 'aws-rejected'
    | 'daemon-unavailable'
    | 'scheduler-unavailable'
    | 'scheduler-rejected'
    | 'daemon-on-other-host'
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
 * One look at where something was placed.
 */
export interface ReceiptCheck {
  /**
   * The store that was asked
   */
  store: string;
  /**
   * What was looked for: a path, an ARN
   */
  target: string;
  /**
   * unknown: it could not be looked for, and `evidence` says why
   */
  result: 'absent' | 'present' | 'unknown';
  /**
   * What was looked at, in words
   */
  evidence: string;
  /**
   * When (ISO 8601, UTC)
   */
  at: string;
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
   * Secrets whose values the run wrote into files that nf-escrow does not remove
   */
  exposures: Exposure[];
  /**
   * How those files were searched; null: they were not, or not yet
   */
  search: ExposureSearch | null;
  /**
   * What relative paths of exposures are relative to, where it is known
   */
  workDirectory: string | null;
  /**
   * Every lease is gone
   */
  complete: boolean;
  /**
   * When this was written (ISO 8601, UTC)
   */
  issuedAt: string;
  /**
   * What another look at each found just now, where one was asked for
   */
  checks?: ReceiptCheck[];
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
   * Where it goes
   */
  computeEnvironment: string;
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
   * What it writes to its terminal, where it was detached from one
   */
  outputFile: string | null;
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
  /**
   * What the last try to remove met, and what to do about it; absent where none failed
   */
  removalError?: string;
  /**
   * Names of the secrets whose values its files hold, as its receipt tells; absent where none was found
   */
  exposed?: string[];
  /**
   * The scheduler's job of its head; null: it is in none
   */
  headJob: HeadJob | null;
  /**
   * What its head had submitted and left behind, and that may live on
   */
  orphanedJobs: OrphanedJob[];
  /**
   * Ids of other runs with this run name of which something may be left; only where it was asked for by its name, and absent where there are none
   */
  namesakes?: string[];
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
 * Forgets old runs of which nothing is left.
 */
export interface RunPrune {
  /**
   * Those that were purged so many days ago, or earlier
   */
  days: number;
}
/**
 * Asks for what is left of a run to be removed, or looked for; may provide the credentials for that.
 */
export interface RunPurge {
  awsCredentials?: AwsCredentials;
}
/**
 * Which runs to list: all of what is named has to fit.
 */
export interface RunQuery {
  /**
   * How many at most
   */
  limit?: number;
  /**
   * In this state; open: in any but purged, or with jobs that its head left behind
   */
  state?: 'created' | 'materialized' | 'running' | 'ended' | 'purged' | 'open';
  /**
   * Of this workspace, ORGANIZATION/NAME
   */
  workspace?: string;
  /**
   * Planned before this run: the last one of the page before
   */
  before?: string;
}
/**
 * Asks for a run: plan it and place its secrets. The caller then starts it by itself, in its own terminal and environment.
 */
export interface RunRequest {
  workspace?: WorkspaceTitle;
  /**
   * Where it is to go; absent: to the default one
   */
  computeEnvironment?: string;
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
  secretDelivery?: SecretDelivery;
  /**
   * Where Nextflow will write its newest log, as its arguments and the caller's environment say
   */
  logFile?: string;
  /**
   * Whether its output goes to a file that the answer names
   */
  detach?: boolean;
  /**
   * What the pipeline's configuration and the options say of the keys that the platform would set else
   */
  configured?: {
    /**
     * Executor
     */
    'process.executor'?: string;
    /**
     * Job queue
     */
    'process.queue'?: string;
    /**
     * Work directory
     */
    workDir?: string;
    /**
     * Region
     */
    'aws.region'?: string;
    /**
     * Profile
     */
    'aws.profile'?: string;
    /**
     * Execution role
     */
    'aws.batch.executionRole'?: string;
  };
  launcher: Process;
  enclosingJob?: EnclosingJob;
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
 * How a run's secrets get from its directory to its tasks, as the nextflow and the environment of the caller allow.
 */
export interface SecretDelivery {
  /**
   * The version of the plugin that is installed and switched on for it, which carries any bytes; null: Nextflow's own format, which does not
   */
  plugin: string | null;
  /**
   * Why the plugin cannot be used, as a clause
   */
  reason: string | null;
  /**
   * What the user should know of it, as a sentence
   */
  note?: string;
  /**
   * Whether this Nextflow reads its configuration before there are plugins, and wants its own format until then
   */
  configPhase: boolean;
  /**
   * Variables to start nextflow with, besides those that name the run directory
   */
  environment: {
    [k: string]: string;
  };
  /**
   * Variables that a run changes, and what tasks would find in them without it; an empty text for nothing
   */
  restore: {
    [k: string]: string;
  };
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
    /**
     * Where its output is to go, when it is detached
     */
    outputFile?: string;
    /**
     * Only where the head is to be a job: the caller writes its own environment there, with the variables above, each ended by NUL; then it asks for the submission instead of starting anything
     */
    environmentFile?: string;
  };
}
/**
 * Asks for a run's head to become a job. The caller has written the environment before.
 */
export interface RunSubmission {
  /**
   * The shim's arguments, as the run's start named them
   */
  arguments: string[];
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
  /**
   * The process of that run whose task was given it last; only the plugin tells
   */
  lastUsedProcess: string | null;
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
  traceErrors: number;
}
/**
 * A task of a run, as the plugin's events and its trace tell.
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
  /**
   * The process it is of; only the plugin tells
   */
  process: string | null;
  /**
   * Which try it is, from 1; only the plugin tells
   */
  attempt: number | null;
  /**
   * Names of the secrets it was given
   */
  secrets: string[];
  /**
   * Names of secrets whose values are in files that Nextflow wrote for it
   */
  exposed: string[];
}
/**
 * Asks for all secrets, encrypted with age: for recipients, or under a passphrase. Exactly one of the two.
 */
export interface VaultExportRequest {
  /**
   * age public keys
   *
   * @minItems 1
   */
  recipients?: [string, ...string[]];
  /**
   * A passphrase
   */
  passphrase?: string;
}
/**
 * What an exported vault holds, inside its age encryption; never on the API in clear.
 */
export interface VaultExport {
  /**
   * Which form this is
   */
  format: 'nf-escrow-export-1';
  /**
   * When it was made (ISO 8601, UTC)
   */
  exportedAt: string;
  /**
   * Workspaces, and the own secrets of who exported
   */
  scopes: {
    /**
     * Whose secrets
     */
    kind: 'workspace' | 'user';
    /**
     * The organization of a workspace; empty for a user
     */
    organization: string;
    /**
     * The name of a workspace
     */
    name: string;
    /**
     * Of a workspace; null for a user
     */
    visibility: 'private' | 'shared' | 'personal' | null;
    /**
     * The newest version of each
     */
    secrets: {
      /**
       * Its name
       */
      name: string;
      /**
       * Its version; what is imported gets a higher one. Exports of before have none
       */
      version?: number;
      /**
       * Base64 of its exact bytes
       */
      valueBase64: string;
    }[];
  }[];
}
/**
 * Takes an export in: all of it or nothing.
 */
export interface VaultImportRequest {
  /**
   * The armoured age file
   */
  export: string;
  /**
   * age secret keys
   *
   * @minItems 1
   */
  identities?: [string, ...string[]];
  /**
   * A passphrase
   */
  passphrase?: string;
  /**
   * What becomes of names that are there already
   */
  onConflict: 'refuse' | 'replace' | 'skip';
}
/**
 * Gives the vault a new key.
 */
export interface VaultRekey {
  /**
   * Where the new key comes from
   */
  source: 'file' | 'passphrase' | 'command';
  /**
   * A passphrase
   */
  passphrase?: string;
}
/**
 * Whether the vault can be opened, and by what.
 */
export interface VaultStatus {
  /**
   * empty: nothing is sealed yet; open; locked: its passphrase has to be given; unusable: its key is not there or not the right one
   */
  state: 'empty' | 'open' | 'locked' | 'unusable';
  /**
   * Where the key comes from; null where there is none yet
   */
  source: 'file' | 'passphrase' | 'command' | null;
  /**
   * The id of the key that seals; it tells nothing of the key
   */
  key: string | null;
  /**
   * Values that are still sealed with another key
   */
  pendingRekey: number;
  /**
   * Why removed values may still be in a file of the ledger; null where they are in none
   */
  pendingErasure: string | null;
}
/**
 * Gives the passphrase of the vault.
 */
export interface VaultUnlock {
  /**
   * A passphrase
   */
  passphrase: string;
}
/**
 * Asks for a workspace.
 */
export interface WorkspaceInput {
  /**
   * Its organization, which has to be there
   */
  organization: string;
  /**
   * Its name within the organization
   */
  name: string;
  /**
   * private: its members alone; shared: everyone of the organization; personal: belongs to one person and keeps no secrets
   */
  visibility?: 'private' | 'shared' | 'personal';
}
/**
 * Workspaces by organization and name.
 */
export interface WorkspaceList {
  /**
   * By organization and name
   */
  workspaces: Workspace[];
}
/**
 * Where secrets of pipelines are kept; belongs to an organization.
 */
export interface Workspace {
  /**
   * Its organization
   */
  organization: string;
  /**
   * Its name within the organization
   */
  name: string;
  /**
   * private: its members alone; shared: everyone of the organization; personal: belongs to one person and keeps no secrets
   */
  visibility: 'private' | 'shared' | 'personal';
  role: Role;
  /**
   * How many secrets it has
   */
  secrets: number;
  /**
   * When it was made (ISO 8601, UTC)
   */
  dateCreated: string;
}
