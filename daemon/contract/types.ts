// Generated from schemas/ by scripts/generate-types.mjs; do not edit.

/**
 * A workspace: ORGANIZATION/NAME
 */
export type WorkspaceTitle = string;
/**
 * A scheduler, by the name of Nextflow's executor: slurm, sge (Grid Engine), pbs (PBS Pro, OpenPBS, Torque) or lsf
 */
export type Executor = 'slurm' | 'sge' | 'pbs' | 'lsf';
/**
 * hpc: this machine, or a scheduler whose nodes can access the runs directory; aws-batch: AWS Batch
 */
export type Platform = 'hpc' | 'aws-batch';
/**
 * Records of a run that are incomplete because the run exceeded a limit: rows of one kind, or lines of a file.
 */
export type DroppedRecord =
  'events' | 'log' | 'trace' | 'tasks' | 'trace-errors' | 'task-jobs' | 'exposures' | 'job-definitions';
/**
 * Code of an error, from a closed list.
 */
export type ErrorCode =
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
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'payload-too-large'
  | 'unsupported-media-type'
  | 'nextflow-missing'
  | 'plugin-unusable'
  | 'local-store-unreadable'
  | 'config-invalid'
  | 'permissions-too-open'
  | 'writable-by-others'
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
  | 'aws-clock'
  | 'aws-denied'
  | 'aws-rejected'
  | 'daemon-unavailable'
  | 'scheduler-unavailable'
  | 'scheduler-rejected'
  | 'daemon-on-other-host'
  | 'origin-forbidden'
  | 'internal';
/**
 * Name of a secret, by Nextflow's rule: 2 to 50 letters, digits and single underscores; no leading digit, no two underscores in a row.
 */
export type SecretName = string;
/**
 * Role of a member in a workspace, from the most to the least permissions.
 */
export type Role = 'owner' | 'admin' | 'maintain' | 'launch' | 'view';
/**
 * Origin of a secret of a run. The user's secrets override the workspace's, which override Nextflow's local store.
 */
export type Scope = 'user' | 'workspace' | 'local';
/**
 * Policy for runs with secrets if others can change files that the run executes. warn: start the run with a warning; refuse: fail before anything is delivered.
 */
export type WritablePolicy = 'warn' | 'refuse';
/**
 * Accounts besides the user and root that may own and write to what a run executes, such as the account that installs a cluster's software.
 *
 * @maxItems 50
 */
export type TrustedOwnerList = string[];

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
  DroppedRecord?: DroppedRecord;
  EnclosingJob?: EnclosingJob;
  ErrorCode?: ErrorCode;
  Executor?: Executor;
  ExposureList?: ExposureList;
  ExposureSearch?: ExposureSearch;
  Exposure?: Exposure;
  HeadJob?: HeadJob;
  Health?: Health;
  ImportRequest?: ImportRequest;
  ImportResult?: ImportResult;
  JournalEvent?: JournalEvent;
  LeaseRemoval?: LeaseRemoval;
  Lease?: Lease;
  LeftoverProcess?: LeftoverProcess;
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
  PruneResult?: PruneResult;
  ReceiptCheck?: ReceiptCheck;
  Receipt?: Receipt;
  Role?: Role;
  RunList?: RunList;
  RunPrune?: RunPrune;
  RunPurgeQuery?: RunPurgeQuery;
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
  SecretVersion?: SecretVersion;
  Secret?: Secret;
  Selection?: Selection;
  SweepQuery?: SweepQuery;
  TaskList?: TaskList;
  Task?: Task;
  TrustedOwnerList?: TrustedOwnerList;
  VaultExportRequest?: VaultExportRequest;
  VaultExport?: VaultExport;
  VaultImportRequest?: VaultImportRequest;
  VaultRekeyResult?: VaultRekeyResult;
  VaultRekey?: VaultRekey;
  VaultStatus?: VaultStatus;
  VaultUnlock?: VaultUnlock;
  WorkspaceInput?: WorkspaceInput;
  WorkspaceList?: WorkspaceList;
  WorkspaceTitle?: WorkspaceTitle;
  Workspace?: Workspace;
  WritablePlace?: WritablePlace;
  WritablePolicy?: WritablePolicy;
}
/**
 * Page of the audit log.
 */
export interface AuditQuery {
  /**
   * Maximum number of events
   */
  limit?: number;
  /**
   * Only events before this sequence number, the last one of the previous page
   */
  before?: number;
}
/**
 * Events of the audit log.
 */
export interface Audit {
  /**
   * Newest first
   */
  events: JournalEvent[];
}
/**
 * An event in the journal: a step of a run, or an action of a principal.
 */
