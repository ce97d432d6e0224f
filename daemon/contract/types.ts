// Generated from schemas/ by scripts/generate-types.mjs; do not edit.

/**
 * A workspace: ORGANIZATION/NAME, or SERVER:ORGANIZATION/NAME for a workspace of a team server
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
 * A permission. docs/permissions.md lists the roles that have each permission.
 */
export type Permission =
  | 'organizations:create'
  | 'organizations:read'
  | 'organizations:delete'
  | 'organization_members:read'
  | 'organization_members:write'
  | 'service_accounts:read'
  | 'service_accounts:write'
  | 'service_accounts:issue_token'
  | 'workspaces:create'
  | 'workspaces:create_personal'
  | 'workspaces:read'
  | 'workspaces:delete'
  | 'members:read'
  | 'members:write'
  | 'pipeline_secrets:read'
  | 'pipeline_secrets:write'
  | 'releases:create'
  | 'runs:read'
  | 'runs:launch'
  | 'runs:manage'
  | 'runs:manage_all'
  | 'audit:read'
  | 'compute_environments:read'
  | 'compute_environments:write'
  | 'user_secrets:read'
  | 'user_secrets:write'
  | 'tokens:read'
  | 'tokens:create'
  | 'tokens:revoke'
  | 'approvals:create'
  | 'sessions:read'
  | 'sessions:revoke'
  | 'users:read'
  | 'users:write'
  | 'sign_in_links:create'
  | 'invitations:read'
  | 'invitations:create'
  | 'invitations:revoke'
  | 'server:read';
/**
 * Role of a member in an organization. Each role has fewer permissions than the one before it.
 */
export type OrganizationRole = 'owner' | 'admin' | 'member';
/**
 * Scope of a token: the kind of operations for which it can be used. In addition, the principal of the token must have a role with the required permission.
 */
export type TokenScope = 'read' | 'launch' | 'secrets:write' | 'manage';
/**
 * Name of a secret, by Nextflow's rule: 2 to 50 letters, digits and single underscores; no leading digit, no two underscores in a row.
 */
export type SecretName = string;
/**
 * A kind of record that is incomplete, because the run exceeded the limit for database rows or for lines of a file.
 */
export type DroppedRecord =
  'events' | 'log' | 'trace' | 'tasks' | 'trace-errors' | 'task-jobs' | 'exposures' | 'job-definitions';
/**
 * Code of an error, from a closed list.
 */
export type ErrorCode =
  | 'usage'
  | 'request-invalid'
  | 'request-unprocessable'
  | 'cursor-invalid'
  | 'name-invalid'
  | 'value-invalid'
  | 'value-not-deliverable'
  | 'secret-not-found'
  | 'secret-not-available'
  | 'workspace-not-found'
  | 'organization-not-found'
  | 'workspace-personal'
  | 'workspace-ambiguous'
  | 'compute-environment-not-found'
  | 'compute-environment-invalid'
  | 'name-taken'
  | 'in-use'
  | 'import-conflict'
  | 'import-invalid'
  | 'not-permitted'
  | 'member-not-found'
  | 'user-not-found'
  | 'service-account-not-found'
  | 'token-not-found'
  | 'release-conflict'
  | 'release-not-found'
  | 'limit-exceeded'
  | 'secret-changed'
  | 'release-invalid'
  | 'server-not-stored'
  | 'last-owner'
  | 'invitation-not-found'
  | 'invitation-invalid'
  | 'invitation-for-other-address'
  | 'session-not-found'
  | 'team-server-required'
  | 'user-daemon-required'
  | 'run-not-found'
  | 'run-ambiguous'
  | 'run-alive'
  | 'state-conflict'
  | 'not-found'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'unauthenticated'
  | 'too-many-listeners'
  | 'sign-in-code-invalid'
  | 'sign-in-link-invalid'
  | 'sign-in-required'
  | 'sign-in-not-recent'
  | 'sign-in-failed'
  | 'sign-in-unavailable'
  | 'identity-provider-unavailable'
  | 'csrf-token-invalid'
  | 'user-code-invalid'
  | 'authorization-pending'
  | 'slow-down'
  | 'expired-token'
  | 'access-denied'
  | 'too-many-requests'
  | 'request-timeout'
  | 'headers-too-large'
  | 'payload-too-large'
  | 'unsupported-media-type'
  | 'precondition-failed'
  | 'precondition-required'
  | 'idempotency-key-reused'
  | 'range-not-satisfiable'
  | 'log-not-found'
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
  | 'vault-kms-failed'
  | 'vault-key-file-unusable'
  | 'passphrase-wrong'
  | 'secret-corrupt'
  | 'ledger-unavailable'
  | 'ledger-corrupt'
  | 'ledger-too-new'
  | 'ledger-denied'
  | 'ledger-untrusted'
  | 'claim-lost'
  | 'store-unavailable'
  | 'aws-credentials'
  | 'aws-clock'
  | 'aws-denied'
  | 'aws-rejected'
  | 'daemon-unavailable'
  | 'scheduler-unavailable'
  | 'scheduler-rejected'
  | 'launch-directory-unusable'
  | 'launch-not-prepared'
  | 'parameters-invalid'
  | 'parameters-not-checked'
  | 'daemon-on-other-host'
  | 'address-unavailable'
  | 'origin-forbidden'
  | 'not-ready'
  | 'administrator-exists'
  | 'certificate-unusable'
  | 'proxy-header-invalid'
  | 'server-unreachable'
  | 'server-certificate-invalid'
  | 'internal';
/**
 * Encoding in which a file contains a value. `plain`: the exact bytes. For values that the plugin found, always `plain`, even if the file contains an escaped form.
 */
export type ExposureEncoding =
  'plain' | 'base64' | 'base64url' | 'hex' | 'url' | 'json' | 'xml' | 'shell' | 'utf-16';
/**
 * Origin of a secret of a run. The user's secrets override the workspace's, which override Nextflow's own store.
 */
export type Scope = 'user' | 'workspace' | 'local';
/**
 * Value of a parameter of a pipeline: at most two levels of lists and objects.
 */
export type ParameterValue =
  | ParameterScalar
  | ParameterElement[]
  | {
      [k: string]: ParameterElement;
    };
/**
 * Text, number, boolean or null in a parameter of a pipeline.
 */
export type ParameterScalar = string | number | boolean | null;
/**
 * Element of a list or an object in a parameter of a pipeline.
 */
export type ParameterElement =
  | ParameterScalar
  | ParameterScalar[]
  | {
      [k: string]: ParameterScalar;
    };
/**
 * Role of a member in a workspace. Each role has fewer permissions than the one before it.
 */
export type Role = 'owner' | 'admin' | 'maintain' | 'launch' | 'view';
/**
 * Numeric id of an object, for clients of Seqera Platform. Ids are random and are never reused.
 */
export type NumericId = number;
/**
 * A condition of a server that an administrator should correct.
 */
export type ReadinessWarning =
  | 'certificate-expires-soon'
  | 'certificate-expired'
  | 'certificate-wrong-host'
  | 'no-synchronous-standby'
  | 'database-cluster-changed'
  | 'vault-key-not-from-kms';
/**
 * Policy for runs with secrets if others can change files that the run executes. warn: start the run with a warning; refuse: fail before anything is delivered.
 */
export type WritablePolicy = 'warn' | 'refuse';
/**
 * Accounts besides the user and root that may own or change files that a run executes. Example: the account that installs the software of a cluster.
 *
 * @maxItems 50
 */
export type TrustedOwnerList = string[];
/**
 * Event that a webhook reports.
 */
export type WebhookType = 'run.ended' | 'removal.pending';
/**
 * Value of the setting webhooks: the receivers of webhooks.
 *
 * @maxItems 10
 */
