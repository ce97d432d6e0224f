/** Appends STRICT, which only SQLite knows: https://sqlite.org/stricttables.html */
function strict(statement: string): string {
  return `${statement} STRICT`;
}

/** Tables of the principals of a team server. The statements are valid on SQLite and on PostgreSQL. */
const TABLES = [
  `CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, email TEXT, administrator INTEGER NOT NULL,
     state TEXT NOT NULL, created_at TEXT NOT NULL)`,
  `CREATE TABLE service_accounts (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations (id),
     name TEXT NOT NULL, created_at TEXT NOT NULL, created_by TEXT NOT NULL, UNIQUE (organization_id, name))`,
  `CREATE TABLE organization_members (organization_id TEXT NOT NULL REFERENCES organizations (id),
     user_id TEXT NOT NULL REFERENCES users (id), role TEXT NOT NULL, added_at TEXT NOT NULL,
     PRIMARY KEY (organization_id, user_id))`,
  // `member_id` is the id of a user or of a service account. Both are UUIDs, so that none is the id of the other kind.
  `CREATE TABLE workspace_members (scope_id TEXT NOT NULL REFERENCES scopes (id), member_id TEXT NOT NULL,
     role TEXT NOT NULL, added_at TEXT NOT NULL, PRIMARY KEY (scope_id, member_id))`,
  // `hash` is SHA-256 in base64url, `scopes` and `addresses` are JSON arrays. `scope_id` is the only workspace of the token.
  `CREATE TABLE tokens (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, user_id TEXT REFERENCES users (id),
     service_account_id TEXT REFERENCES service_accounts (id), scopes TEXT NOT NULL, scope_id TEXT,
     addresses TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NOT NULL, revoked_at TEXT, last_used_at TEXT,
     last_used_from TEXT)`,
  // Names that were removed from a server. `organization` is '' for the name of an organization.
  `CREATE TABLE reserved_names (organization TEXT NOT NULL, name TEXT NOT NULL, reserved_at TEXT NOT NULL,
     PRIMARY KEY (organization, name))`,
] as const;

/** The other statements, which both databases accept as they are. */
const CHANGES = [
  `CREATE INDEX organization_members_by_user ON organization_members (user_id)`,
  `CREATE INDEX workspace_members_by_member ON workspace_members (member_id)`,
  `CREATE INDEX tokens_by_user ON tokens (user_id)`,
  `CREATE INDEX tokens_by_service_account ON tokens (service_account_id)`,
  // The person of a personal workspace; NULL on a daemon.
  `ALTER TABLE scopes ADD COLUMN person_id TEXT`,
  // The id of the principal who launched the run; NULL on a daemon.
  `ALTER TABLE runs ADD COLUMN launched_by TEXT`,
  // Which workspace (ORGANIZATION/NAME) or organization an event concerns; NULL: none.
  `ALTER TABLE journal ADD COLUMN place TEXT`,
  `CREATE INDEX journal_by_place ON journal (place, seq) WHERE principal IS NOT NULL`,
] as const;

/** Adds users, service accounts, members, tokens and reserved names. */
export const principalsMigration = {
  name: 'users, service accounts, members and tokens',
  statements: [...TABLES.map(strict), ...CHANGES],
};

/** The statements of the migration for PostgreSQL. */
export const principalStatements: readonly string[] = [...TABLES, ...CHANGES];