export interface JournalEvent {
  /**
   * Sequence number, and id of the server-sent event
   */
  seq: number;
  /**
   * Id of the run; null if the event concerns no run
   */
  run: string | null;
  /**
   * Time (ISO 8601, UTC)
   */
  at: string;
  /**
   * Type of the event
   */
  type: string;
  /**
   * Details, depending on the type
   */
  data: {};
  /**
   * Principal who requested the action; null if the daemon acted on its own
   */
  by: string | null;
}
/**
 * AWS credentials for a removal. The daemon keeps them in memory only.
 */
export interface AwsCredentials {
  /**
   * Access key id
   */
  accessKeyId: string;
  /**
   * Secret access key
   */
  secretAccessKey: string;
  /**
   * Session token
   */
  sessionToken?: string;
}
/**
 * Settings of a compute environment for AWS Batch.
 */
export interface AwsSettings {
  /**
   * Region of the queue and the secrets
   */
  region: string;
  /**
   * Name or ARN of the job queue
   */
  queue: string;
  /**
   * Nextflow's work directory in S3
   */
  workDir: string;
  /**
   * ARN of the execution role with which ECS reads the secrets when a container starts
   */
  executionRole: string;
  /**
   * Profile of the AWS configuration. Default: the credentials of the daemon's environment
   */
  profile?: string;
  /**
   * ARN of a role to assume, if the queue is in another account than the credentials
   */
  assumeRole?: string;
  /**
   * External id for the assumed role
   */
  externalId?: string;
  /**
   * Id, alias or ARN of the KMS key that encrypts the secrets. Default: the account's key for Secrets Manager
   */
  kmsKey?: string;
  /**
   * Prefix of the names of secrets. Default: nf-escrow
   */
  prefix?: string;
  /**
   * bundle: one AWS secret per run; per-secret: one AWS secret per secret. Default: bundle
   */
  layout?: 'bundle' | 'per-secret';
  /**
   * Endpoint of Secrets Manager, instead of the region's own. HTTPS, or HTTP on loopback for an emulator of AWS on this machine. No other address is contacted over plain HTTP
   */
  endpoint?: string;
  /**
   * Use FIPS endpoints
   */
  fips?: boolean;
  /**
   * Container image with sh and sha256sum for the job of doctor --probe. Default: a public busybox image
   */
  probeImage?: string;
  /**
   * ARN of the role that EventBridge Scheduler uses to delete the secret
   */
  deadManRole?: string;
  /**
   * Let EventBridge Scheduler delete the secret of a run if its machine is lost
   */
  deadMan?: boolean;
}
/**
 * Workspace whose runs a check of a compute environment covers.
 */
export interface CheckQuery {
  workspace?: WorkspaceTitle;
}
/**
 * Changes to a compute environment. Absent properties stay unchanged.
 */
