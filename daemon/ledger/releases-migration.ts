/** Tables of releases, valid on SQLite and on PostgreSQL. The first three belong to a team server, the last one to a daemon. */
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
] as const;

const INDEXES = [
  // The order of lists, of one workspace and of several.
  `CREATE INDEX releases_by_workspace ON releases (scope_id, created_at, id)`,
  `CREATE INDEX releases_by_time ON releases (created_at, id)`,
  `CREATE INDEX release_pins_by_version ON release_pins (secret_id, version)`,
  `CREATE INDEX release_credentials_by_release ON release_credentials (release_id)`,
] as const;

/** Adds releases of a team server, and the releases that a daemon has received. */
export const releasesMigration = {
  name: 'releases',
  statements: [...TABLES.map((statement) => `${statement} STRICT`), ...INDEXES],
};

/** The statements of the migration for PostgreSQL. */
export const releaseStatements: readonly string[] = [...TABLES, ...INDEXES];
