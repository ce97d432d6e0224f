/** Tables of releases, valid on SQLite and on PostgreSQL. `received_releases` belongs to a daemon, the others to a team server. */
const TABLES = [
  // `secrets` and `leases` are JSON. `principal_id` is the id of the principal, also after its account was removed.
  `CREATE TABLE releases (id TEXT PRIMARY KEY, run_id TEXT NOT NULL, principal_id TEXT NOT NULL, principal TEXT NOT NULL,
     scope_id TEXT NOT NULL, workspace TEXT NOT NULL, recipient TEXT NOT NULL, secrets TEXT NOT NULL, created_at TEXT NOT NULL,
     expires_at TEXT NOT NULL, state TEXT NOT NULL, outcome TEXT, leases TEXT NOT NULL, epoch INTEGER NOT NULL,
     sequence INTEGER NOT NULL, reported_at TEXT, purged_at TEXT, UNIQUE (principal_id, run_id))`,
  // Versions that a repeated request gets. They are kept until the values have arrived, or the release expires.
  `CREATE TABLE release_pins (release_id TEXT NOT NULL REFERENCES releases (id), secret_id TEXT NOT NULL,
     version INTEGER NOT NULL, PRIMARY KEY (release_id, secret_id))`,
  // SHA-256 in base64url. A repeated request gets another credential, because the response with the first may be lost.
  `CREATE TABLE release_credentials (hash TEXT PRIMARY KEY, release_id TEXT NOT NULL REFERENCES releases (id))`,
  // `report` is the newest one, as JSON. It was delivered if `delivered` is its sequence number.
  `CREATE TABLE received_releases (run_id TEXT PRIMARY KEY, release_id TEXT NOT NULL, server TEXT NOT NULL,
     ca_file TEXT, credential TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, delivered INTEGER NOT NULL, report TEXT,
     created_at TEXT NOT NULL)`,
  // The amount of the newest minute (minutes since 1970) of a principal or a workspace.
  `CREATE TABLE limit_counts (subject TEXT NOT NULL, kind TEXT NOT NULL, minute INTEGER NOT NULL, amount INTEGER NOT NULL,
     PRIMARY KEY (subject, kind))`,
] as const;

const CHANGES = [
  // JSON: where the request came from that caused the event. Only on a team server.
  `ALTER TABLE journal ADD COLUMN origin TEXT`,

  // The order of lists, of one workspace and of several.
  `CREATE INDEX releases_by_workspace ON releases (scope_id, created_at, id)`,
  `CREATE INDEX releases_by_time ON releases (created_at, id)`,
  `CREATE INDEX release_pins_by_version ON release_pins (secret_id, version)`,
  `CREATE INDEX release_credentials_by_release ON release_credentials (release_id)`,
] as const;

/** Adds releases of a team server, its limits, origins of its events, and the releases that a daemon has received. */
export const releasesMigration = {
  name: 'releases',
  statements: [...TABLES.map((statement) => `${statement} STRICT`), ...CHANGES],
};

/** The statements of the migration for PostgreSQL. */
export const releaseStatements: readonly string[] = [...TABLES, ...CHANGES];