export type WebhookList = {
  /**
   * HTTPS address, or an HTTP address on loopback
   */
  url: string;
  /**
   * Absolute path of the file with the signing secret
   */
  secretFile: string;
  /**
   * Events that are sent. Default: all
   *
   * @minItems 1
   */
  events?: [WebhookType, ...WebhookType[]];
  /**
   * Number of minutes from the end of a run until a pending removal is reported. Default: 15
   */
  removalPendingMinutes?: number;
}[];

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
  CreatedInvitation?: CreatedInvitation;
  CreatedSignInLink?: CreatedSignInLink;
  CreatedToken?: CreatedToken;
  DaemonStatus?: DaemonStatus;
  DashboardInput?: DashboardInput;
  Dashboard?: Dashboard;
  DeliveryRequest?: DeliveryRequest;
  DeliveryState?: DeliveryState;
  Delivery?: Delivery;
  DeviceAuthorization?: DeviceAuthorization;
  DeviceLoginInput?: DeviceLoginInput;
  DeviceLogin?: DeviceLogin;
  DevicePoll?: DevicePoll;
  DoctorCheck?: DoctorCheck;
  DoctorReport?: DoctorReport;
  DroppedRecord?: DroppedRecord;
  EnclosingJob?: EnclosingJob;
  ErrorCode?: ErrorCode;
  Executor?: Executor;
  ExposureEncoding?: ExposureEncoding;
  ExposureFinding?: ExposureFinding;
  ExposureList?: ExposureList;
  ExposureSearch?: ExposureSearch;
  Exposure?: Exposure;
  HeadJob?: HeadJob;
  Health?: Health;
  Identity?: Identity;
  ImportQuery?: ImportQuery;
  ImportRequest?: ImportRequest;
  ImportResult?: ImportResult;
  InvitationAcceptance?: InvitationAcceptance;
  InvitationInput?: InvitationInput;
  InvitationList?: InvitationList;
  InvitationPreview?: InvitationPreview;
  InvitationSecret?: InvitationSecret;
  Invitation?: Invitation;
  JournalEvent?: JournalEvent;
  LaunchPreview?: LaunchPreview;
  LaunchQuery?: LaunchQuery;
  LaunchRequest?: LaunchRequest;
  Launch?: Launch;
  LeaseRemoval?: LeaseRemoval;
  Lease?: Lease;
  LeftoverProcess?: LeftoverProcess;
  Leftovers?: Leftovers;
  ListenerInput?: ListenerInput;
  MemberChange?: MemberChange;
  MemberInput?: MemberInput;
  MemberList?: MemberList;
  Member?: Member;
  NumericId?: NumericId;
  OrganizationInput?: OrganizationInput;
  OrganizationList?: OrganizationList;
  OrganizationMemberChange?: OrganizationMemberChange;
  OrganizationMemberInput?: OrganizationMemberInput;
  OrganizationMemberList?: OrganizationMemberList;
  OrganizationMember?: OrganizationMember;
  OrganizationRole?: OrganizationRole;
  Organization?: Organization;
  OrphanedJob?: OrphanedJob;
  PageQuery?: PageQuery;
  ParameterCheck?: ParameterCheck;
  ParameterElement?: ParameterElement;
  ParameterScalar?: ParameterScalar;
  ParameterSchemaQuery?: ParameterSchemaQuery;
  ParameterSchema?: ParameterSchema;
  ParameterValue?: ParameterValue;
  ParameterViolation?: ParameterViolation;
  Permission?: Permission;
  PipelineSecretChange?: PipelineSecretChange;
  PipelineSecretCreated?: PipelineSecretCreated;
  PipelineSecretInput?: PipelineSecretInput;
  PipelineSecretList?: PipelineSecretList;
  PipelineSecretNameQuery?: PipelineSecretNameQuery;
  PipelineSecretReply?: PipelineSecretReply;
  PipelineSecret?: PipelineSecret;
  PipelineSecretsQuery?: PipelineSecretsQuery;
  Plan?: Plan;
  PlannedSecret?: PlannedSecret;
  PlatformError?: PlatformError;
  PlatformServiceInfo?: PlatformServiceInfo;
  PlatformUser?: PlatformUser;
  PlatformWorkspaceList?: PlatformWorkspaceList;
  Platform?: Platform;
  PolicyList?: PolicyList;
  ProbeRequest?: ProbeRequest;
  Problem?: Problem;
  ProcessProgress?: ProcessProgress;
  Process?: Process;
  ProofRequest?: ProofRequest;
  Proof?: Proof;
  PruneResult?: PruneResult;
  ReadinessWarning?: ReadinessWarning;
  Readiness?: Readiness;
  ReceiptCheck?: ReceiptCheck;
  Receipt?: Receipt;
  ReleaseList?: ReleaseList;
  ReleasePurge?: ReleasePurge;
  ReleaseQuery?: ReleaseQuery;
  ReleaseReceipt?: ReleaseReceipt;
  ReleaseReport?: ReleaseReport;
  ReleaseRequest?: ReleaseRequest;
  ReleaseSummary?: ReleaseSummary;
  Release?: Release;
  Role?: Role;
  RunList?: RunList;
  RunNameList?: RunNameList;
  RunNameQuery?: RunNameQuery;
  RunName?: RunName;
  RunProgress?: RunProgress;
  RunPrune?: RunPrune;
  RunPurgeQuery?: RunPurgeQuery;
  RunPurge?: RunPurge;
  RunQuery?: RunQuery;
  RunRequest?: RunRequest;
  RunStart?: RunStart;
  RunSubmission?: RunSubmission;
  RunUseList?: RunUseList;
  Run?: Run;
  Scope?: Scope;
  SearchGap?: SearchGap;
  SecretDelivery?: SecretDelivery;
  SecretHistory?: SecretHistory;
  SecretHolderList?: SecretHolderList;
  SecretInput?: SecretInput;
  SecretList?: SecretList;
  SecretName?: SecretName;
  SecretProcess?: SecretProcess;
  SecretSearchQuery?: SecretSearchQuery;
  SecretSearch?: SecretSearch;
  SecretUseList?: SecretUseList;
  SecretVersion?: SecretVersion;
  Secret?: Secret;
  Selection?: Selection;
  ServerAwsSettings?: ServerAwsSettings;
  ServerConfiguration?: ServerConfiguration;
  ServerEnvironmentInput?: ServerEnvironmentInput;
  ServerEnvironmentList?: ServerEnvironmentList;
  ServerEnvironment?: ServerEnvironment;
  ServerOverview?: ServerOverview;
  ServiceAccountInput?: ServiceAccountInput;
  ServiceAccountList?: ServiceAccountList;
  ServiceAccount?: ServiceAccount;
  SessionInput?: SessionInput;
  SessionState?: SessionState;
  Session?: Session;
  SignInLinkSecret?: SignInLinkSecret;
  SignInRedirect?: SignInRedirect;
  SignInStart?: SignInStart;
  StoredServers?: StoredServers;
  SweepQuery?: SweepQuery;
  TaskCounts?: TaskCounts;
  TaskList?: TaskList;
  TaskQuery?: TaskQuery;
  Task?: Task;
  TcpListener?: TcpListener;
  TokenInput?: TokenInput;
  TokenList?: TokenList;
  TokenQuery?: TokenQuery;
  TokenScope?: TokenScope;
  TokenText?: TokenText;
  Token?: Token;
  TrustedOwnerList?: TrustedOwnerList;
  UndeliverableSecret?: UndeliverableSecret;
  UserCode?: UserCode;
  UserList?: UserList;
  UserSessionList?: UserSessionList;
  UserSession?: UserSession;
  User?: User;
  VaultExportRequest?: VaultExportRequest;
  VaultExport?: VaultExport;
  VaultImportRequest?: VaultImportRequest;
  VaultRekeyResult?: VaultRekeyResult;
  VaultRekey?: VaultRekey;
  VaultStatus?: VaultStatus;
  VaultUnlock?: VaultUnlock;
  WebhookEvent?: WebhookEvent;
  WebhookList?: WebhookList;
  WebhookType?: WebhookType;
  WorkspaceChange?: WorkspaceChange;
  WorkspaceInput?: WorkspaceInput;
  WorkspaceList?: WorkspaceList;
  WorkspaceTitle?: WorkspaceTitle;
  Workspace?: Workspace;
  WritablePlace?: WritablePlace;
  WritablePolicy?: WritablePolicy;
}
/**
 * Filter for the audit log. An event must match all given parameters.
 */
export interface AuditQuery {
  /**
   * Maximum number of events in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
  /**
   * Only events before this sequence number
   */
  before?: number;
  /**
   * Only events of this type, such as `secret.set`, or of all types of one kind of object, such as `secret`
   */
  type?: string;
  /**
   * Only events that this principal caused
   */
  by?: string;
  /**
   * Only events of the run with this id
   */
  run?: string;
  /**
   * Only changes of secrets with this name, including imports, and deliveries of such secrets to runs
   */
  secret?: string;
  /**
   * Only events of this workspace (ORGANIZATION/NAME), of its secrets and of its runs
   */
  workspace?: string;
  /**
   * Only events at this time or later (ISO 8601; a date is midnight UTC)
   */
  since?: string;
  /**
   * Only events before this time
   */
  until?: string;
  /**
   * Only events that contain this text in their type, principal, run or details. Case is ignored
   */
  text?: string;
}
/**
 * Events of the audit log.
 */
