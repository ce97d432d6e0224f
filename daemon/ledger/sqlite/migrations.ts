import { sealedValuesMigration } from './erasure/sealed-values.ts';
import { idempotencyMigration } from './migrations/idempotency.ts';
import { journalOrderMigration } from './migrations/journal-order.ts';
import { lastVersionsMigration } from './migrations/last-versions.ts';
import { listingMigration } from './migrations/listing.ts';
import { numericIdsMigration } from './migrations/numeric-ids.ts';
import { secretHistoryMigration } from './migrations/secret-history.ts';
import { deliveriesMigration } from '../deliveries-migration.ts';
import { peopleMigration } from '../people-migration.ts';
import { principalsMigration } from '../principals-migration.ts';
import { releasesMigration } from '../releases-migration.ts';

/** One schema migration. A released migration is never changed; a later one corrects it. */
interface Migration {
  readonly id: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const NEW_ID = 'lower(hex(randomblob(16)))';
/** The current time in the format of `Date.toISOString`. */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ')`;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'first schema',
    statements: [
      `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
      `CREATE TABLE scopes (id TEXT PRIMARY KEY, kind TEXT NOT NULL, organization TEXT NOT NULL, name TEXT NOT NULL,
         created_at TEXT NOT NULL, UNIQUE (kind, organization, name)) STRICT`,
      `CREATE TABLE secrets (id TEXT PRIMARY KEY, scope_id TEXT NOT NULL REFERENCES scopes (id), name TEXT NOT NULL,
         version INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_used_at TEXT,
         last_used_by TEXT, UNIQUE (scope_id, name)) STRICT`,
      // No reference to secrets: a version that a run has pinned outlives its secret.
      `CREATE TABLE secret_versions (secret_id TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL,
         scope_id TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (secret_id, version)) STRICT`,
      `CREATE TABLE runs (id TEXT PRIMARY KEY, state TEXT NOT NULL, outcome TEXT, outcome_evidence TEXT,
         exit_status INTEGER, workspace TEXT NOT NULL, launch_directory TEXT NOT NULL, nextflow TEXT NOT NULL,
         arguments TEXT NOT NULL, plan TEXT NOT NULL, launcher TEXT NOT NULL, launch_deadline TEXT NOT NULL,
         process TEXT, run_name TEXT, session_id TEXT, log_file TEXT, trace_file TEXT,
         cancel_requested INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, started_at TEXT, ended_at TEXT,
         purged_at TEXT) STRICT`,
      `CREATE INDEX runs_by_state ON runs (state)`,
      `CREATE TABLE pins (run_id TEXT NOT NULL REFERENCES runs (id), secret_id TEXT NOT NULL,
         version INTEGER NOT NULL, PRIMARY KEY (run_id, secret_id)) STRICT`,
      `CREATE INDEX pins_by_version ON pins (secret_id, version)`,
      `CREATE TABLE leases (id TEXT PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id), store TEXT NOT NULL,
         target TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL, placed_at TEXT,
         expires_at TEXT NOT NULL, gone_at TEXT, tries INTEGER NOT NULL DEFAULT 0, last_error TEXT,
         check_result TEXT) STRICT`,
      `CREATE INDEX leases_by_run ON leases (run_id)`,
      `CREATE INDEX leases_by_state ON leases (state)`,
      `CREATE TABLE tasks (run_id TEXT NOT NULL REFERENCES runs (id), task_id TEXT NOT NULL, hash TEXT,
         native_id TEXT, name TEXT, status TEXT, exit TEXT, PRIMARY KEY (run_id, task_id)) STRICT`,
      `CREATE TABLE quarantine (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id),
         line TEXT NOT NULL, reason TEXT NOT NULL) STRICT`,
      `CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES runs (id),
         at TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL) STRICT`,
      `CREATE INDEX journal_by_run ON journal (run_id, seq)`,
    ],
  },
  {
    id: 2,
    name: 'organizations, workspaces, compute environments, principals in the journal',
    statements: [
      `CREATE TABLE organizations (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL) STRICT`,
      `INSERT INTO organizations VALUES (${NEW_ID}, 'local', ${NOW})`,
      // 'private' and 'shared' for workspaces with secrets, 'personal' for those without; NULL for a user's own scope.
      `ALTER TABLE scopes ADD COLUMN visibility TEXT`,
      `INSERT INTO scopes (id, kind, organization, name, created_at)
         VALUES (${NEW_ID}, 'workspace', 'local', 'main', ${NOW}) ON CONFLICT DO NOTHING`,
      `UPDATE scopes SET visibility = 'private' WHERE kind = 'workspace'`,
      `CREATE TABLE compute_environments (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, platform TEXT NOT NULL,
         runs_directory TEXT, is_default INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT`,
      `CREATE UNIQUE INDEX one_default_compute_environment ON compute_environments (is_default) WHERE is_default = 1`,
      `INSERT INTO compute_environments VALUES (${NEW_ID}, 'local', 'hpc', NULL, 1, ${NOW}, ${NOW})`,
      `ALTER TABLE runs ADD COLUMN compute_environment TEXT NOT NULL DEFAULT 'local'`,
      `ALTER TABLE runs ADD COLUMN log_expected TEXT`,
      `ALTER TABLE runs ADD COLUMN output_file TEXT`,
      // Identifies the directory that contains the object, so that another directory of the same name does not match.
      `ALTER TABLE leases ADD COLUMN anchor TEXT`,
      // Keyed by the row in the trace, because a daemon that adopts a run reads the trace from the start again.
      `DROP TABLE quarantine`,
      `CREATE TABLE quarantine (run_id TEXT NOT NULL REFERENCES runs (id), row INTEGER NOT NULL,
         reason TEXT NOT NULL, PRIMARY KEY (run_id, row)) STRICT`,
      // Events without a run, and their principal. SQLite cannot drop NOT NULL from a column, so the table is recreated.
      `CREATE TABLE journal_2 (seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, principal TEXT, at TEXT NOT NULL,
         type TEXT NOT NULL, data TEXT NOT NULL) STRICT`,
      `INSERT INTO journal_2 SELECT seq, run_id, NULL, at, type, data FROM journal`,
      `DROP TABLE journal`,
      `ALTER TABLE journal_2 RENAME TO journal`,
      `CREATE INDEX journal_by_run ON journal (run_id, seq)`,
      `CREATE INDEX journal_by_principal ON journal (seq) WHERE principal IS NOT NULL`,
    ],
  },
  {
    id: 3,
    name: 'settings of compute environments',
    // A JSON object with the settings that only this platform has.
    statements: [`ALTER TABLE compute_environments ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'`],
  },
  {
    id: 4,
    name: 'task details from the plugin',
    statements: [
      `ALTER TABLE tasks ADD COLUMN process TEXT`,
      `ALTER TABLE tasks ADD COLUMN attempt INTEGER`,
      // JSON arrays of secret names: those that a task received, and those found in the task's files.
      `ALTER TABLE tasks ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]'`,
      `ALTER TABLE tasks ADD COLUMN exposed TEXT NOT NULL DEFAULT '[]'`,
      `ALTER TABLE secrets ADD COLUMN last_used_process TEXT`,
    ],
  },
  {
    id: 5,
    name: 'send time of unanswered requests',
    statements: [`ALTER TABLE leases ADD COLUMN sent_at TEXT`],
  },
  {
    id: 6,
    name: 'scheduler jobs',
    statements: [
      // JSON: the job that is the head, or that contains it.
      `ALTER TABLE runs ADD COLUMN job TEXT`,
      // Jobs that the head submitted, according to its log. `state`: submitted, completed, orphaned, gone.
      `CREATE TABLE grid_jobs (run_id TEXT NOT NULL REFERENCES runs (id), executor TEXT NOT NULL, job_id TEXT NOT NULL,
         name TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (run_id, job_id)) STRICT`,
    ],
  },
  {
    id: 7,
    name: 'standard terms for columns and events',
    statements: [
      `ALTER TABLE leases RENAME COLUMN anchor TO locator`,
      `ALTER TABLE leases RENAME COLUMN tries TO attempts`,
      `ALTER TABLE runs RENAME COLUMN job TO head_job`,
      `ALTER TABLE grid_jobs RENAME TO task_jobs`,
      `ALTER TABLE quarantine RENAME TO trace_errors`,
      `UPDATE leases SET store = 'run-directory' WHERE store = 'nextflow-store'`,
      ...[
        ['run.jobs-left', 'run.jobs-orphaned'],
        ['run.jobs-cancelled', 'run.orphaned-jobs-cancelled'],
        ['run.job', 'run.head-job'],
        ['lease.removed-again', 'lease.reappeared-removed'],
      ].map(
        ([before, after]) => `UPDATE journal SET type = '${String(after)}' WHERE type = '${String(before)}'`,
      ),
    ],
  },
  { id: 8, ...lastVersionsMigration },
  { id: 9, ...sealedValuesMigration },
  {
    id: 10,
    name: 'files in which secret values were found',
    statements: [
      // `path` is relative to the run's work directory if the file is inside it. Files of the run have no task or process.
      `CREATE TABLE exposures (run_id TEXT NOT NULL REFERENCES runs (id), secret TEXT NOT NULL, path TEXT NOT NULL,
         task_id TEXT, process TEXT, PRIMARY KEY (run_id, secret, path)) STRICT`,
      // Earlier runs recorded only the task, whose directory starts with its hash.
      `INSERT OR IGNORE INTO exposures SELECT run_id, found.value, coalesce(hash, task_id), task_id, process
         FROM tasks, json_each(tasks.exposed) AS found`,
      `ALTER TABLE tasks DROP COLUMN exposed`,
      // JSON: how the run's files were searched; NULL before the search.
      `ALTER TABLE runs ADD COLUMN search TEXT`,
      `ALTER TABLE runs ADD COLUMN work_directory TEXT`,
    ],
  },
  {
    id: 11,
    name: 'what a store knows of the objects it placed',
    // Of a run directory: its identity, that of each file with values, and the results of the removal.
    statements: [`ALTER TABLE leases ADD COLUMN record TEXT`],
  },
  {
    id: 12,
    name: 'where jobs of tasks come from',
    statements: [
      // Of its task. What the scheduler reports about the job has to match it before the job is cancelled.
      `ALTER TABLE task_jobs ADD COLUMN work_directory TEXT`,
      // 'log' or 'events'. State 'unconfirmed': only the log says that it ended.
      `ALTER TABLE task_jobs ADD COLUMN source TEXT NOT NULL DEFAULT 'log'`,
      // Why it was not cancelled when that was requested.
      `ALTER TABLE task_jobs ADD COLUMN refusal TEXT`,
      // According to arguments, environment and configuration of the launch.
      `ALTER TABLE runs ADD COLUMN work_expected TEXT`,
    ],
  },
  {
    id: 13,
    name: 'how exit files are recognized',
    statements: [`ALTER TABLE runs ADD COLUMN exit_digest TEXT`],
  },
  {
    id: 14,
    name: 'codes of failed removals',
    statements: [`ALTER TABLE leases ADD COLUMN last_error_code TEXT`],
  },
  {
    id: 15,
    name: 'how logs are recognized after their rotation',
    statements: [`ALTER TABLE runs ADD COLUMN log_fingerprint TEXT`],
  },
  { id: 16, ...listingMigration },
  { id: 17, ...idempotencyMigration },
  {
    id: 18,
    name: 'encodings of exposed values, and where values are in files that are shown',
    statements: [
      `ALTER TABLE exposures ADD COLUMN encodings TEXT NOT NULL DEFAULT '["plain"]'`,
      `CREATE TABLE masked_files (run_id TEXT NOT NULL REFERENCES runs (id), device TEXT NOT NULL, inode TEXT NOT NULL,
         size INTEGER NOT NULL, mtime_ms REAL NOT NULL, ranges TEXT NOT NULL, PRIMARY KEY (run_id, device, inode)) STRICT`,
    ],
  },
  { id: 19, ...numericIdsMigration },
  {
    id: 20,
    name: 'webhooks',
    statements: [
      `CREATE TABLE webhook_deliveries (id TEXT PRIMARY KEY, hook TEXT NOT NULL, type TEXT NOT NULL, run_id TEXT NOT NULL,
         body TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL, attempts INTEGER NOT NULL, attempted_at TEXT,
         UNIQUE (hook, type, run_id)) STRICT`,
      `CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (state, hook, attempted_at)`,
      `CREATE TABLE webhook_positions (hook TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT`,
    ],
  },
  { id: 21, ...journalOrderMigration },
  {
    id: 22,
    name: 'uses of secrets',
    statements: [
      // No reference to the secret: its uses are kept when it is removed. `process` is '' for the delivery to the run.
      `CREATE TABLE secret_uses (run_id TEXT NOT NULL REFERENCES runs (id), scope_id TEXT NOT NULL, name TEXT NOT NULL,
         version INTEGER NOT NULL, process TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL,
         PRIMARY KEY (run_id, scope_id, name, process)) STRICT`,
      `CREATE INDEX secret_uses_by_secret ON secret_uses (scope_id, name, run_id)`,
    ],
  },
  { id: 23, ...secretHistoryMigration },
  { id: 24, ...principalsMigration },
  {
    id: 25,
    name: 'counts of tasks by process and status',
    statements: [`CREATE INDEX tasks_by_process_and_status ON tasks (run_id, process, status)`],
  },
  { id: 26, ...releasesMigration },
  { id: 27, ...peopleMigration },
  { id: 28, ...deliveriesMigration },
];