export interface ComputeEnvironmentChange {
  /**
   * Parent directory of run directories, on a file system that compute nodes can access; null: the directory of the setting runsDir
   */
  runsDirectory?: string | null;
  aws?: AwsSettings;
  /**
   * true: runs use it by default
   */
  isDefault?: true;
  /**
   * Scheduler; null: the one whose commands are on PATH
   */
  executor?: Executor | null;
  /**
   * Whether Nextflow itself runs as a scheduler job
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
 * Request to create a compute environment.
 */
export interface ComputeEnvironmentInput {
  /**
   * Name
   */
  name: string;
  platform: Platform;
  /**
   * Parent directory of run directories, on a file system that compute nodes can access; null: the directory of the setting runsDir
   */
  runsDirectory?: string | null;
  aws?: AwsSettings;
  /**
   * Whether runs use it by default
   */
  isDefault?: boolean;
  /**
   * Scheduler; null: the one whose commands are on PATH
   */
  executor?: Executor | null;
  /**
   * Whether Nextflow itself runs as a scheduler job
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
 * List of compute environments.
 */
export interface ComputeEnvironmentList {
  /**
   * Sorted by name
   */
  computeEnvironments: ComputeEnvironment[];
}
/**
 * A named configuration of where runs execute.
 */
export interface ComputeEnvironment {
  /**
   * Name
   */
  name: string;
  platform: Platform;
  /**
   * Parent directory of run directories, on a file system that compute nodes can access; null: the directory of the setting runsDir
   */
  runsDirectory: string | null;
  aws?: AwsSettings;
  /**
   * Whether runs use it by default
   */
  isDefault: boolean;
  /**
   * When it was created (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When it was last changed (ISO 8601, UTC)
   */
  lastUpdated: string;
  /**
   * Scheduler; null: the one whose commands are on PATH
   */
  executor?: Executor | null;
  /**
   * Whether Nextflow itself runs as a scheduler job
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
 * Status of the daemon, as `nf-escrow daemon status` shows it.
 */
export interface DaemonStatus {
  process: Process;
  /**
   * Version of nf-escrow
   */
  version: string;
  /**
   * Start time (ISO 8601, UTC)
   */
  startedAt: string;
  /**
   * State directory, with the ledger and the runs
   */
  stateDirectory: string;
  /**
   * Number of runs that the daemon watches
   */
  watching: number;
  /**
   * Resident memory
   */
  memoryBytes: number;
  /**
   * Whether the daemon keeps running when idle, as an installed one does
   */
  persistent: boolean;
}
/**
 * Identity of a process: host, boot, PID namespace, PID and start time. A reused PID never matches.
 */
export interface Process {
  /**
   * Host name
   */
  host: string;
  /**
   * Boot id: /proc/sys/kernel/random/boot_id
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
   * Start time: field 22 of /proc/PID/stat, in clock ticks since boot
   */
  startTime: string;
}
/**
 * Result of one check of `nf-escrow doctor`.
 */
export interface DoctorCheck {
  /**
   * Name of the check; several checks may have the same one
   */
  name: string;
  /**
   * `failure`: a launch would fail or expose a secret; `warning`: a launch may fail
   */
  state: 'ok' | 'warning' | 'failure';
  /**
   * What was found. Never a value
   */
  found: string;
  /**
   * Remedy; null if nothing is wrong
   */
  remedy: string | null;
}
/**
 * Output of `nf-escrow doctor --json`.
 */
export interface DoctorReport {
  /**
   * In display order
   */
  checks: DoctorCheck[];
}
/**
 * A scheduler job in which a run's head is started.
 */
export interface EnclosingJob {
  executor: Executor;
  /**
   * Job id, in the format of the scheduler
   */
  id: string;
  /**
   * Number of restarts; null if the scheduler does not report it
   */
  restarts: number | null;
}
/**
 * Exposed secrets, newest runs first.
 */
export interface ExposureList {
  /**
   * At most 100
   */
  exposures: Exposure[];
}
/**
 * A secret whose value was found in files that a run wrote and that nf-escrow does not remove.
 */
export interface Exposure {
  /**
   * Id of the run
   */
  run: string;
  /**
   * Nextflow's name of the run
   */
  runName: string | null;
  secret: SecretName;
  /**
   * Process whose tasks wrote the files; null for files of the run as a whole
   */
  process: string | null;
  /**
   * Number of tasks whose files contain the value
   */
  tasks: number;
  /**
   * Number of files that contain the value
   */
  fileCount: number;
  /**
   * Paths of these files, at most 1000 in a receipt and 10 in a list. Relative to the work directory if inside it, otherwise absolute. The pipeline chooses the paths: escape them before display
   */
  files: string[];
}
/**
 * How the files of a run were searched for the values of its secrets.
 */
export interface ExposureSearch {
  /**
   * What searched the files. The plugin searches all files of the run; the daemon, only those of the run as a whole
   */
  by: 'plugin' | 'daemon';
  /**
   * Whether nothing was skipped
   */
  complete: boolean;
  /**
   * Number of tasks whose files were searched
   */
  tasks: number;
  /**
   * Number of files that were searched
   */
  files: number;
  /**
   * Number of bytes that were read
   */
  bytes: number;
  /**
   * Number of findings beyond the recorded ones
   */
  omitted: number;
  /**
   * Skipped files and values
   */
  gaps: SearchGap[];
}
/**
 * Files or values that a search for exposed secrets skipped.
 */
export interface SearchGap {
  /**
   * Reason; see docs/limits.md
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
   * Number of files or values
   */
  count: number;
  /**
   * Path of one of the files
   */
  example?: string;
  /**
   * Names of the secrets whose values were not searched for
   */
  secrets?: string[];
}
/**
 * The scheduler job of a run's head.
 */
export interface HeadJob {
  executor: Executor;
  /**
   * Job id of the scheduler; null until the scheduler has answered the submission
   */
  id: string | null;
  /**
   * Number of restarts; null if the scheduler does not report it
   */
  restarts: number | null;
  /**
   * true: nf-escrow submitted the job for the head; false: the head was started inside a job of the user
   */
  head: boolean;
  /**
   * Job name, once submitted by nf-escrow; otherwise null
   */
  name: string | null;
}
/**
 * Health of the daemon. Requires no permission and contains no other details.
 */
export interface Health {
  /**
   * Always "ok" in a response
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
   * Number of delivered objects that are not removed although their run has ended
   */
  pendingRemovals: number;
}
/**
 * Request to set several secrets of a scope, all or none.
 */
export interface ImportRequest {
  /**
   * Names and values
   *
   * @maxItems 10000
   */
  secrets: {
    /**
     * Name of the secret
     */
    name: string;
    /**
     * Base64 of the exact bytes
     */
    valueBase64: string;
  }[];
  /**
   * How to handle names that already exist
   */
  onConflict: 'refuse' | 'replace' | 'skip';
}
/**
 * Result of an import, by secret name.
 */
export interface ImportResult {
  /**
   * Names that were created
   */
  created: string[];
  /**
   * Existing names that got a new version
   */
  replaced: string[];
  /**
   * Existing names that were kept unchanged
   */
  skipped: string[];
}
/**
 * Result of the removal of the files with values in a run directory.
 */
export interface LeaseRemoval {
  /**
   * Delivered files with values
   */
  files: {
    /**
     * Path in the run directory
     */
    file: string;
    /**
     * Names of the secrets whose values the file contained
     */
    secrets: string[];
    /**
     * pending: not removed yet; erased: the daemon erased its content, by inode; deleted: its open descriptor no longer has a name; reported: the shim or the plugin of the run reported its removal; not-verified: it was not found
     */
    result: 'pending' | 'erased' | 'deleted' | 'reported' | 'not-verified';
    /**
     * Number of further hard links outside the run directory; the content is erased
     */
    links: number;
    /**
     * Whether another file existed at its path
     */
    replaced: boolean;
    /**
     * Path at which it was found, if it had been moved out of the run directory
     */
    movedTo: string | null;
  }[];
  /**
   * Irregularities, as sentences: further hard links, a moved or replaced directory, files whose removal could not be verified
   */
  notes: string[];
}
/**
 * One object that was delivered outside the ledger.
 */
export interface Lease {
  /**
   * Id of the lease
   */
  id: string;
  /**
   * Store that holds the object
   */
  store: string;
  /**
   * Location of the object: a path or an ARN
   */
  target: string;
  /**
   * intended: recorded, and may exist; placed: exists; removing: removal started; gone: absence verified; unverified: does not exist, but the removal of all its values could not be verified
   */
  state: 'intended' | 'placed' | 'removing' | 'gone' | 'unverified';
  /**
   * When the lease was recorded (ISO 8601, UTC)
   */
  createdAt: string;
  /**
   * When the object was delivered
   */
  placedAt: string | null;
  /**
   * When the object may be removed although the state of its run is unknown (ISO 8601, UTC)
   */
  expiresAt: string;
  /**
   * When the absence was verified; for an unverified lease, when verification was given up
   */
  goneAt: string | null;
  /**
   * Number of removal attempts
   */
  attempts: number;
  /**
   * Error of the last attempt
   */
  lastError: string | null;
  /**
   * How the absence was verified
   */
  verification: string | null;
  removal?: LeaseRemoval;
}
/**
 * A process that outlived the head of its run and holds the run's FIFO. The daemon keeps the secrets of the run until the process ends.
 */
export interface LeftoverProcess {
  /**
   * Process id on the host of the head
   */
  pid: number;
  /**
   * Program and arguments, truncated. Values of the run's secrets are masked
   */
  command: string;
}
/**
 * Objects that lost machines left in AWS, as `nf-escrow sweep` finds them.
 */
export interface Leftovers {
  /**
   * Secrets first, then job definitions
   */
  leftovers: {
    /**
     * Kind of object
     */
    kind: 'secret' | 'job-definition';
    /**
     * ARN
     */
    target: string;
    /**
     * Id of the run that created it
     */
    run: string;
    /**
     * Why no daemon removes it
     */
    reason: string;
    /**
     * Whether a sweep removes it. False if its owner and expiry are known only from tags, which others can write
     */
    removable: boolean;
    /**
     * Whether this sweep removed it
     */
    removed: boolean;
    /**
     * Why the removal failed. Absent if it succeeded or was not requested
     */
    error?: string;
  }[];
}
/**
 * Members of a workspace.
 */
export interface MemberList {
  /**
   * Sorted by name
   */
  members: {
    /**
     * User name
     */
    user: string;
    role: Role;
  }[];
}
/**
 * Request to create an organization.
 */
export interface OrganizationInput {
  /**
   * Name: lower-case letters, digits and hyphens
   */
  name: string;
}
/**
 * List of organizations.
 */
export interface OrganizationList {
  /**
   * Sorted by name
   */
  organizations: Organization[];
}
/**
 * A group of workspaces.
 */
export interface Organization {
  /**
   * Name: lower-case letters, digits and hyphens
   */
  name: string;
  /**
   * Number of workspaces
   */
  workspaces: number;
  /**
   * When it was created (ISO 8601, UTC)
   */
  dateCreated: string;
}
/**
 * A scheduler job of a task that may still run although the run's head has ended.
 */
export interface OrphanedJob {
  /**
   * Scheduler, or awsbatch
   */
  executor: Executor | 'awsbatch';
  /**
   * Job id of the scheduler
   */
  id: string;
  /**
   * Name of the task
   */
  name: string;
  /**
   * Why nf-escrow does not cancel it: the scheduler does not confirm that the job is the run's
   */
  refusal?: string;
}
/**
 * What a run will receive, from which scopes, and how it is delivered. Names only.
 */
export interface Plan {
  /**
   * ORGANIZATION/NAME
   */
  workspace: string;
  /**
   * Compute environment of the run
   */
  computeEnvironment: string;
  /**
   * Sorted by name
   */
  secrets: PlannedSecret[];
  /**
   * Store that holds the delivered secrets; null if there are none
   */
  store: string | null;
  /**
   * How tasks receive secrets: the plugin and its version, or Nextflow's own format and the reason for it; null if there are no secrets
   */
  secretDelivery: string | null;
  /**
   * Warnings and notes about the plan
   */
  note: string | null;
  /**
   * Files that the run executes and that others can change; absent if this was not checked or the run gets no secrets
   */
  writableByOthers?: WritablePlace[];
}
/**
 * A secret that is planned for a run. Never its value.
 */
export interface PlannedSecret {
  name: SecretName;
  scope: Scope;
  /**
   * Pinned version; null for Nextflow's local store
   */
  version: number | null;
  /**
   * Scopes whose secret of the same name is overridden
   */
  overrides: Scope[];
}
/**
 * A directory or file that a run executes, or in which it creates files to execute, and that other users can change.
 */
export interface WritablePlace {
  /**
   * Use by the run, such as: launch directory, work directory, Java
   *
   * @minItems 1
   * @maxItems 20
   */
  uses:
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ];
  /**
   * Directory or file with the write permission. It may be a parent of the one that the run uses
   */
  path: string;
  /**
   * Users who can change it, such as: members of group 1005 (lab)
   */
  who: string;
  /**
   * Reason, as a clause that follows the path, such as: can be changed by others: members of group 1005 (lab) can write to it
   */
  why: string;
  /**
   * What to do about it
   */
  remedy: string;
}
/**
 * Settings of a probe of a compute environment with a temporary secret.
 */
export interface ProbeRequest {
  /**
   * Maximum time to wait for the job
   */
  waitSeconds: number;
}
/**
 * An error, as a problem document (RFC 9457).
 */
export interface Problem {
  /**
   * URI of the error code
   */
  type: string;
  /**
   * Short summary of the error code
   */
  title: string;
  /**
   * HTTP status
   */
  status: number;
  code: ErrorCode;
  /**
   * What failed, which object, and why
   */
  detail: string;
  /**
   * What to do next
   */
  hint: string;
  /**
   * Whether the same request may succeed later
   */
  retryable: boolean;
}
/**
 * Result of deleting the records of old runs.
 */
export interface PruneResult {
  /**
   * Number of runs whose records were deleted
   */
  pruned: number;
}
/**
 * Result of one check whether a delivered object is absent.
 */
export interface ReceiptCheck {
  /**
   * Store that was queried
   */
  store: string;
  /**
   * Location that was checked: a path or an ARN
   */
  target: string;
  /**
   * unknown: the check failed, or the removal could not be verified; `evidence` says why
   */
  result: 'absent' | 'present' | 'unknown';
  /**
   * What was checked, in words
   */
  evidence: string;
  /**
   * Code of the error if the check failed with one
   */
  errorCode?: ErrorCode;
  /**
   * Time of the check (ISO 8601, UTC)
   */
  at: string;
}
/**
 * What was delivered, when it was removed, and how its absence was verified.
 */
export interface Receipt {
  run: Run;
  /**
   * All delivered objects
   */
  leases: Lease[];
  /**
   * Secrets whose values were found in files that the run wrote and that nf-escrow does not remove
   */
  exposures: Exposure[];
  /**
   * How these files were searched; null before the search, or if there was none
   */
  search: ExposureSearch | null;
  /**
   * Directory that relative paths of exposures refer to, if known
   */
  workDirectory: string | null;
  /**
   * Files that the run executes and that others could change at the launch; absent if this was not checked or the run got no secrets
   */
  writableByOthers?: WritablePlace[];
  /**
   * Incomplete records; absent if all are complete
   */
  dropped?: DroppedRecord[];
  /**
   * Whether every lease is gone
   */
  complete: boolean;
  /**
   * pending: an object may still exist, and the daemon retries its removal; not-verified: the removal of some values could not be verified; exposed: all delivered objects are removed, and files of the pipeline contain values; nothing-left: all delivered objects are removed, and no file of the run contains a value; placed-removed: all delivered objects are removed, and the files of the run were not searched completely
   */
  conclusion: 'pending' | 'not-verified' | 'exposed' | 'nothing-left' | 'placed-removed';
  /**
   * When this receipt was created (ISO 8601, UTC)
   */
  issuedAt: string;
  /**
   * Results of the verification that was requested with this receipt
   */
  checks?: ReceiptCheck[];
}
/**
 * One `nextflow run`, its state and its outcome.
 */
export interface Run {
  /**
   * Id of the run; contains no hyphen
   */
  id: string;
  /**
   * State
   */
  state: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * Outcome; null until the run has ended
   */
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'aborted' | null;
  /**
   * Evidence for the outcome
   */
  outcomeEvidence: string | null;
  /**
   * Exit status of Nextflow, if known
   */
  exitStatus: number | null;
  /**
   * ORGANIZATION/NAME
   */
  workspace: string;
  /**
   * Compute environment
   */
  computeEnvironment: string;
  /**
   * Directory in which the run was started
   */
  launchDirectory: string;
  /**
   * Path of the nextflow that was started
   */
  nextflow: string;
  /**
   * Arguments of Nextflow, with secret values masked
   */
  arguments: string[];
  /**
   * Nextflow's name of the run
   */
  runName: string | null;
  /**
   * Nextflow's session id
   */
  sessionId: string | null;
  /**
   * Path of Nextflow's log
   */
  logFile: string | null;
  /**
   * File with the terminal output of a detached run
   */
  outputFile: string | null;
  /**
   * Path of the trace, if the user requested one
   */
  traceFile: string | null;
  /**
   * Secrets that were delivered to the run
   */
  secrets: PlannedSecret[];
  /**
   * When the run was planned (ISO 8601, UTC)
   */
  createdAt: string;
  /**
   * When the daemon observed the start
   */
  startedAt: string | null;
  /**
   * When the run ended
   */
  endedAt: string | null;
  /**
   * When everything that was delivered had been removed
   */
  purgedAt: string | null;
  /**
   * Number of leases whose absence is not verified
   */
  pendingRemovals: number;
  /**
   * Error of the last failed removal, and what to do about it. Absent if no removal failed
   */
  removalError?: string;
  /**
   * Code of that error, if it has one
   */
  removalErrorCode?: ErrorCode;
  /**
   * Irregularities during the removal, as sentences; absent if there were none
   */
  removalNotes?: string[];
  /**
   * Names of the secrets whose values were found in files of the run; see the receipt. Absent if there are none
   */
  exposed?: string[];
  /**
   * Scheduler job of the head; null if the head is not in a job
   */
  headJob: HeadJob | null;
  /**
   * Jobs that the head submitted and that may still run
   */
  orphanedJobs: OrphanedJob[];
  /**
   * Ids of other runs with this name that are not purged. Only in the response to a request by run name; absent if there are none
   */
  namesakes?: string[];
  /**
   * Processes that keep the run open although its head has ended; absent if there are none, or if they are on another host
   */
  leftoverProcesses?: LeftoverProcess[];
}
/**
 * List of runs.
 */
export interface RunList {
  /**
   * Newest first
   */
  runs: Run[];
}
/**
 * Request to delete the records of old purged runs.
 */
export interface RunPrune {
  /**
   * Minimum number of days since the run was purged
   */
  days: number;
}
/**
 * Query parameters of a purge.
 */
export interface RunPurgeQuery {
  /**
   * Purge even if the run may be alive
   */
  force?: boolean;
  /**
   * The head has ended. Orphaned jobs may delay the removal. Sent by launchers
   */
  ended?: boolean;
}
/**
 * Credentials for the removal or verification of a run's objects.
 */
export interface RunPurge {
  awsCredentials?: AwsCredentials;
}
/**
 * Filter for runs. All given conditions must match.
 */
export interface RunQuery {
  /**
   * Maximum number of runs
   */
  limit?: number;
  /**
   * State of the run. open: any state but purged, or a run with orphaned jobs
   */
  state?: 'created' | 'materialized' | 'running' | 'ended' | 'purged' | 'open';
  /**
   * Workspace, ORGANIZATION/NAME
   */
  workspace?: string;
  /**
   * Only runs planned before this run, the last run of the previous page
   */
  before?: string;
}
/**
 * Request to plan a run and deliver its secrets. The caller then starts the run in its own terminal and environment.
 */
export interface RunRequest {
  workspace?: WorkspaceTitle;
  /**
   * Compute environment. Default: the one marked as default
   */
  computeEnvironment?: string;
  selection: Selection;
  /**
   * Only plan: deliver and record nothing
   */
  explain?: boolean;
  /**
   * Directory in which nextflow will be started
   */
  launchDirectory: string;
  /**
   * Path of the nextflow to start
   */
  nextflow: string;
  /**
   * Arguments of Nextflow, verbatim
   */
  arguments: string[];
  /**
   * The user's own Nextflow secrets store, merged in with the lowest precedence; null if there is none
   */
  localStore: string | null;
  secretDelivery?: SecretDelivery;
  /**
   * Path of the log that Nextflow will write, derived from its arguments and the caller's environment
   */
  logFile?: string;
  /**
   * Nextflow's work directory, if its arguments, the caller's environment or the configuration set it
   */
  workDirectory?: string;
  /**
   * Whether the output goes to a file, which the response names
   */
  detach?: boolean;
  /**
   * Values from the pipeline's configuration and options, for settings that the platform would otherwise set
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
  /**
   * Files that the run executes and that others can change; absent if this was not checked
   */
  writableByOthers?: {
    policy: WritablePolicy;
    /**
     * Empty if none were found
     *
     * @maxItems 100
     */
    places: WritablePlace[];
  };
  launcher: Process;
  enclosingJob?: EnclosingJob;
}
/**
 * Secrets that a run may receive. Without `only`, all secrets of its workspace and its user.
 */
export interface Selection {
  /**
   * Deliver no secrets
   */
  none?: boolean;
  /**
   * Deliver only these secrets
   */
  only?: {
    name: SecretName;
    /**
     * Only from this scope; null: from the scope with the highest precedence
     */
    scope: Scope | null;
  }[];
}
/**
 * How tasks receive the secrets from the run directory, as far as the caller's Nextflow and environment allow.
 */
export interface SecretDelivery {
  /**
   * Version of the plugin, if it is used; it delivers any bytes. null: Nextflow's own format, which does not support all values
   */
  plugin: string | null;
  /**
   * Why the plugin cannot be used, as a clause
   */
  reason: string | null;
  /**
   * A note for the user, as a sentence
   */
  note?: string;
  /**
   * Whether this Nextflow reads its configuration before it loads plugins, and needs its own format until then
   */
  configPhase: boolean;
  /**
   * Variables for the environment of nextflow, besides those that name the run directory
   */
  environment: {
    [k: string]: string;
  };
  /**
   * Original values of the variables that a run changes, to restore them in tasks; an empty string if unset
   */
  restore: {
    [k: string]: string;
  };
}
/**
 * A planned run and how to start it. With `explain`, only the plan.
 */
export interface RunStart {
  plan: Plan;
  run?: Run;
  start?: {
    /**
     * Run directory
     */
    directory: string;
    /**
     * Path of the executable to start
     */
    command: string;
    /**
     * Arguments of the executable
     */
    arguments: string[];
    /**
     * Variables to add to the environment. Paths, never values
     */
    environment: {
      [k: string]: string;
    };
    /**
     * File for the output of a detached run
     */
    outputFile?: string;
    /**
     * Only if the head will be a scheduler job: the file to which the caller writes its environment with the variables above, each entry terminated by NUL. The caller then submits the run instead of starting the executable
     */
    environmentFile?: string;
  };
}
/**
 * Request to submit a run's head as a scheduler job. The caller must first write its environment to the run directory.
 */
export interface RunSubmission {
  /**
   * Arguments of the shim, from the response that started the run
   */
  arguments: string[];
}
/**
 * A value to set: text, or any bytes in base64. Requires exactly one of the two.
 */
export interface SecretInput {
  /**
   * Value as text, stored as UTF-8
   */
  value?: string;
  /**
   * Value as base64 of the exact bytes
   */
  valueBase64?: string;
}
/**
 * Secrets of one scope.
 */
export interface SecretList {
  /**
   * Sorted by name
   */
  secrets: Secret[];
}
/**
 * Metadata of a secret. Never its value.
 */
export interface Secret {
  name: SecretName;
  scope: Scope;
  /**
   * Version, incremented with each change
   */
  version: number;
  /**
   * When the secret was first set (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When the secret was last set (ISO 8601, UTC)
   */
  lastUpdated: string;
  /**
   * When the secret was last delivered to a run (ISO 8601, UTC)
   */
  lastUsed: string | null;
  /**
   * Id of that run
   */
  lastUsedBy: string | null;
  /**
   * Process of that run whose task last received the secret. Known only with the plugin
   */
  lastUsedProcess: string | null;
}
/**
 * A new version of a secret.
 */
export interface SecretVersion {
  name: SecretName;
  /**
   * Number of the version. The first one is 1
   */
  version: number;
}
/**
 * Query parameters of a sweep.
 */
export interface SweepQuery {
  /**
   * Remove the objects that were found
   */
  remove?: boolean;
}
/**
 * Tasks of a run that writes a trace.
 */
export interface TaskList {
  /**
   * In the order of the trace
   */
  tasks: Task[];
  /**
   * Number of rows of the trace that could not be parsed
   */
  traceErrors: number;
  /**
   * Number of further tasks that are recorded but not listed; absent if all are listed
   */
  omitted?: number;
}
/**
 * A task of a run, from the plugin's events and the trace.
 */
export interface Task {
  /**
   * task_id of the trace
   */
  taskId: string;
  /**
   * hash of the trace
   */
  hash: string | null;
  /**
   * Job id of the scheduler, or process id
   */
  nativeId: string | null;
  /**
   * Name of the task
   */
  name: string | null;
  /**
   * Status in the trace
   */
  status: string | null;
  /**
   * Exit status in the trace
   */
  exit: string | null;
  /**
   * Process of the task. Known only with the plugin
   */
  process: string | null;
  /**
   * Attempt, starting at 1. Known only with the plugin
   */
  attempt: number | null;
  /**
   * Names of the secrets that the task received
   */
  secrets: string[];
  /**
   * Names of the secrets whose values were found in files that Nextflow wrote for the task
   */
  exposed: string[];
}
/**
 * Request to export all secrets, encrypted with age. Requires either recipients or a passphrase.
 */
export interface VaultExportRequest {
  /**
   * age public keys
   *
   * @minItems 1
   */
  recipients?: [string, ...string[]];
  /**
   * Passphrase
   */
  passphrase?: string;
}
/**
 * Content of an exported vault, inside its age encryption. The API never returns it unencrypted.
 */
export interface VaultExport {
  /**
   * Format of the export
   */
  format: 'nf-escrow-export-1';
  /**
   * When it was created (ISO 8601, UTC)
   */
  exportedAt: string;
  /**
   * Workspaces, and the user secrets of the exporting user
   */
  scopes: {
    /**
     * Kind of scope
     */
    kind: 'workspace' | 'user';
    /**
     * Organization of a workspace; empty for a user
     */
    organization: string;
    /**
     * Name of a workspace
     */
    name: string;
    /**
     * Visibility of a workspace; null for a user
     */
    visibility: 'private' | 'shared' | 'personal' | null;
    /**
     * The newest version of each secret
     */
    secrets: {
      /**
       * Name of the secret
       */
      name: string;
      /**
       * Version of the secret. Importing creates a higher one. Absent in older exports
       */
      version?: number;
      /**
       * Base64 of the exact bytes
       */
      valueBase64: string;
    }[];
  }[];
}
/**
 * Request to import an export, all or nothing.
 */
export interface VaultImportRequest {
  /**
   * Armored age file
   */
  export: string;
  /**
   * age secret keys
   *
   * @minItems 1
   */
  identities?: [string, ...string[]];
  /**
   * Passphrase
   */
  passphrase?: string;
  /**
   * How to handle names that already exist
   */
  onConflict: 'refuse' | 'replace' | 'skip';
}
/**
 * Result of encrypting all values with a new key.
 */
export interface VaultRekeyResult {
  /**
   * Number of values that were encrypted with the new key
   */
  moved: number;
  vault: VaultStatus;
}
/**
 * State of the vault and source of its key.
 */
export interface VaultStatus {
  /**
   * empty: no secrets yet; open; locked: needs its passphrase; unusable: the key is missing or does not match
   */
  state: 'empty' | 'open' | 'locked' | 'unusable';
  /**
   * Source of the key; null if there is no key yet
   */
  source: 'file' | 'passphrase' | 'command' | null;
  /**
   * Id of the key that encrypts new values. It does not reveal the key
   */
  key: string | null;
  /**
   * Number of values that are still encrypted with another key
   */
  pendingRekey: number;
  /**
   * Why removed values may still be in a file of the ledger; null if they are erased
   */
  pendingErasure: string | null;
}
/**
 * Request to encrypt all values with a new key.
 */
export interface VaultRekey {
  /**
   * Source of the new key
   */
  source: 'file' | 'passphrase' | 'command';
  /**
   * Passphrase
   */
  passphrase?: string;
}
/**
 * Passphrase of the vault.
 */
export interface VaultUnlock {
  /**
   * Passphrase
   */
  passphrase: string;
}
/**
 * Request to create a workspace.
 */
export interface WorkspaceInput {
  /**
   * Name of an existing organization
   */
  organization: string;
  /**
   * Name, unique within the organization
   */
  name: string;
  /**
   * private: visible to its members; shared: visible to all members of the organization; personal: belongs to one person and has no secrets
   */
  visibility?: 'private' | 'shared' | 'personal';
}
/**
 * List of workspaces.
 */
export interface WorkspaceList {
  /**
   * Sorted by organization and name
   */
  workspaces: Workspace[];
}
/**
 * A set of secrets and runs. Belongs to an organization.
 */
export interface Workspace {
  /**
   * Name of the organization
   */
  organization: string;
  /**
   * Name, unique within the organization
   */
  name: string;
  /**
   * private: visible to its members; shared: visible to all members of the organization; personal: belongs to one person and has no secrets
   */
  visibility: 'private' | 'shared' | 'personal';
  role: Role;
  /**
   * Number of secrets
   */
  secrets: number;
  /**
   * When it was created (ISO 8601, UTC)
   */
  dateCreated: string;
}
