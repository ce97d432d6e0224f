/** Tables of deliveries by a team server, valid on SQLite and on PostgreSQL. */
const TABLES = [
  // `settings` is JSON. `own_resource` is what no other workspace may use, such as a role.
  `CREATE TABLE server_environments (id TEXT PRIMARY KEY, scope_id TEXT NOT NULL REFERENCES scopes (id), name TEXT NOT NULL,
     platform TEXT NOT NULL, settings TEXT NOT NULL, own_resource TEXT NOT NULL, created_by TEXT NOT NULL,
     created_at TEXT NOT NULL, UNIQUE (scope_id, name))`,
  // `id` is that of the release. A replica that finds `next_at` in the past does what `state` requires. `reply` is what a repeated
  // request gets. `missed_seconds`: time without any replica, as counted when `expires_at` was set.
  `CREATE TABLE deliveries (id TEXT PRIMARY KEY REFERENCES releases (id), scope_id TEXT NOT NULL, environment_id TEXT NOT NULL,
     environment TEXT NOT NULL, state TEXT NOT NULL, reply TEXT, expires_at TEXT NOT NULL,
     missed_seconds INTEGER NOT NULL, next_at TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, end_reason TEXT, last_error TEXT,
     last_error_code TEXT, removed_at TEXT)`,
  `CREATE TABLE delivery_leases (id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL REFERENCES deliveries (id), store TEXT NOT NULL,
     target TEXT NOT NULL, locator TEXT, sent_at TEXT, state TEXT NOT NULL, created_at TEXT NOT NULL, placed_at TEXT,
     gone_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT, check_result TEXT)`,
] as const;

const INDEXES = [
  `CREATE INDEX server_environments_by_resource ON server_environments (own_resource)`,
  `CREATE INDEX deliveries_by_time ON deliveries (next_at) WHERE state <> 'removed'`,
  `CREATE INDEX deliveries_by_environment ON deliveries (environment_id)`,
  `CREATE INDEX delivery_leases_by_delivery ON delivery_leases (delivery_id)`,
] as const;

/** Adds compute environments of a team server, and what the server delivers to them. */
export const deliveriesMigration = {
  name: 'deliveries of a team server',
  statements: [...TABLES.map((statement) => `${statement} STRICT`), ...INDEXES],
};

/** The statements of the migration for PostgreSQL. Replicas claim deliveries. */
export const deliveryStatements = (claimColumns: string): readonly string[] => [
  ...TABLES,
  `ALTER TABLE deliveries ADD COLUMN ${claimColumns.replaceAll(', ', ', ADD COLUMN ')}`,
  ...INDEXES,
];
