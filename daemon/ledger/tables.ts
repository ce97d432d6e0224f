import type { ColumnType, Generated } from 'kysely';
import type {
  ComputeEnvironment,
  DeliveryState,
  Lease,
  OrganizationRole,
  Role,
  Run,
  ServerEnvironment,
  User,
  UserSession,
  WebhookType,
  Workspace,
} from '../contract/types.ts';

/** Assigned by a trigger (`numeric-ids.ts`). */
type NumericId = ColumnType<number, never, number>;

/** Rows of the ledger. Times are ISO 8601 in UTC, JSON is text, encrypted values are bytes. */
export interface Tables {
  meta: { key: string; value: string };
  migrations: { id: number; name: string; applied_at: string };
  organizations: { id: string; numeric_id: NumericId; name: string; created_at: string };
  scopes: {
    id: string;
    numeric_id: NumericId;
    kind: 'workspace' | 'user';
    organization: string;
    name: string;
    visibility: Workspace['visibility'] | null;
    /** The user of a team server whose personal workspace it is. */
    person_id: ColumnType<string | null, string | null | undefined, string | null>;
    created_at: string;
  };
  /** People with an account on a team server. */
  users: {
    id: string;
    name: string;
    email: string | null;
    /** 1 or 0. */
    administrator: number;
    state: User['state'];
    created_at: string;
  };
  service_accounts: {
    id: string;
    organization_id: string;
    name: string;
    created_at: string;
    created_by: string;
  };
  organization_members: {
    organization_id: string;
    user_id: string;
    role: OrganizationRole;
    added_at: string;
  };
  /** `member_id` is the id of a user or of a service account. */
  workspace_members: { scope_id: string; member_id: string; role: Role; added_at: string };
  /** Tokens of users and service accounts: one of `user_id` and `service_account_id` is set. */
  tokens: {
    id: string;
    /** SHA-256 in base64url. */
    hash: string;
    name: string;
    user_id: string | null;
    service_account_id: string | null;
    /** JSON array. */
    scopes: string;
    /** The only workspace that the token gives access to. */
    scope_id: string | null;
    /** JSON array of addresses and networks; empty: all. */
    addresses: string;
    created_at: string;
    expires_at: string;
    revoked_at: string | null;
    last_used_at: string | null;
    last_used_from: string | null;
  };
  /** Invitations that were neither accepted nor revoked. */
  invitations: {
    id: string;
    hash: string;
    email: string;
    /** The name that the new account gets; null: derived from the address. */
    user_name: string | null;
    /** An existing account to which the identity of the invited person is added. */
    user_id: string | null;
    /** 1 or 0. */
    administrator: number;
    organization_id: string | null;
    role: OrganizationRole | null;
    invited_by: string;
    /** Null for an operator. */
    invited_by_id: string | null;
    created_at: string;
    expires_at: string;
  };
  /** Who an identity provider says that a user is. */
  user_identities: { issuer: string; subject: string; user_id: string; linked_at: string };
  /** Sessions of people on a team server. Without a user: a person who has no account yet. */
  user_sessions: {
    id: string;
    hash: string;
    user_id: string | null;
    issuer: string | null;
    subject: string | null;
    /** Verified by the identity provider. */
    email: string | null;
    method: UserSession['method'];
    created_at: string;
    /** When the person last proved who they are; null if that is not known. */
    authenticated_at: string | null;
    last_used_at: string;
    expires_at: string;
    address: string | null;
  };
  /** Links that were not used yet. */
  sign_in_links: { hash: string; user_id: string; created_at: string; expires_at: string };
  /** Requests of terminals for a token. */
  device_logins: {
    id: string;
    /** Of the code that the terminal sends. */
    hash: string;
    /** The first half of the code that the user types. */
    lookup: string;
    /** Of the whole code that the user types. */
    code_hash: string;
    address: string | null;
    host_name: string;
    /** JSON array. */
    scopes: string;
    state: 'pending' | 'approved' | 'denied' | 'locked' | 'used';
    wrong_codes: number;
    interval_seconds: number;
    polled_at: string | null;
    /** Who has approved it. */
    user_id: string | null;
    created_at: string;
    expires_at: string;
  };
  /** Secrets of a workspace that a team server has sent to one run. */
  releases: {
    id: string;
    run_id: string;
    principal_id: string;
    principal: string;
    scope_id: string;
    /** ORGANIZATION/NAME. */
    workspace: string;
    recipient: string;
    /** JSON array of names and versions, sorted by name. */
    secrets: string;
    created_at: string;
    expires_at: string;
    /** State, outcome and leases (JSON) of the run in the newest report. */
    state: Run['state'];
    outcome: Run['outcome'];
    leases: string;
    epoch: number;
    sequence: number;
    reported_at: string | null;
    purged_at: string | null;
  };
  release_pins: { release_id: string; secret_id: string; version: number };
  /** SHA-256 in base64url. */
  release_credentials: { hash: string; release_id: string };
  /** Releases that a daemon has received, and the newest report on each. */
  received_releases: {
    run_id: string;
    release_id: string;
    /** URL of the server, and its certificates: the user may sign out before the run ends. */
    server: string;
    ca_file: string | null;
    credential: string;
    /** Of the newest report. */
    epoch: number;
    sequence: number;
    /** Sequence number of the newest report that the server has accepted. */
    delivered: number;
    /** JSON; null: none yet. */
    report: string | null;
    created_at: string;
  };
  /** Compute environments of workspaces of a team server. */
  server_environments: {
    id: string;
    scope_id: string;
    name: string;
    platform: ServerEnvironment['platform'];
    /** JSON. */
    settings: string;
    own_resource: string;
    created_by: string;
    created_at: string;
  };
  /** What a team server itself has delivered to runs. `id` is that of the release. */
  deliveries: {
    id: string;
    scope_id: string;
    environment_id: string;
    /** Name of the compute environment. */
    environment: string;
    state: DeliveryState['state'];
    /** JSON without values: what a repeated request gets. Null until the objects exist. */
    reply: ColumnType<string | null, string | null | undefined, string | null>;
    expires_at: string;
    /** Time without any replica (`availability.ts`) that was counted when `expires_at` was set. */
    missed_seconds: number;
    /** When a replica has to do what `state` requires. */
    next_at: string;
    /** Attempts to do it. */
    attempts: ColumnType<number, number | undefined, number>;
    end_reason: ColumnType<
      DeliveryState['endReason'],
      DeliveryState['endReason'] | undefined,
      DeliveryState['endReason']
    >;
    last_error: ColumnType<string | null, string | null | undefined, string | null>;
    last_error_code: ColumnType<string | null, string | null | undefined, string | null>;
    removed_at: ColumnType<string | null, string | null | undefined, string | null>;
  };
  /** Objects of deliveries. */
  delivery_leases: {
    id: string;
    delivery_id: string;
    store: string;
    target: string;
    locator: string | null;
    /** When the last unanswered request to create the object was sent; null if no request is unanswered. */
    sent_at: ColumnType<string | null, string | null | undefined, string | null>;
    state: Lease['state'];
    created_at: string;
    placed_at: ColumnType<string | null, string | null | undefined, string | null>;
    gone_at: ColumnType<string | null, string | null | undefined, string | null>;
    attempts: ColumnType<number, number | undefined, number>;
    last_error: ColumnType<string | null, string | null | undefined, string | null>;
    check_result: ColumnType<string | null, string | null | undefined, string | null>;
  };
  /** Names of removed organizations (`organization` is '') and workspaces of a team server. */
  reserved_names: { organization: string; name: string; reserved_at: string };
  compute_environments: {
    id: string;
    name: string;
    platform: ComputeEnvironment['platform'];
    runs_directory: string | null;
    is_default: number;
    /** JSON: the settings that only this platform has. */
    settings: ColumnType<string, string | undefined, string>;
    created_at: string;
    updated_at: string;
  };
  secrets: {
    id: string;
    numeric_id: NumericId;
    scope_id: string;
    name: string;
    version: number;
    created_at: string;
    updated_at: string;
    last_used_at: string | null;
    last_used_by: string | null;
    last_used_process: ColumnType<string | null, string | null | undefined, string | null>;
  };
  /** libsql returns `sealed` as an ArrayBuffer; writes pass a Buffer. */
  secret_versions: {
    secret_id: string;
    version: number;
    name: string;
    scope_id: string;
    sealed: Uint8Array | ArrayBuffer;
  };
  /** The highest version that each name ever had, so that no number is reused. `scope` is the name of the scope. */
  last_versions: {
    kind: 'workspace' | 'user';
    organization: string;
    scope: string;
    name: string;
    version: number;
  };
  runs: {
    id: string;
    /** Counts runs in the order in which they were recorded. A trigger sets it. */
    number: Generated<number>;
    state: Run['state'];
    outcome: Run['outcome'];
    outcome_evidence: string | null;
    exit_status: number | null;
    workspace: string;
    compute_environment: ColumnType<string, string | undefined, string>;
    launch_directory: string;
    nextflow: string;
    arguments: string;
    plan: string;
    launcher: string;
    launch_deadline: string;
    process: string | null;
    run_name: string | null;
    session_id: string | null;
    log_file: string | null;
    /** JSON: identifies the log after Nextflow has renamed it. */
    log_fingerprint: ColumnType<string | null, string | null | undefined, string | null>;
    /** The path of Nextflow's log, derived from its arguments and the launcher's environment. */
    log_expected: ColumnType<string | null, string | null | undefined, string | null>;
    /** The file with the terminal output of a detached run. */
    output_file: ColumnType<string | null, string | null | undefined, string | null>;
    trace_file: string | null;
    /** JSON: the scheduler job that is the head, or that contains it. */
    head_job: ColumnType<string | null, string | null | undefined, string | null>;
    /** JSON: how the run's files were searched for secret values. */
    search: ColumnType<string | null, string | null | undefined, string | null>;
    /** As the plugin first reported it; null without the plugin. */
    work_directory: ColumnType<string | null, string | null | undefined, string | null>;
    /** Where it will be, according to the arguments and the launcher's environment. */
    work_expected: ColumnType<string | null, string | null | undefined, string | null>;
    /** Of the token by which the shim's exit status is recognized; null for a run of an earlier version. */
    exit_digest: ColumnType<string | null, string | null | undefined, string | null>;
    cancel_requested: number;
    /** The id of the principal of a team server who launched it. */
    launched_by: ColumnType<string | null, string | null | undefined, string | null>;
    /** Number of events that the run has had. */
    events: Generated<number>;
    created_at: string;
    started_at: string | null;
    ended_at: string | null;
    purged_at: string | null;
  };
  /** The full-text index of runs. `rowid` is `runs.number`. Triggers write it. */
  runs_text: { rowid: number };
  pins: { run_id: string; secret_id: string; version: number };
  /** `process` is '' for the delivery to the run. */
  secret_uses: {
    run_id: string;
    scope_id: string;
    name: string;
    version: number;
    process: string;
    first_at: string;
    last_at: string;
  };
  /** Who set each version of a name, and who removed its secret. `set_by` is null if that is not known. */
  secret_history: {
    scope_id: string;
    name: string;
    version: number;
    set_at: string;
    set_by: string | null;
    removed_at: string | null;
    removed_by: string | null;
  };
  leases: {
    id: string;
    run_id: string;
    store: string;
    target: string;
    locator: string | null;
    /** When the last unanswered request to create the object was sent; null if no request is unanswered. */
    sent_at: ColumnType<string | null, string | null | undefined, string | null>;
    state: Lease['state'];
    created_at: string;
    placed_at: string | null;
    expires_at: string;
    gone_at: string | null;
    attempts: number;
    last_error: string | null;
    /** The code of the error, if it is one of the table of errors. */
    last_error_code: ColumnType<string | null, string | null | undefined, string | null>;
    check_result: string | null;
    /** Data of the store about the object, in a format of the store. */
    record: ColumnType<string | null, string | null | undefined, string | null>;
  };
  tasks: {
    run_id: string;
    task_id: string;
    hash: string | null;
    native_id: string | null;
    name: string | null;
    status: string | null;
    exit: string | null;
    process: ColumnType<string | null, string | null | undefined, string | null>;
    attempt: ColumnType<number | null, number | null | undefined, number | null>;
    /** JSON array of secret names. */
    secrets: ColumnType<string, string | undefined, string>;
    /** From submission to end. */
    duration_ms: ColumnType<number | null, number | null | undefined, number | null>;
    id_length: ColumnType<number, never, never>;
  };
  /** Files in which secret values were found. Files of the run as a whole have no task. */
  exposures: {
    run_id: string;
    secret: string;
    path: string;
    task_id: string | null;
    process: string | null;
    /** JSON array: how the value is written in the file. */
    encodings: ColumnType<string, string | undefined, string>;
  };
  /** Audited files that are shown to people. `device` and `inode` are decimal numbers. */
  masked_files: {
    run_id: string;
    device: string;
    inode: string;
    size: number;
    mtime_ms: number;
    /** JSON array of [start, end, name of the secret]: bytes of the file that are a value. */
    ranges: string;
  };
  task_jobs: {
    run_id: string;
    executor: string;
    job_id: string;
    name: string;
    /** `unconfirmed`: only the log reports its end, and the scheduler has not confirmed it yet. */
    state: 'submitted' | 'completed' | 'unconfirmed' | 'orphaned' | 'gone';
    /** Of its task. */
    work_directory: ColumnType<string | null, string | null | undefined, string | null>;
    source: ColumnType<'log' | 'events', 'log' | 'events' | undefined, 'log' | 'events'>;
    /** Why nf-escrow did not cancel it on request. */
    refusal: ColumnType<string | null, string | null | undefined, string | null>;
  };
  /** Rows of a trace that could not be parsed; `row` counts from 1 below the header. */
  trace_errors: { run_id: string; row: number; reason: string };
  /** Requests that their clients may repeat. `reply` is JSON without secret values and tokens. */
  idempotency_keys: {
    principal: string;
    route: string;
    key: string;
    fingerprint: string;
    reply: string;
    created_at: string;
  };
  /** One row for each event and receiver, written before the first attempt. Without a body once it is delivered or dropped. */
  webhook_deliveries: {
    id: string;
    /** Digest of the receiver's URL, which may contain a token. */
    hook: string;
    type: WebhookType;
    run_id: string;
    body: string;
    state: 'pending' | 'delivered' | 'dropped';
    created_at: string;
    attempts: number;
    attempted_at: string | null;
  };
  /** The last event of the journal that was considered for each receiver. */
  webhook_positions: { hook: string; seq: number };
  journal: {
    seq: Generated<number>;
    run_id: string | null;
    /** Position among the events of the run. Null for an event without a run, or after the record of the run was deleted. */
    run_seq: number | null;
    principal: string | null;
    at: string;
    type: string;
    data: string;
    /** The workspace (ORGANIZATION/NAME) or the organization that the event concerns. */
    place: ColumnType<string | null, string | null | undefined, string | null>;
    /** JSON: where the request came from that caused the event. Only on a team server. */
    origin: ColumnType<string | null, string | null | undefined, string | null>;
  };
  /** How much of each limited thing a principal or a workspace has used in its newest minute. */
  limit_counts: { subject: string; kind: string; minute: number; amount: number };
}
