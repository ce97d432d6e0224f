/** Tables of invitations and sign-in on a team server, valid on SQLite and on PostgreSQL. Every `hash` is SHA-256 in base64url. */
const TABLES = [
  // `user_id` is an existing account to which the identity of the invited person is added. `invited_by_id` is NULL for an operator.
  `CREATE TABLE invitations (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, email TEXT NOT NULL, user_name TEXT,
     user_id TEXT REFERENCES users (id), administrator INTEGER NOT NULL, organization_id TEXT REFERENCES organizations (id),
     role TEXT, invited_by TEXT NOT NULL, invited_by_id TEXT, created_at TEXT NOT NULL, expires_at TEXT NOT NULL)`,
  // The person that an identity provider knows. An address is an attribute, and never identifies a user.
  `CREATE TABLE user_identities (issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id),
     linked_at TEXT NOT NULL, PRIMARY KEY (issuer, subject))`,
  // `user_id` is NULL for a person whom a provider has identified and who has no account yet. `email` is verified.
  // `authenticated_at` is when the person last proved who they are; NULL if that is not known.
  `CREATE TABLE user_sessions (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, user_id TEXT REFERENCES users (id), issuer TEXT,
     subject TEXT, email TEXT, method TEXT NOT NULL, created_at TEXT NOT NULL, authenticated_at TEXT, last_used_at TEXT NOT NULL,
     expires_at TEXT NOT NULL, address TEXT)`,
  `CREATE TABLE sign_in_links (hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), created_at TEXT NOT NULL,
     expires_at TEXT NOT NULL)`,
  // `lookup` is the first half of the code that the user types, and `code_hash` is a hash of the whole code.
  `CREATE TABLE device_logins (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, lookup TEXT NOT NULL UNIQUE,
     code_hash TEXT NOT NULL, address TEXT, host_name TEXT NOT NULL, scopes TEXT NOT NULL, state TEXT NOT NULL,
     wrong_codes INTEGER NOT NULL, interval_seconds INTEGER NOT NULL, polled_at TEXT, user_id TEXT REFERENCES users (id),
     created_at TEXT NOT NULL, expires_at TEXT NOT NULL)`,
] as const;

const CHANGES = [
  `CREATE INDEX user_sessions_by_user ON user_sessions (user_id)`,
  `CREATE INDEX user_identities_by_user ON user_identities (user_id)`,
] as const;

/** Adds invitations, identities, sessions, sign-in links and logins of devices. */
export const peopleMigration = {
  name: 'invitations and sign-in',
  statements: [...TABLES.map((statement) => `${statement} STRICT`), ...CHANGES],
};

/** The statements of the migration for PostgreSQL. */
export const peopleStatements: readonly string[] = [...TABLES, ...CHANGES];
