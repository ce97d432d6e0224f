import { sealedValuesMigration } from './erasure/sealed-values.ts';
import { lastVersionsMigration } from './last-versions.ts';

/** One step of the ledger's form. A step that has been released is never changed: the next one mends it. */
interface Migration {
  readonly id: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const NEW_ID = 'lower(hex(randomblob(16)))';
/** As `toISOString` writes it. */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ')`;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'first form',
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
    name: 'organizations, workspaces, compute environments, and who did what',
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
      // What the object lies in, told so that a directory of the same name is not taken for it.
      `ALTER TABLE leases ADD COLUMN anchor TEXT`,
      // By their place in the trace: who adopts a run reads its trace from the start again.
      `DROP TABLE quarantine`,
      `CREATE TABLE quarantine (run_id TEXT NOT NULL REFERENCES runs (id), row INTEGER NOT NULL,
         reason TEXT NOT NULL, PRIMARY KEY (run_id, row)) STRICT`,
      // Events of no run, and who caused them: SQLite cannot take NOT NULL from a column, so the table is made anew.
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
    // A JSON object: what a platform wants to know beyond what all have.
    statements: [`ALTER TABLE compute_environments ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'`],
  },
  {
    id: 4,
    name: 'what the plugin tells of tasks',
    statements: [
      `ALTER TABLE tasks ADD COLUMN process TEXT`,
      `ALTER TABLE tasks ADD COLUMN attempt INTEGER`,
      // JSON arrays of names: what a task was given, and what of it the pipeline wrote into the task's own files.
      `ALTER TABLE tasks ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]'`,
      `ALTER TABLE tasks ADD COLUMN exposed TEXT NOT NULL DEFAULT '[]'`,
      `ALTER TABLE secrets ADD COLUMN last_used_process TEXT`,
    ],
  },
  {
    id: 5,
    name: 'requests that were sent and not answered',
    statements: [`ALTER TABLE leases ADD COLUMN sent_at TEXT`],
  },
  {
    id: 6,
    name: 'jobs of schedulers',
    statements: [
      // The job that the head is, or is started in: JSON.
      `ALTER TABLE runs ADD COLUMN job TEXT`,
      // What the head has submitted, as its log tells. `state`: submitted, completed, orphaned, gone.
      `CREATE TABLE grid_jobs (run_id TEXT NOT NULL REFERENCES runs (id), executor TEXT NOT NULL, job_id TEXT NOT NULL,
         name TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (run_id, job_id)) STRICT`,
    ],
  },
  {
    id: 7,
    name: "the field's terms",
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
    name: 'files in which values of secrets were found',
    statements: [
      // Relative to the run's work directory where it is below that; without task and process: a file of the run.
      `CREATE TABLE exposures (run_id TEXT NOT NULL REFERENCES runs (id), secret TEXT NOT NULL, path TEXT NOT NULL,
         task_id TEXT, process TEXT, PRIMARY KEY (run_id, secret, path)) STRICT`,
      // Of earlier runs only the task is known: its directory begins with its hash.
      `INSERT OR IGNORE INTO exposures SELECT run_id, found.value, coalesce(hash, task_id), task_id, process
         FROM tasks, json_each(tasks.exposed) AS found`,
      `ALTER TABLE tasks DROP COLUMN exposed`,
      // JSON: how the run's files were searched; NULL while they were not.
      `ALTER TABLE runs ADD COLUMN search TEXT`,
      `ALTER TABLE runs ADD COLUMN work_directory TEXT`,
    ],
  },
];