export interface Audit {
  /**
   * Newest first
   */
  events: JournalEvent[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * An event in the journal: a step of a run, or an action of a principal.
 */
export interface JournalEvent {
  /**
   * Number of the event in the journal. On a team server, unique but in no order
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
  /**
   * Where the request came from that caused the event. Only in the audit log of a team server
   */
  origin?: {
    /**
     * Id of the request: the header `X-Request-Id` of its response
     */
    request: string;
    /**
     * Address of the client; null if it is not known
     */
    address: string | null;
    /**
     * Id of the token of the request; null without one
     */
    token: string | null;
    /**
     * Id of the session of the request; null or absent without one
     */
    session?: string | null;
  };
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
   * One AWS secret per run (bundle), or one AWS secret for each secret of the run (per-secret). Default: bundle
   */
  layout?: 'bundle' | 'per-secret';
  /**
   * Endpoint of Secrets Manager, instead of the region's own. HTTPS, or HTTP on loopback for an emulator of AWS on this machine. nf-escrow sends no requests to other addresses over plain HTTP
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
 * Selects the workspace for which a compute environment is checked.
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
   * true: make this the default compute environment
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
   * Options of the scheduler's submit command for the head job. Each element is one argument
   *
   * @maxItems 100
   */
  headOptions?: string[];
  /**
   * Additional environment variables of runs that the daemon starts (`POST /v1/launches`). They override variables of the daemon. Do not use them for secrets: everyone who can see the compute environment can see the variables
   */
  environment?: {
    [k: string]: string;
  };
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
   * Options of the scheduler's submit command for the head job. Each element is one argument
   *
   * @maxItems 100
   */
  headOptions?: string[];
  /**
   * Additional environment variables of runs that the daemon starts (`POST /v1/launches`). They override variables of the daemon. Do not use them for secrets: everyone who can see the compute environment can see the variables
   */
  environment?: {
    [k: string]: string;
  };
}
/**
 * List of compute environments.
 */
export interface ComputeEnvironmentList {
  /**
   * Sorted by name
   */
  computeEnvironments: ComputeEnvironment[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
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
   * Options of the scheduler's submit command for the head job. Each element is one argument
   *
   * @maxItems 100
   */
  headOptions?: string[];
  /**
   * Entity tag, which changes whenever the object changes. Send it in `If-Match`, in double quotes
   */
  etag: string;
  /**
   * What the caller may do with this object. Absent if the object is part of another object
   *
   * @maxItems 50
   */
  permissions?: Permission[];
  /**
   * Additional environment variables of runs that the daemon starts (`POST /v1/launches`). They override variables of the daemon. Do not use them for secrets: everyone who can see the compute environment can see the variables
   */
  environment?: {
    [k: string]: string;
  };
}
/**
 * A new invitation. This is the only response that contains its link.
 */
export interface CreatedInvitation {
  /**
   * Link that the invited person opens. It works once
   */
  link: string;
  invitation: Invitation;
}
/**
 * An invitation that was neither accepted nor revoked.
 */
export interface Invitation {
  /**
   * Id of the invitation. It gives no access
   */
  id: string;
  /**
   * Address of the invited person
   */
  email: string;
  /**
   * Name that the new account gets; null: derived from the address
   */
  user: string | null;
  /**
   * Whether the person becomes an administrator of the server
   */
  administrator: boolean;
  /**
   * Organization to which the person is added; null: none
   */
  organization: string | null;
  /**
   * Role in the organization; null: none
   */
  role: OrganizationRole | null;
  /**
   * Who has created the invitation
   */
  invitedBy: string;
  /**
   * When the invitation was created (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When the invitation expires (ISO 8601, UTC)
   */
  expires: string;
}
/**
 * A new sign-in link. This is the only response that contains it.
 */
export interface CreatedSignInLink {
  /**
   * Link with which the user signs in. It works once
   */
  link: string;
  /**
   * Name of the user
   */
  user: string;
  /**
   * When the link expires (ISO 8601, UTC)
   */
  expires: string;
}
/**
 * A new token. This is the only response that contains the token itself.
 */
export interface CreatedToken {
  /**
   * The token itself. Send it in the header `Authorization: Bearer TOKEN`
   */
  text: string;
  token: Token;
}
/**
 * Metadata of a token of a user or a service account. Does not contain the token itself.
 */
export interface Token {
  /**
   * Id of the token. It gives no access
   */
  id: string;
  /**
   * Name of the token, chosen by its creator
   */
  name: string;
  /**
   * Service account that owns the token, ORGANIZATION/NAME; null if a user owns it
   */
  serviceAccount: string | null;
  /**
   * Scopes of the token
   *
   * @maxItems 4
   */
  scopes: TokenScope[];
  /**
   * Workspace to which the token is restricted, ORGANIZATION/NAME; null: not restricted; empty: the workspace was removed, and the token gives no access
   */
  workspace: string | null;
  /**
   * IP addresses and networks from which the token is accepted; empty: any address
   *
   * @maxItems 50
   */
  addresses: string[];
  /**
   * When the token was created (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When the token expires (ISO 8601, UTC)
   */
  expires: string;
  /**
   * When the token was last used, recorded at most once per minute (ISO 8601, UTC); null: never used
   */
  lastUsed: string | null;
  /**
   * IP address of the last recorded use; null: never used or unknown
   */
  lastUsedFrom: string | null;
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
   * Whether the daemon keeps running when it is idle, as an installed daemon does
   */
  persistent: boolean;
  listener?: TcpListener;
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
 * The daemon's TCP listener. Absent if there is none.
 */
export interface TcpListener {
  /**
   * Loopback address and port. Until the listener is open, the configured values
   */
  address: string;
  /**
   * File with the Authorization header of a request. Only the user can read it
   */
  tokenFile?: string;
  /**
   * Why the listener is not open. The daemon retries
   */
  error?: string;
}
/**
 * Request to open a listener for the web page.
 */
export interface DashboardInput {
  /**
   * tcp: serve the page on a loopback port of this host; socket: serve it on a Unix socket, for SSH port forwarding from another host
   */
  via: 'tcp' | 'socket';
  /**
   * With tcp: port on 127.0.0.1. Default: the port of the open listener, or any free port if no listener is open
   */
  port?: number;
  /**
   * With tcp: whether to write an HTML file that redirects the browser to the page
   */
  redirectFile?: boolean;
}
/**
 * Location of the web page, and a one-time code to sign in.
 */
export interface Dashboard {
  /**
   * With tcp: URL of the page
   */
  url?: string;
  /**
   * With socket: path of the Unix socket
   */
  socket?: string;
  /**
   * One-time code. Append it to the URL of the page as the fragment `#code=CODE`
   */
  code: string;
  /**
   * When the code expires (ISO 8601, UTC)
   */
  codeExpires: string;
  /**
   * Path of the HTML file, if it was requested. The daemon removes the file when the code is used or expires
   */
  redirectFile?: string;
}
/**
 * Request of a daemon that the server delivers secrets of a workspace to one run.
 */
export interface DeliveryRequest {
  /**
   * ORGANIZATION/NAME of the workspace
   */
  workspace: string;
  /**
   * Compute environment of the workspace on the server
   */
  computeEnvironment: string;
  /**
   * Id of the run on its daemon
   */
  run: string;
  /**
   * Secrets of the workspace, in the versions that the run has pinned
   *
   * @minItems 1
   * @maxItems 500
   */
  secrets: [
    {
      name: SecretName;
      /**
       * Version
       */
      version: number;
    },
    ...{
      name: SecretName;
      /**
       * Version
       */
      version: number;
    }[]
  ];
  /**
   * SHA-256 in base64url of the credential that the daemon created for this delivery. With the credential, the daemon reports the state of the run and ends the delivery
   */
  credentialHash: string;
  /**
   * Time after which the server rejects this request and its repetitions, at most 24 hours ahead
   */
  expires: string;
}
/**
 * What a team server has delivered to a run, and what exists of it.
 */
export interface DeliveryState {
  /**
   * Id of the release
   */
  release: string;
  /**
   * placing: the server creates the objects; placed: they exist; removing: the server removes them, and retries until they are removed; removed: the server has verified that no object exists
   */
  state: 'placing' | 'placed' | 'removing' | 'removed';
  /**
   * When the server looks for unfinished jobs and, if there are none, removes the objects, unless the daemon reports before. Time in which the server was not available does not count
   */
  expires: string;
  /**
   * Why the server removes the objects; null while it does not
   */
  endReason: 'run-ended' | 'requested' | 'expired' | 'failed' | 'interrupted' | null;
  /**
   * Why the newest attempt to remove the objects, or to look for unfinished jobs, failed; null if it did not
   */
  lastError: string | null;
  /**
   * Delivered objects
   *
   * @maxItems 500
   */
  objects: {
    /**
     * Kind of store
     */
    store: string;
    /**
     * Location of the object, such as an ARN
     */
    target: string;
    /**
     * State
     */
    state: 'intended' | 'placed' | 'removing' | 'gone' | 'unverified';
    /**
     * When it was created; null until then
     */
    placedAt: string | null;
    /**
     * When its absence was verified; null until then
     */
    goneAt: string | null;
    /**
     * Number of attempts to remove it
     */
    attempts: number;
    /**
     * How its absence was verified; null until then
     */
    evidence: string | null;
    /**
     * Why the last attempt to remove it failed; null if none failed
     */
    lastError: string | null;
  }[];
}
/**
 * References to the secrets that a team server has delivered to a run. Contains no values.
 */
export interface Delivery {
  /**
   * Id of the release
   */
  id: string;
  /**
   * Id of the run
   */
  run: string;
  /**
   * ORGANIZATION/NAME of the workspace
   */
  workspace: string;
  /**
   * Compute environment
   */
  computeEnvironment: string;
  /**
   * Sorted by name
   *
   * @maxItems 500
   */
  references: {
    name: SecretName;
    /**
     * Reference for the `secrets` of a job definition: the full ARN of an AWS secret, and the key of its JSON object
     */
    valueFrom: string;
  }[];
  /**
   * Secrets that the platform cannot carry, which were not delivered
   *
   * @maxItems 500
   */
  undeliverable: {
    name: SecretName;
    /**
     * Reason, as a clause
     */
    reason: string;
  }[];
  /**
   * When the delivery expires unless the daemon reports before
   */
  expires: string;
}
/**
 * A login that a user has to approve (RFC 8628, section 3.2).
 */
export interface DeviceAuthorization {
  /**
   * Code with which the terminal asks for its token
   */
  deviceCode: string;
  /**
   * Code that the user types on the page
   */
  userCode: string;
  /**
   * Address of the page. It does not contain the code
   */
  verificationUri: string;
  /**
   * Seconds until both codes expire
   */
  expiresIn: number;
  /**
   * Seconds that the terminal waits between two requests
   */
  interval: number;
}
/**
 * Request of a terminal to sign in.
 */
export interface DeviceLoginInput {
  /**
   * Name of the host of the terminal, which the approval shows
   */
  hostName: string;
  /**
   * Scopes of the token. Default: read and launch
   *
   * @minItems 1
   * @maxItems 4
   */
  scopes?: [TokenScope, ...TokenScope[]];
}
/**
 * A login that waits for approval.
 */
export interface DeviceLogin {
  /**
   * Host of the terminal, as it says itself
   */
  hostName: string;
  /**
   * Address from which the terminal sent the request; null if not known
   */
  address: string | null;
  /**
   * Whether your own request comes from the same network
   */
  isOwnAddress: boolean;
  /**
   * Scopes of the token
   */
  scopes: TokenScope[];
  /**
   * When the terminal sent the request (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * Seconds since the request of the terminal
   */
  ageSeconds: number;
  /**
   * When the code expires (ISO 8601, UTC)
   */
  expires: string;
}
/**
 * Request of a terminal for its token.
 */
export interface DevicePoll {
  /**
   * Code of the terminal
   */
  deviceCode: string;
}
/**
 * Result of one check of `nf-escrow doctor`.
 */
export interface DoctorCheck {
  /**
   * Name of the check. Several checks can have the same name
   */
  name: string;
  /**
   * `failure`: a launch would fail or expose a secret; `warning`: a launch may fail
   */
  state: 'ok' | 'warning' | 'failure';
  /**
   * Result in words. Contains no value of a secret
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
 * A file that contains the value of a secret.
 */
export interface ExposureFinding {
  /**
   * Path of the file, relative to the work directory if the file is in it, otherwise absolute. The pipeline chooses the path: escape it before display
   */
  file: string;
  /**
   * Id of the task that wrote the file, or the beginning of the task hash if the id is not known; null if the file does not belong to a task
   */
  task: string | null;
  /**
   * Encodings in which the file contains the value
   */
  encodings: ExposureEncoding[];
}
/**
 * Exposed secrets, newest runs first.
 */
export interface ExposureList {
  /**
   * At most 100
   */
  exposures: Exposure[];
  /**
   * Total number of exposures
   */
  total: number;
  /**
   * Total number of runs with exposures
   */
  runs: number;
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
  /**
   * The same files, with the tasks that wrote them and the encodings of the values
   */
  findings: ExposureFinding[];
}
/**
 * How the files of a run were searched for the values of its secrets.
 */
export interface ExposureSearch {
  /**
   * Which programs searched the files: the plugin during the run, the daemon after the end of the run, or both
   */
  by: 'plugin' | 'daemon' | 'both';
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
   * Number of bytes that were read. The daemon reads at most 1 GiB. A gap with the reason `budget` reports the files that it did not read
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
   * Job name if nf-escrow has submitted the job; otherwise null
   */
  name: string | null;
}
/**
 * Health of the daemon. Without a token, a request over TCP receives only `status`.
 */
export interface Health {
  /**
   * Always "ok" in a response
   */
  status: 'ok';
  /**
   * Version of nf-escrow
   */
  version?: string;
  /**
   * State of the ledger
   */
  ledger?: 'ok' | 'unavailable';
  /**
   * Number of delivered objects that are not removed although their run has ended
   */
  pendingRemovals?: number;
}
/**
 * The principal that sends the request.
 */
export interface Identity {
  /**
   * Name of the user or of the service account
   */
  name: string;
  /**
   * Kind of principal
   */
  kind: 'user' | 'service-account';
  /**
   * Scopes of the token; null for a session
   */
  scopes: TokenScope[] | null;
  /**
   * The only workspace to which the token gives access; null: all workspaces
   */
  workspace: string | null;
  /**
   * What the request may do on the server and with the principal's own objects. Organizations, workspaces and secrets have permissions of their own
   *
   * @maxItems 50
   */
  permissions: Permission[];
}
/**
 * Options of an import.
 */
export interface ImportQuery {
  /**
   * Whether to return the effect of the import without changing anything
   */
  preview?: boolean;
}
/**
 * Request to set several secrets of a scope in one transaction. Requires either `secrets`, or `textBase64` and `format`.
 */
export interface ImportRequest {
  /**
   * Names and values
   *
   * @maxItems 10000
   */
  secrets?: {
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
   * Text with names and values, in UTF-8 and encoded in base64
   */
  textBase64?: string;
  /**
   * Format of the text. `json`: an object of names and strings, or an array of objects with `name` and `value`, such as Nextflow's own store
   */
  format?: 'dotenv' | 'json';
  /**
   * Names of the text to import, with the versions that the client has seen. If the current version of any of them differs, the import fails with `precondition-failed`. With `only`, `onConflict` is ignored
   *
   * @maxItems 10000
   */
  only?: {
    /**
     * Name of the secret
     */
    name: string;
    /**
     * Version that the client has seen; null: no secret with this name existed
     */
    version: number | null;
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
  /**
   * Entries of a text that cannot be imported. Only in a preview; absent if there are none
   */
  refused?: {
    /**
     * Name in the text. An invalid name is shortened, because it may be a misplaced value
     */
    name: string;
    /**
     * Reason, as a clause without a capital letter and a period
     */
    reason: string;
  }[];
}
/**
 * Request to accept an invitation.
 */
export interface InvitationAcceptance {
  /**
   * The part of the link after `#`
   */
  secret: string;
  /**
   * Name of the new account. Ignored if the invitation names the account, or the person has one already
   */
  user?: string;
}
/**
 * Request to invite a person to a team server.
 */
export interface InvitationInput {
  /**
   * Address of the person. Only a person who has proved that the address is theirs can accept the invitation
   */
  email: string;
  /**
   * Name of the new account. Absent: derived from the address
   */
  user?: string;
  /**
   * Whether the person becomes an administrator of the server
   */
  administrator?: boolean;
  /**
   * Organization to which the person is added. Requires that you may add members to it
   */
  organization?: string;
  role?: OrganizationRole;
  /**
   * Number of days until the invitation expires. Default: 7
   */
  expiresInDays?: number;
}
/**
 * Open invitations of a team server.
 */
export interface InvitationList {
  /**
   * Newest first
   */
  invitations: Invitation[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * What an invitation offers, for the person who has its link.
 */
export interface InvitationPreview {
  /**
   * Address of the invited person
   */
  email: string;
  /**
   * Organization to which the person is added; null: none
   */
  organization: string | null;
  /**
   * Role in the organization; null: none
   */
  role: OrganizationRole | null;
  /**
   * Who has created the invitation
   */
  invitedBy: string;
  /**
   * When the invitation expires (ISO 8601, UTC)
   */
  expires: string;
  /**
   * Whether the person must sign in with the identity provider before the invitation can be accepted
   */
  needsSignIn: boolean;
}
/**
 * The secret part of the link of an invitation.
 */
export interface InvitationSecret {
  /**
   * The part of the link after `#`
   */
  secret: string;
}
/**
 * Preview of a launch: the plan of the run, the result of the parameter check, and the processes that use secrets. Contains names of secrets, never values.
 */
export interface LaunchPreview {
  plan: Plan;
  /**
   * Warnings about the launch, which are not part of the plan
   *
   * @maxItems 100
   */
  warnings: string[];
  parameters: ParameterCheck;
  /**
   * Known processes that use secrets, sorted by name. The daemon finds them in the scripts of a local pipeline and in earlier runs of the pipeline in the workspace
   *
   * @maxItems 2000
   */
  processes: SecretProcess[];
}
/**
 * The secrets that a run will receive, their scopes, and how they are delivered. Contains names of secrets, never values.
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
   * Secrets that are not delivered, because tasks would not receive their exact values. A process that declares one of them fails. Sorted by name; absent if there are none
   */
  undeliverable?: UndeliverableSecret[];
  /**
   * Store that holds the delivered secrets; null if the run has no secrets
   */
  store: string | null;
  /**
   * How tasks receive secrets: the plugin and its version, or Nextflow's own format and the reason why the plugin is not used; null if there are no secrets
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
 * A secret that is planned for a run. Does not contain the value.
 */
export interface PlannedSecret {
  name: SecretName;
  scope: Scope;
  /**
   * Pinned version; null for Nextflow's own store
   */
  version: number | null;
  /**
   * Scopes whose secret of the same name is overridden
   */
  overrides: Scope[];
}
/**
 * A secret that is not delivered to a run, because tasks would not receive its exact value. Does not contain this value.
 */
export interface UndeliverableSecret {
  name: SecretName;
  scope: Scope;
  /**
   * Version that was examined; null for Nextflow's own store
   */
  version: number | null;
  /**
   * Reason, as a clause
   */
  reason: string;
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
  uses: [string, ...string[]];
  /**
   * Directory or file that others can change. It may be a parent directory of the path that the run uses
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
 * Result of checking parameters against the `nextflow_schema.json` of a pipeline. Never contains the value of a parameter.
 */
export interface ParameterCheck {
  /**
   * `no-schema`: the daemon found no schema. `failed`: the schema cannot be used, or the check exceeded a limit. `skipped`: the request disables the check
   */
  result: 'valid' | 'invalid' | 'no-schema' | 'failed' | 'skipped';
  /**
   * Why the parameters were not checked, as a clause; null if they were checked
   */
  reason: string | null;
  /**
   * Violations of the schema
   *
   * @maxItems 100
   */
  violations: ParameterViolation[];
}
/**
 * A parameter that violates the schema of the pipeline. Does not contain its value.
 */
export interface ParameterViolation {
  /**
   * Name of the parameter. If only a part of its value is invalid, the path to this part follows, separated by periods. Empty if the violation concerns the parameters as a whole
   */
  parameter: string;
  /**
   * Description of the violation, as a sentence
   */
  detail: string;
}
/**
 * A process that uses secrets.
 */
export interface SecretProcess {
  /**
   * Name of the process. With source `runs`, it includes the names of the workflows that contain the process
   */
  process: string;
  /**
   * Secrets that the run would deliver to the process. Sorted
   *
   * @maxItems 1000
   */
  secrets: SecretName[];
  /**
   * Secrets that the process uses and that the run would not deliver. Sorted
   *
   * @maxItems 1000
   */
  missing: SecretName[];
  /**
   * `scripts`: declared in a script of the local pipeline. `runs`: used in an earlier run
   */
  source: 'scripts' | 'runs';
}
/**
 * Options of a launch.
 */
export interface LaunchQuery {
  /**
   * Whether to return a preview of the launch without starting anything
   */
  preview?: boolean;
}
/**
 * Request to start a run in the daemon, with the environment variables of its compute environment.
 */
export interface LaunchRequest {
  /**
   * Pipeline as in `nextflow run`: a path, a repository name or a URL. A relative path is resolved against the launch directory
   */
  pipeline: string;
  /**
   * Branch, tag or commit of the pipeline
   */
  revision?: string;
  /**
   * Configuration profiles, separated by commas
   */
  profile?: string;
  /**
   * Parameters of the pipeline. The daemon writes them to a file with mode 0600, which Nextflow reads. Do not use parameters for secret values: Nextflow logs parameters
   */
  parameters?: {
    [k: string]: ParameterValue;
  };
  /**
   * Parameters as YAML or JSON text, as in a parameters file. Alternative to `parameters`. Dates are read as text
   */
  parametersText?: string;
  /**
   * Whether the parameters must match the `nextflow_schema.json` of a local pipeline. Default: true
   */
  checkParameters?: boolean;
  workspace?: WorkspaceTitle;
  /**
   * Compute environment. Default: the value of the setting computeEnv, or the default environment if it is not set
   */
  computeEnvironment?: string;
  selection?: Selection;
  /**
   * Nextflow's work directory: an absolute path or a URL
   */
  workDirectory?: string;
  /**
   * Existing directory in which Nextflow is started
   */
  launchDirectory: string;
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
 * A run that the daemon has started.
 */
export interface Launch {
  run: Run;
  plan: Plan;
  /**
   * Warnings about the launch, which are not part of the plan
   *
   * @maxItems 100
   */
  warnings: string[];
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
   * Path at which Nextflow's log was found. Later runs in the same directory rename the log, so `logFingerprint` identifies it
   */
  logFile: string | null;
  /**
   * Fingerprint of the beginning of the log, which identifies the log after Nextflow has renamed it. Absent until the log is found
   */
  logFingerprint?: {
    /**
     * Number of bytes at the beginning of the log that the hash covers
     */
    bytes: number;
    /**
     * SHA-256 hash of these bytes
     */
    sha256: string;
  };
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
  /**
   * What the caller may do with this object. Absent if the object is part of another object
   *
   * @maxItems 50
   */
  permissions?: Permission[];
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
   * Why nf-escrow does not cancel the job. Present if the scheduler did not confirm that the job belongs to the run
   */
  refusal?: string;
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
     * pending: not removed yet; erased: the daemon erased the content of the file, which it identified by its inode; deleted: the daemon's open descriptor shows that the file no longer has a name; reported: the shim or the plugin of the run reported the removal; not-verified: the file was not found
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
   * intended: recorded, the object may exist; placed: the object exists; removing: removal started; gone: absence verified; unverified: the object does not exist, but the removal of all its values could not be verified
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
 * Objects that remain in AWS after the loss of a host, as found by `nf-escrow sweep`.
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
 * Address on which the daemon listens.
 */
export interface ListenerInput {
  /**
   * 127.0.0.1:PORT, localhost:PORT or [::1]:PORT. Port 0: any free port
   */
  address: string;
}
/**
 * Request to change the role of a member of a workspace.
 */
export interface MemberChange {
  role: Role;
}
/**
 * Request to add a member to a workspace.
 */
export interface MemberInput {
  /**
   * Name of a user, or `service-account:NAME` for a service account of the organization
   */
  user: string;
  role: Role;
}
/**
 * Members of a workspace.
 */
export interface MemberList {
  /**
   * Sorted by name
   */
  members: Member[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * A member of a workspace.
 */
export interface Member {
  /**
   * Name of a user, or `service-account:NAME` for a service account of the organization
   */
  user: string;
  role: Role;
  /**
   * Origin of the role. workspace: assigned by the workspace; organization: from membership in the organization; person: the personal workspace of this user
   */
  source: 'workspace' | 'organization' | 'person';
  /**
   * Entity tag, which changes whenever the object changes. Send it in `If-Match`, in double quotes
   */
  etag: string;
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
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
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
  /**
   * Entity tag, which changes whenever the object changes. Send it in `If-Match`, in double quotes
   */
  etag: string;
  /**
   * What the caller may do with this object. Absent if the object is part of another object
   *
   * @maxItems 50
   */
  permissions?: Permission[];
  /**
   * Roles that the caller may assign to members, change and remove. Empty without the permission. Absent if the object is part of another object
   *
   * @maxItems 5
   */
  assignableRoles?: OrganizationRole[];
}
/**
 * Request to change the role of a member of an organization.
 */
export interface OrganizationMemberChange {
  role: OrganizationRole;
}
/**
 * Request to add a user to an organization.
 */
export interface OrganizationMemberInput {
  /**
   * Name of the user
   */
  user: string;
  role: OrganizationRole;
}
/**
 * Members of an organization.
 */
export interface OrganizationMemberList {
  /**
   * Sorted by name
   */
  members: OrganizationMember[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * A member of an organization.
 */
export interface OrganizationMember {
  /**
   * Name of the user
   */
  user: string;
  role: OrganizationRole;
  /**
   * Entity tag, which changes whenever the object changes. Send it in `If-Match`, in double quotes
   */
  etag: string;
}
/**
 * Selects a page of a list.
 */
export interface PageQuery {
  /**
   * Maximum number of items in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
}
/**
 * Selects the pipeline whose schema is read.
 */
export interface ParameterSchemaQuery {
  /**
   * Pipeline as in `nextflow run`: a path, a repository name or a URL. A relative path is resolved against the launch directory
   */
  pipeline: string;
  /**
   * Existing directory in which Nextflow is started
   */
  launchDirectory: string;
  /**
   * Branch, tag or commit of the pipeline
   */
  revision?: string;
  /**
   * Compute environment. Default: the value of the setting computeEnv, or the default environment if it is not set
   */
  computeEnvironment?: string;
}
/**
 * The unchanged `nextflow_schema.json` of a pipeline. It is untrusted: escape its texts before display, and apply its patterns only with a time limit.
 */
export interface ParameterSchema {
  /**
   * The schema; null if it does not exist or cannot be used
   */
  schema: {
    [k: string]: unknown;
  } | null;
  /**
   * Path of the schema; null if it does not exist
   */
  file: string | null;
  /**
   * Why the response contains no schema, as a clause
   */
  reason: string | null;
}
/**
 * A new value of a secret. Other fields are ignored.
 */
export interface PipelineSecretChange {
  /**
   * Value as text, stored as UTF-8
   */
  value: string;
  [k: string]: unknown;
}
/**
 * The id of a new secret.
 */
export interface PipelineSecretCreated {
  secretId: NumericId;
}
/**
 * A new secret. Other fields are ignored.
 */
export interface PipelineSecretInput {
  /**
   * Name that follows the rule of `secret-name`
   */
  name: string;
  /**
   * Value as text, stored as UTF-8
   */
  value: string;
  [k: string]: unknown;
}
/**
 * Secrets of a workspace or of the user, all on one page.
 */
export interface PipelineSecretList {
  /**
   * Sorted by name
   */
  pipelineSecrets: PipelineSecret[];
  /**
   * Number of secrets
   */
  totalSize: number;
}
/**
 * Metadata of a secret, without its value, in the form of Seqera Platform.
 */
export interface PipelineSecret {
  id: NumericId;
  name: SecretName;
  /**
   * When the secret was last delivered to a run (ISO 8601, UTC)
   */
  lastUsed: string | null;
  /**
   * When the secret was first set (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * When the secret was last set (ISO 8601, UTC)
   */
  lastUpdated: string;
}
/**
 * Name to check, in a workspace or in the scope of the user. Other parameters are ignored.
 */
export interface PipelineSecretNameQuery {
  /**
   * Name to check
   */
  name: string;
  /**
   * Id of the workspace. Absent: the secrets of the user
   */
  workspaceId?: number;
  [k: string]: unknown;
}
/**
 * One secret.
 */
export interface PipelineSecretReply {
  pipelineSecret: PipelineSecret;
}
/**
 * Selects the workspace. Other parameters are ignored.
 */
export interface PipelineSecretsQuery {
  /**
   * Id of the workspace. Absent: the secrets of the user
   */
  workspaceId?: number;
  [k: string]: unknown;
}
/**
 * An error in the form of Seqera Platform.
 */
export interface PlatformError {
  /**
   * What failed, and the remedy. `Forbidden` if the object does not exist or the caller may not see it
   */
  message: string;
}
/**
 * Versions of the service.
 */
export interface PlatformServiceInfo {
  /**
   * The service
   */
  serviceInfo: {
    /**
     * Version of nf-escrow
     */
    version: string;
    /**
     * Version of the API of Seqera Platform that these routes follow
     */
    apiVersion: string;
  };
}
/**
 * The user who sends the request.
 */
export interface PlatformUser {
  /**
   * The user
   */
  user: {
    id: NumericId;
    /**
     * Login name
     */
    userName: string;
  };
}
/**
 * The workspaces that the user can see.
 */
export interface PlatformWorkspaceList {
  /**
   * Sorted by organization and name
   */
  orgsAndWorkspaces: {
    orgId: NumericId;
    /**
     * Name of the organization
     */
    orgName: string;
    workspaceId: NumericId;
    /**
     * Name, unique within the organization
     */
    workspaceName: string;
  }[];
}
/**
 * IAM policies that runs in a compute environment need.
 */
export interface PolicyList {
  /**
   * Empty if the platform does not use IAM
   */
  policies: {
    /**
     * Name of the file that `nf-escrow iam render` writes. A file `secrets-policy-…` contains the policy for the identity in its name, a file `secrets-trust-…` the trust policy of a role
     */
    name: string;
    /**
     * Where to attach the policy, and what it permits, in sentences
     */
    purpose: string;
    /**
     * The policy as an IAM policy document
     */
    document: {};
  }[];
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
   * Field of the request that is invalid, such as limit or aws.region. `detail` starts with its name. Absent if the error does not concern exactly one field
   */
  field?: string;
  /**
   * Whether the same request may succeed later
   */
  retryable: boolean;
}
/**
 * Number of tasks of a process by state.
 */
export interface ProcessProgress {
  /**
   * Full name of the process; null for tasks that only the trace contains, whose process is unknown
   */
  name: string | null;
  tasks: TaskCounts;
}
/**
 * Number of tasks by state.
 */
export interface TaskCounts {
  /**
   * Number of tasks that are submitted but not started
   */
  waiting: number;
  /**
   * Number of running tasks
   */
  running: number;
  /**
   * Number of tasks that succeeded
   */
  completed: number;
  /**
   * Number of tasks that -resume took from the cache
   */
  cached: number;
  /**
   * Number of failed tasks, including attempts that were retried
   */
  failed: number;
  /**
   * Number of tasks that Nextflow or a cancellation stopped
   */
  aborted: number;
}
/**
 * Request to prove that this daemon created a session.
 */
export interface ProofRequest {
  /**
   * Nonce: random text that the page creates for each proof
   */
  nonce: string;
  /**
   * Origin of the page
   */
  origin: string;
}
/**
 * Proof that this daemon created a session.
 */
export interface Proof {
  /**
   * HMAC-SHA-256 with the key K over the nonce, a line feed and the origin, in base64url. K is the HMAC-SHA-256 with the token as the key over `nf-escrow server proof`, in base64url
   */
  proof: string;
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
 * Response of a daemon or server that can serve requests.
 */
export interface Readiness {
  /**
   * Always "ready". If the daemon or server is not ready, the response is a problem
   */
  status: 'ready';
  /**
   * Conditions that an administrator should correct. Only in responses of a server to requests with a token
   *
   * @maxItems 10
   */
  warnings?: ReadinessWarning[];
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
   * How the files of the run were searched; null before the search, or if there was none
   */
  search: ExposureSearch | null;
  /**
   * Base directory of the relative paths of exposures, if known
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
 * List of releases.
 */
export interface ReleaseList {
  /**
   * Newest first
   */
  releases: ReleaseSummary[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * A release of secrets to one run, and the state of the run as reported by the daemon of the user.
 */
export interface ReleaseSummary {
  /**
   * Id of the release
   */
  id: string;
  /**
   * Id of the run on its daemon
   */
  run: string;
  /**
   * ORGANIZATION/NAME of the workspace
   */
  workspace: string;
  /**
   * User or service account whose daemon received the secrets and reports the state
   */
  user: string;
  /**
   * Names and versions of the secrets, sorted by name
   */
  secrets: {
    /**
     * Name of the secret
     */
    name: string;
    /**
     * Version of the secret
     */
    version: number;
  }[];
  /**
   * State of the run in the newest report; `created` before the first one
   */
  state: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * Outcome of the run; null until it has ended
   */
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'aborted' | null;
  /**
   * Number of leases by store and state in the newest report
   */
  leases: {
    /**
     * Kind of store
     */
    store: string;
    /**
     * State of the leases
     */
    state: 'intended' | 'placed' | 'removing' | 'gone' | 'unverified';
    /**
     * Number of leases
     */
    count: number;
  }[];
  /**
   * Time of the release
   */
  createdAt: string;
  /**
   * Time after which the release cannot be repeated
   */
  expiresAt: string;
  /**
   * Time of the newest report; null before the first one
   */
  reportedAt: string | null;
  /**
   * When all secrets were removed: according to the report of the daemon or, if the server delivered them, to its own check; null until then
   */
  purgedAt: string | null;
  /**
   * Compute environment of the server to which it delivered the secrets itself; absent if the daemon delivered them
   */
  computeEnvironment?: string;
  /**
   * State of what the server delivered
   */
  delivery?: 'placing' | 'placed' | 'removing' | 'removed';
}
/**
 * Request to remove what the server has delivered to a run.
 */
export interface ReleasePurge {
  /**
   * Whether to remove it although the run may be alive
   */
  force?: boolean;
}
/**
 * Filter for releases. A release must match all given parameters.
 */
export interface ReleaseQuery {
  /**
   * Maximum number of releases in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
  /**
   * Only releases of this workspace
   */
  workspace?: string;
  /**
   * Only releases to the run with this id
   */
  run?: string;
  /**
   * Only releases whose run is in this state
   */
  state?: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * Only releases to this user or service account
   */
  user?: string;
  secret?: SecretName;
  /**
   * pending: only releases whose removal was not reported; overdue: those of them whose run has ended, or whose daemon has never reported although the release has expired
   */
  removal?: 'pending' | 'overdue';
  /**
   * Only releases whose run id, user or workspace contains this text
   */
  text?: string;
}
/**
 * Receipt of a release: what was delivered, when it was removed, and how its absence was verified.
 */
export interface ReleaseReceipt {
  release: ReleaseSummary;
  /**
   * What the server itself delivered; null if the daemon delivered the secrets
   */
  delivery: DeliveryState | null;
  /**
   * Whether all values were removed: according to the checks of the server if it delivered them, else according to the daemon
   */
  complete: boolean;
  /**
   * When the receipt was issued
   */
  issuedAt: string;
}
/**
 * State of a run that has received a release. A report has no effect if the server has received one with a higher epoch, or with the same epoch and a higher sequence number.
 */
export interface ReleaseReport {
  /**
   * Epoch of the ledger of the run, which increases whenever a daemon opens the ledger
   */
  epoch: number;
  /**
   * Number of the report, which increases with each report on this release
   */
  sequence: number;
  /**
   * State of the run
   */
  state: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * Outcome of the run; null until it has ended
   */
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'aborted' | null;
  /**
   * Number of leases by store and state
   *
   * @maxItems 100
   */
  leases: {
    /**
     * Kind of store
     */
    store: string;
    /**
     * State of the leases
     */
    state: 'intended' | 'placed' | 'removing' | 'gone' | 'unverified';
    /**
     * Number of leases
     */
    count: number;
  }[];
}
/**
 * Request of a daemon for secrets of a workspace, for one run.
 */
export interface ReleaseRequest {
  /**
   * ORGANIZATION/NAME of the workspace
   */
  workspace: string;
  /**
   * Id of the run on its daemon
   */
  run: string;
  /**
   * age public key (X25519) that the daemon created for this run
   */
  recipient: string;
  /**
   * Secrets of the workspace, in the versions that the run has pinned
   *
   * @minItems 1
   * @maxItems 500
   */
  secrets: [
    {
      name: SecretName;
      /**
       * Version
       */
      version: number;
    },
    ...{
      name: SecretName;
      /**
       * Version
       */
      version: number;
    }[]
  ];
  /**
   * Time after which the server rejects a repetition of this request, at most 24 hours ahead
   */
  expires: string;
}
/**
 * Secrets of a workspace for one run. The values are encrypted for the run.
 */
export interface Release {
  /**
   * Id of the release
   */
  id: string;
  /**
   * Id of the run on its daemon
   */
  run: string;
  /**
   * ORGANIZATION/NAME of the workspace
   */
  workspace: string;
  /**
   * Time after which the server rejects a repetition of the request
   */
  expires: string;
  /**
   * age file in base64. It contains the id, run, workspace and expiry of the release, and the names, versions and values of the secrets
   */
  payload: string;
  /**
   * Credential for reports on the state of this release. It gives no other access
   */
  credential: string;
}
/**
 * List of runs.
 */
export interface RunList {
  /**
   * Newest first
   */
  runs: Run[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
  /**
   * Total number of matching runs; absent unless `count` is true
   */
  total?: number;
}
/**
 * List of names of runs.
 */
export interface RunNameList {
  /**
   * Newest first
   */
  runs: RunName[];
}
/**
 * The data of a run that shell completion shows.
 */
export interface RunName {
  /**
   * Id of the run; contains no hyphen
   */
  id: string;
  /**
   * Nextflow's name of the run
   */
  runName: string | null;
  /**
   * State of the run
   */
  state: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * Outcome of the run; null until the run has ended
   */
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'aborted' | null;
  /**
   * When the run was planned (ISO 8601, UTC)
   */
  createdAt: string;
}
/**
 * Selects names of runs.
 */
export interface RunNameQuery {
  /**
   * Only runs whose name or id begins with this text
   */
  prefix?: string;
  /**
   * Maximum number of runs. Default: 100
   */
  limit?: number;
}
/**
 * State of a run, and the number of its tasks by state and process.
 */
export interface RunProgress {
  /**
   * State of the run
   */
  state: 'created' | 'materialized' | 'running' | 'ended' | 'purged';
  /**
   * When the daemon observed the start of the run (ISO 8601, UTC)
   */
  startedAt: string | null;
  /**
   * Number of tasks of the run by state. Without the plugin, only tasks in the trace are known
   */
  tasks: TaskCounts;
  /**
   * Number of tasks by process and state, in the order in which the first tasks of the processes appeared. At most 200 processes; if there are more, the first 200 by name
   *
   * @maxItems 200
   */
  processes: ProcessProgress[];
  /**
   * Whether the run has more than the 200 processes in `processes`
   */
  hasMoreProcesses: boolean;
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
   * Whether `nf-escrow run` requests the purge because the head has ended. In this case, the purge first handles orphaned jobs according to the setting onLost
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
   * Maximum number of runs in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
  /**
   * Number of runs to skip, as an alternative to a cursor. If runs are added between two requests, others may be missing or repeated
   */
  offset?: number;
  /**
   * Whether the response contains the total number of matching runs
   */
  count?: boolean;
  /**
   * Only runs in this state. open: runs that are not purged, and purged runs with orphaned jobs
   */
  state?: 'created' | 'materialized' | 'running' | 'ended' | 'purged' | 'open';
  /**
   * Only runs that ended in this way
   */
  outcome?: 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'aborted';
  /**
   * Workspace, ORGANIZATION/NAME
   */
  workspace?: string;
  /**
   * Only runs that were started in this directory
   */
  launchDirectory?: string;
  /**
   * Only runs planned at this time or later (ISO 8601; a date is midnight UTC)
   */
  since?: string;
  /**
   * Only runs planned before this time
   */
  until?: string;
  /**
   * Only runs whose id, name, launch directory or arguments contain all these words. A word also matches the beginning of a longer word
   */
  text?: string;
}
/**
 * Request to plan a run and deliver its secrets. The caller then starts the run in its own terminal and environment.
 */
export interface RunRequest {
  workspace?: WorkspaceTitle;
  /**
   * Compute environment: NAME, local:NAME for one of the daemon, or SERVER:NAME for one of the workspace on its team server. Default: the one marked as default
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
   * Nextflow command that evaluates the pipeline without running tasks. Its secrets are delivered only on this host. Absent: `run`
   */
  command?: 'inspect' | 'config';
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
   * Whether the output is written to a file. The response contains its path
   */
  detach?: boolean;
  /**
   * Settings that the pipeline's configuration or Nextflow's options already contain. The platform sets only the others
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
 * How tasks receive the secrets from the run directory, as far as the caller's Nextflow and environment allow.
 */
export interface SecretDelivery {
  /**
   * Version of the plugin that delivers the secrets; null if they are delivered in Nextflow's own format, which does not support all values
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
   * Whether this version of Nextflow reads its configuration before it loads plugins. In this case, it also needs the secrets in its own format until the plugins are loaded
   */
  configPhase: boolean;
  /**
   * Variables for the environment of nextflow, besides those that name the run directory
   */
  environment: {
    [k: string]: string;
  };
  /**
   * Original values of the variables that a run changes. Tasks receive these values. An empty string means that the variable was unset
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
     * Present only if the head will be a scheduler job: path of a file. Instead of starting the executable, the caller writes its environment and the variables of `environment` to this file, with a NUL byte after each entry, and submits the run
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
 * Secrets that a run received, and the processes whose tasks received them.
 */
export interface RunUseList {
  /**
   * Sorted by secret. For each secret, the delivery comes first, then the processes sorted by name. A run has at most 10000 entries
   */
  uses: {
    secret: SecretName;
    scope: Scope;
    /**
     * Version of the secret
     */
    version: number;
    /**
     * Process whose tasks received the secret; null for the delivery to the run. Processes are known only with the plugin
     */
    process: string | null;
    /**
     * For the delivery: its time. For a process: when the daemon read the event of the first task that received the secret (ISO 8601, UTC)
     */
    firstUsed: string;
    /**
     * For the delivery: its time. For a process: when the daemon read the event of the last task that received the secret (ISO 8601, UTC)
     */
    lastUsed: string;
  }[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * Versions of a secret and of removed secrets with the same name. Contains no values.
 */
export interface SecretHistory {
  /**
   * Newest first
   */
  versions: {
    /**
     * Version of the secret
     */
    version: number;
    /**
     * When the version was set (ISO 8601, UTC)
     */
    setAt: string;
    /**
     * Principal who set the version; null if unknown
     */
    setBy: string | null;
    /**
     * When the secret was removed, if this was its newest version at that time; null otherwise
     */
    removedAt: string | null;
    /**
     * Principal who removed the secret at that time; null otherwise
     */
    removedBy: string | null;
  }[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * Runs to which a value of a secret is currently delivered.
 */
export interface SecretHolderList {
  /**
   * Newest run first
   */
  holders: {
    /**
     * Id of the run
     */
    run: string;
    /**
     * Nextflow's name of the run
     */
    runName: string | null;
    /**
     * State of the run. ended: the removal is pending
     */
    state: 'created' | 'materialized' | 'running' | 'ended';
    /**
     * Version of the secret that the run holds
     */
    version: number;
    /**
     * Whether this is the newest version of an existing secret; false if the secret was removed
     */
    current: boolean;
  }[];
  /**
   * Number of holders beyond the limit of 1000; absent if there are none
   */
  omitted?: number;
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
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * Metadata of a secret, without its value.
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
   * Principal who set the newest version; null if unknown
   */
  updatedBy: string | null;
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
  /**
   * What the caller may do with this object. Absent if the object is part of another object
   *
   * @maxItems 50
   */
  permissions?: Permission[];
}
/**
 * Search for secrets of all workspaces and of the user.
 */
export interface SecretSearchQuery {
  /**
   * Maximum number of secrets in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
  /**
   * Only secrets whose name contains this text. Case is ignored
   */
  text?: string;
}
/**
 * Secrets that match a search.
 */
export interface SecretSearch {
  /**
   * Sorted by name
   */
  found: {
    secret: Secret;
    /**
     * Workspace of the secret, ORGANIZATION/NAME; null for a secret of the user
     */
    workspace: string | null;
  }[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * Runs to which a secret was delivered, and the processes whose tasks received it.
 */
export interface SecretUseList {
  /**
   * Newest run first. For each run, the delivery comes first, then the processes sorted by name. A run has at most 10000 entries for all its secrets
   */
  uses: {
    /**
     * Id of the run
     */
    run: string;
    /**
     * Nextflow's name of the run
     */
    runName: string | null;
    /**
     * Version of the secret
     */
    version: number;
    /**
     * Process whose tasks received the secret; null for the delivery to the run. Processes are known only with the plugin
     */
    process: string | null;
    /**
     * For the delivery: its time. For a process: when the daemon read the event of the first task that received the secret (ISO 8601, UTC)
     */
    firstUsed: string;
    /**
     * For the delivery: its time. For a process: when the daemon read the event of the last task that received the secret (ISO 8601, UTC)
     */
    lastUsed: string;
  }[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
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
  /**
   * Whether the value is long enough to be masked in the output of runs and to be searched for in their files: at least 6 bytes
   */
  maskable: boolean;
}
/**
 * Settings of a compute environment for AWS Batch that belongs to a team server. The configuration of the server determines the identity with which it creates secrets.
 */
export interface ServerAwsSettings {
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
   * ARN of the execution role with which ECS reads the secrets when a container starts. No other workspace may use it
   */
  executionRole: string;
  /**
   * Id, alias or ARN of the KMS key that encrypts the secrets. Default: the account's key for Secrets Manager
   */
  kmsKey?: string;
  /**
   * One AWS secret per run (bundle), or one AWS secret for each secret of the run (per-secret). Default: bundle
   */
  layout?: 'bundle' | 'per-secret';
}
/**
 * Configuration file of `nf-escrow serve`. Each setting can also be set by an environment variable.
 */
export interface ServerConfiguration {
  /**
   * IP address and port on which the server listens, or `unix:PATH` for a Unix socket
   */
  listen?: string;
  /**
   * URL that clients use: `https://` and a host, with an optional port
   */
  publicUrl: string;
  /**
   * Additional host names that the `Host` header of a request can contain
   *
   * @maxItems 50
   */
  serverNames?: string[];
  /**
   * Directory of the SQLite ledger
   */
  stateDirectory?: string;
  /**
   * TLS certificate of the server. Without it, a proxy on the same host must terminate TLS
   */
  tls?: {
    /**
     * File with the certificate and the intermediate certificates, in PEM format
     */
    certificateFile?: string;
    /**
     * File with the private key, in PEM format and without a passphrase
     */
    keyFile?: string;
    /**
     * File with certificate authorities, in PEM format. If it is set, each client must present a certificate that one of them issued
     */
    caFile?: string;
  };
  /**
   * Addresses or networks (CIDR) of proxies that the server trusts to report the client. `unix`: every process that can connect to the Unix socket
   *
   * @maxItems 100
   */
  trustedProxies?: string[];
  /**
   * Header in which trusted proxies report the client
   */
  forwardedHeader?: 'x-forwarded-for' | 'forwarded';
  /**
   * Connection to PostgreSQL. Without a database URL, the server uses a SQLite ledger
   */
  database?: {
    /**
     * File that contains the database URL
     */
    urlFile?: string;
    /**
     * File that contains the database URL of the role that owns the schema, for migrations. Default: the role of the database URL
     */
    ownerUrlFile?: string;
    /**
     * File with the certificate authorities of the database server, in PEM format
     */
    caFile?: string;
    /**
     * Maximum number of connections to the database
     */
    poolSize?: number;
  };
  /**
   * Source of the key that encrypts secret values
   */
  vault?: {
    /**
     * Path of the key file
     */
    keyFile?: string;
    /**
     * File with the passphrase from which the key is derived
     */
    passphraseFile?: string;
    /**
     * File with the passphrase of the previous key, during a rekey
     */
    previousPassphraseFile?: string;
    /**
     * Shell command from whose output the key is derived
     */
    keyCommand?: string;
    /**
     * Key of AWS KMS that encrypts the vault key: an ARN of a key or an alias, a key ID, or `alias/NAME`
     */
    kmsKeyId?: string;
    /**
     * URL of AWS KMS, such as that of a VPC endpoint. Default: that of the region
     */
    kmsEndpoint?: string;
  };
  /**
   * Graceful shutdown
   */
  drain?: {
    /**
     * Time in seconds from the signal until the server refuses new connections. During this time, `/v1/ready` returns 503
     */
    delaySeconds?: number;
    /**
     * Maximum time in seconds for requests in progress, after `delaySeconds`
     */
    deadlineSeconds?: number;
  };
  /**
   * Audit log
   */
  audit?: {
    /**
     * Number of days after which events are deleted. Without it, all events are kept
     */
    retentionDays?: number;
  };
  /**
   * Limits. Those of connections apply to each replica, all others to all replicas together. Exception: for requests that need no token, `anonymousRequests` applies to each replica
   */
  limits?: {
    /**
     * Maximum number of open connections
     */
    connections?: number;
    /**
     * Maximum number of open connections from one address. Does not apply to trusted proxies
     */
    connectionsPerAddress?: number;
    /**
     * Maximum number of requests of one principal per second
     */
    requestsPerSecond?: number;
    /**
     * Maximum number of requests without a valid token from one address in 10 seconds
     */
    anonymousRequests?: number;
    /**
     * Maximum number of a user's own secrets
     */
    secretsPerUser?: number;
    /**
     * Maximum number of secrets of a workspace
     */
    secretsPerWorkspace?: number;
    /**
     * Maximum size of a user's own secrets in encrypted bytes
     */
    secretBytesPerUser?: number;
    /**
     * Maximum size of the secrets of a workspace in encrypted bytes
     */
    secretBytesPerWorkspace?: number;
    /**
     * Maximum number of secrets that one principal sets or removes per minute
     */
    changesPerMinute?: number;
    /**
     * Maximum number of secrets that are set or removed in one workspace per minute
     */
    workspaceChangesPerMinute?: number;
    /**
     * Maximum number of releases to one principal per minute
     */
    releasesPerMinute?: number;
    /**
     * Maximum number of releases of one workspace per minute
     */
    workspaceReleasesPerMinute?: number;
    /**
     * Maximum size of the releases to one principal per minute, in encrypted bytes
     */
    releaseBytesPerMinute?: number;
  };
  /**
   * Sessions of people who have signed in
   */
  sessions?: {
    /**
     * Minutes after the last request when a session ends
     */
    idleMinutes?: number;
    /**
     * Hours after the sign-in when a session ends
     */
    lifetimeHours?: number;
  };
  /**
   * Identity provider (OpenID Connect) with which people sign in
   */
  oidc?: {
    /**
     * Issuer: `https://` and a host, with an optional path
     */
    issuer?: string;
    /**
     * Client ID of the server at the provider
     */
    clientId?: string;
    /**
     * File that contains the client secret
     */
    clientSecretFile?: string;
    /**
     * File with the certificate authorities of the provider, in PEM format. Default: those of Node.js
     */
    caFile?: string;
    /**
     * Domains of verified addresses whose owners get an account when they first sign in. Others need an invitation
     *
     * @maxItems 100
     */
    allowedDomains?: string[];
  };
  /**
   * AWS accounts in which workspaces may have compute environments, and the identity with which the server creates secrets there. Without it, workspaces cannot have compute environments on the server
   *
   * @maxItems 100
   */
  awsAccounts?: {
    /**
     * Account, which is that of the execution roles
     */
    account: string;
    /**
     * Profile of the AWS configuration of the server. Default: the credentials of the server's environment
     */
    profile?: string;
    /**
     * ARN of a role in the account that the server assumes
     */
    assumeRole?: string;
    /**
     * External id for the assumed role
     */
    externalId?: string;
    /**
     * Prefix of the names of secrets. Default: nf-escrow
     */
    prefix?: string;
    /**
     * Endpoint of Secrets Manager, instead of the region's own
     */
    endpoint?: string;
    /**
     * Use FIPS endpoints
     */
    fips?: boolean;
    /**
     * Only these workspaces, as ORGANIZATION/NAME, or ORGANIZATION/* for all workspaces of an organization. Default: all workspaces
     *
     * @maxItems 1000
     */
    workspaces?: string[];
  }[];
}
/**
 * Request to create a compute environment of a workspace on a team server.
 */
export interface ServerEnvironmentInput {
  /**
   * Name
   */
  name: string;
  /**
   * Platform
   */
  platform: 'aws-batch';
  aws: ServerAwsSettings;
}
/**
 * List of the compute environments of a workspace on a team server.
 */
export interface ServerEnvironmentList {
  /**
   * Sorted by name
   */
  computeEnvironments: ServerEnvironment[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * Compute environment of a workspace on a team server. The server creates and removes the secrets of its runs.
 */
export interface ServerEnvironment {
  /**
   * Name
   */
  name: string;
  /**
   * ORGANIZATION/NAME of the workspace
   */
  workspace: string;
  /**
   * Platform
   */
  platform: 'aws-batch';
  aws: ServerAwsSettings;
  /**
   * User who created it
   */
  createdBy: string;
  /**
   * When it was created (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * Entity tag. Send it in `If-Match`, in double quotes
   */
  etag: string;
  /**
   * What the caller may do with this object. Absent if the object is part of another object
   *
   * @maxItems 50
   */
  permissions?: Permission[];
}
/**
 * State of a team server, for its administrators. It contains no secret.
 */
export interface ServerOverview {
  /**
   * Version of the replica that responds
   */
  version: string;
  /**
   * URL that clients use
   */
  publicUrl: string;
  /**
   * Host of the identity provider; null: people sign in with links
   */
  provider: string | null;
  /**
   * When sessions end
   */
  sessions: {
    /**
     * Minutes after the last request
     */
    idleMinutes: number;
    /**
     * Hours after the sign-in
     */
    lifetimeHours: number;
    /**
     * Number of sessions that have not expired
     */
    open: number;
  };
  /**
   * Limits by the name of the setting, without the prefix `limits.`
   */
  limits: {
    [k: string]: number;
  };
  /**
   * Numbers of users
   */
  users: {
    /**
     * Active users
     */
    active: number;
    /**
     * Suspended users
     */
    suspended: number;
  };
  /**
   * Keys of the vault that encrypt values
   */
  keys: {
    /**
     * Id of the key. It reveals nothing of the key
     */
    id: string;
    /**
     * Whether new values are encrypted with it
     */
    isCurrent: boolean;
    /**
     * Number of values that are encrypted with it
     */
    values: number;
  }[];
  /**
   * Replicas that have reported within the last 90 s
   */
  replicas: {
    /**
     * Name of the host; null if an earlier version runs there
     */
    host: string | null;
    /**
     * Version; null if an earlier version runs there
     */
    version: string | null;
    /**
     * When it started (ISO 8601, UTC)
     */
    started: string | null;
    /**
     * When it last reported (ISO 8601, UTC)
     */
    reported: string;
    /**
     * Ids of the keys that it can use
     */
    keys: string[];
  }[];
  /**
   * The ledger
   */
  database: {
    /**
     * Kind of database
     */
    kind: 'sqlite' | 'postgresql';
    /**
     * Version of PostgreSQL; null for SQLite
     */
    version: string | null;
    /**
     * Version of the schema
     */
    schemaVersion: number;
    /**
     * Size of the database
     */
    sizeBytes: number;
    /**
     * Conditions that need attention
     */
    warnings: ReadinessWarning[];
  };
  /**
   * What the server knows of backups. It does not make any
   */
  backups: {
    /**
     * Whether PostgreSQL archives its write-ahead log; null for SQLite
     */
    archivesWal: boolean | null;
    /**
     * When PostgreSQL last archived a segment (ISO 8601, UTC)
     */
    lastArchived: string | null;
    /**
     * When PostgreSQL last failed to archive a segment (ISO 8601, UTC)
     */
    lastArchiveFailure: string | null;
    /**
     * When `serve restore` was last run (ISO 8601, UTC)
     */
    lastRestored: string | null;
  };
}
/**
 * Request to create a service account.
 */
export interface ServiceAccountInput {
  /**
   * Name, unique within the organization
   */
  name: string;
}
/**
 * List of the service accounts of an organization.
 */
export interface ServiceAccountList {
  /**
   * Sorted by name
   */
  serviceAccounts: ServiceAccount[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * An account of an organization for programs such as cron jobs and CI. It has only the roles that workspaces assign to it, and authenticates with tokens.
 */
export interface ServiceAccount {
  /**
   * Name of the organization
   */
  organization: string;
  /**
   * Name, unique within the organization
   */
  name: string;
  /**
   * When the account was created (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * Principal who created the account
   */
  createdBy: string;
  /**
   * Entity tag, which changes whenever the object changes. Send it in `If-Match`, in double quotes
   */
  etag: string;
}
/**
 * Request to sign in a web page.
 */
export interface SessionInput {
  /**
   * One-time code of `nf-escrow dashboard`
   */
  code: string;
}
/**
 * Who has signed in with this browser, and how a person can sign in.
 */
export interface SessionState {
  /**
   * Name of the user; null if nobody has signed in, or the person has no account
   */
  user: string | null;
  /**
   * Address that the identity provider has verified; null if not known
   */
  email: string | null;
  /**
   * Whether the user is an administrator of the server
   */
  administrator: boolean;
  /**
   * Value of the header `X-CSRF-Token`, which each request that changes something needs; null without a session
   */
  csrfToken: string | null;
  /**
   * Whether the person has signed in within the last 10 minutes, as approvals require
   */
  isRecent: boolean;
  /**
   * When the person last proved who they are (ISO 8601, UTC); null if not known
   */
  authenticated: string | null;
  /**
   * When the session expires at the latest (ISO 8601, UTC); null without a session
   */
  expires: string | null;
  /**
   * How a person can sign in
   */
  methods: ('provider' | 'link')[];
  /**
   * Host of the identity provider; null: the server has none
   */
  provider: string | null;
}
/**
 * A session of the web page.
 */
export interface Session {
  /**
   * Id of the session. It gives no access to data
   */
  id: string;
  /**
   * Token of the session. It permits everything that the user can do
   */
  token: string;
  /**
   * When the session expires (ISO 8601, UTC)
   */
  expires: string;
}
/**
 * Request to sign in with a link.
 */
export interface SignInLinkSecret {
  /**
   * The part of the link after `#`
   */
  secret: string;
}
/**
 * Where the browser continues the sign-in.
 */
export interface SignInRedirect {
  /**
   * Address at the identity provider
   */
  location: string;
}
/**
 * Request to sign in with the identity provider.
 */
export interface SignInStart {
  /**
   * Page that opens after the sign-in. Default: sign-in
   */
  returnTo?: 'sign-in' | 'device' | 'invitation';
  /**
   * Whether the provider must ask the person to prove again who they are
   */
  recent?: boolean;
}
/**
 * The file of the team servers that a user is signed in to.
 */
export interface StoredServers {
  /**
   * Team servers
   *
   * @maxItems 20
   */
  servers: {
    /**
     * Name of the server in SERVER:ORG/NAME
     */
    name: string;
    /**
     * Address of the server
     */
    url: string;
    /**
     * Token of the user
     */
    token: string;
    /**
     * Absolute path of the certificates that are trusted instead of those of the system
     */
    caFile: string | null;
    /**
     * Whether `nf-escrow login` created the token, so that no other program uses it. `nf-escrow logout` then revokes it
     */
    createdByLogin?: boolean;
  }[];
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
 * Tasks of a run.
 */
export interface TaskList {
  /**
   * In the order of their ids
   */
  tasks: Task[];
  /**
   * Number of tasks by status, counted over all tasks of the run
   */
  counts: {
    /**
     * Number of tasks with this status
     */
    NEW: number;
    /**
     * Number of tasks with this status
     */
    SUBMITTED: number;
    /**
     * Number of tasks with this status
     */
    RUNNING: number;
    /**
     * Number of tasks with this status
     */
    COMPLETED: number;
    /**
     * Number of tasks with this status
     */
    FAILED: number;
    /**
     * Number of tasks with this status
     */
    ABORTED: number;
    /**
     * Number of tasks with this status
     */
    CACHED: number;
    /**
     * Number of tasks with another status or without a status
     */
    OTHER: number;
  };
  /**
   * Number of rows of the trace that could not be parsed
   */
  traceErrors: number;
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
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
   * Time from the submission to the end of the task in milliseconds; null before its end
   */
  durationMs: number | null;
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
 * Filter for the tasks of a run. A task must match all given parameters.
 */
export interface TaskQuery {
  /**
   * Maximum number of tasks in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
  /**
   * Number of tasks to skip, as an alternative to a cursor. If tasks are added between two requests, others may be missing or repeated
   */
  offset?: number;
  /**
   * Status of the task
   */
  status?: 'NEW' | 'SUBMITTED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'ABORTED' | 'CACHED';
  /**
   * Full name of the process
   */
  process?: string;
}
/**
 * Request to create a token.
 */
export interface TokenInput {
  /**
   * Name by which you recognize the token
   */
  name: string;
  /**
   * Scopes of the token
   *
   * @minItems 1
   * @maxItems 4
   */
  scopes: [TokenScope, ...TokenScope[]];
  /**
   * Service account that will own the token, ORGANIZATION/NAME. Absent: the user who sends the request
   */
  serviceAccount?: string;
  /**
   * Workspace to which the token is restricted, ORGANIZATION/NAME. Absent: not restricted
   */
  workspace?: string;
  /**
   * Number of days until the token expires. Default: 90. Maximum: 365
   */
  expiresInDays?: number;
  /**
   * IP addresses and networks from which the token is accepted. Absent or empty: any address
   *
   * @maxItems 50
   */
  addresses?: string[];
}
/**
 * Metadata of tokens. Does not contain the tokens themselves.
 */
export interface TokenList {
  /**
   * Newest first
   */
  tokens: Token[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * Selects whose tokens are listed.
 */
export interface TokenQuery {
  /**
   * Maximum number of items in the page
   */
  limit?: number;
  /**
   * Cursor of the page: `next` of the previous page
   */
  cursor?: string;
  /**
   * Service account whose tokens are listed, ORGANIZATION/NAME. Absent: the user who sends the request
   */
  serviceAccount?: string;
}
/**
 * A token that is to be revoked.
 */
export interface TokenText {
  /**
   * Text of the token
   */
  token: string;
}
/**
 * The code that a user has typed.
 */
export interface UserCode {
  /**
   * Code that the terminal shows. Case, spaces and hyphens are ignored
   */
  userCode: string;
}
/**
 * List of the users of a server.
 */
export interface UserList {
  /**
   * Sorted by name
   */
  users: User[];
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
}
/**
 * A person with an account on a team server.
 */
export interface User {
  /**
   * Name, unique on the server
   */
  name: string;
  /**
   * Email address; null if unknown
   */
  email: string | null;
  /**
   * Whether the user is an administrator of the server, who manages users and creates organizations
   */
  administrator: boolean;
  /**
   * State of the account. suspended: the server rejects all requests of the user
   */
  state: 'active' | 'suspended';
  /**
   * When the account was created (ISO 8601, UTC)
   */
  dateCreated: string;
}
/**
 * Sessions of a user.
 */
export interface UserSessionList {
  /**
   * Newest first
   */
  sessions: UserSession[];
}
/**
 * A session of a user on a team server.
 */
export interface UserSession {
  /**
   * Id of the session. It gives no access
   */
  id: string;
  /**
   * How the person signed in
   */
  method: 'provider' | 'link' | 'invitation';
  /**
   * Address from which the person signed in; null if not known
   */
  address: string | null;
  /**
   * When the session started (ISO 8601, UTC)
   */
  dateCreated: string;
  /**
   * Minute of the last request (ISO 8601, UTC)
   */
  lastUsed: string;
  /**
   * When the session expires at the latest (ISO 8601, UTC)
   */
  expires: string;
  /**
   * Whether it is the session of this request
   */
  isCurrent: boolean;
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
    numericId?: NumericId;
    organizationNumericId?: NumericId;
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
      numericId?: NumericId;
      /**
       * Base64 of the exact bytes
       */
      valueBase64: string;
    }[];
  }[];
}
/**
 * Request to import an export. Either all secrets are imported or none.
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
   * Why a file of the ledger may still contain removed values; null if all of them are erased
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
 * Body of a webhook. Contains no text from the pipeline, and no name or value of a secret.
 */
export interface WebhookEvent {
  /**
   * Id of the event, which is also in the header `webhook-id`. It is the same in each delivery attempt
   */
  id: string;
  type: WebhookType;
  /**
   * Time of the event (ISO 8601, UTC)
   */
  timestamp: string;
  /**
   * Host of the daemon
   */
  host: string;
  run: {
    /**
     * Id of the run
     */
    id: string;
    /**
     * Workspace, ORGANIZATION/NAME
     */
    workspace: string;
    /**
     * Name of the compute environment
     */
    computeEnvironment: string;
    /**
     * State of the run
     */
    state: string;
    /**
     * Outcome of the run
     */
    outcome: string | null;
    /**
     * Exit status of Nextflow
     */
    exitStatus: number | null;
    /**
     * When the run was planned (ISO 8601, UTC)
     */
    createdAt: string;
    /**
     * Start time (ISO 8601, UTC)
     */
    startedAt: string | null;
    /**
     * End time (ISO 8601, UTC)
     */
    endedAt: string | null;
    /**
     * Number of delivered objects that are not removed yet
     */
    pendingRemovals: number;
  };
}
/**
 * Change of a workspace.
 */
export interface WorkspaceChange {
  /**
   * private: visible to its members; shared: visible to all members of the organization, who can launch runs in it
   */
  visibility: 'private' | 'shared';
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
  /**
   * Cursor of the next page; absent on the last page
   */
  next?: string;
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
  /**
   * Entity tag, which changes whenever the object changes. Send it in `If-Match`, in double quotes
   */
  etag: string;
  /**
   * What the caller may do with this object. Absent if the object is part of another object
   *
   * @maxItems 50
   */
  permissions?: Permission[];
  /**
   * Roles that the caller may assign to members, change and remove. Empty without the permission. Absent if the object is part of another object
   *
   * @maxItems 5
   */
  assignableRoles?: Role[];
}
