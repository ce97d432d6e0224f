/** Adds the table of requests that their clients may repeat. */
export const idempotencyMigration = {
  name: 'idempotency keys',
  statements: [
    `CREATE TABLE idempotency_keys (principal TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL,
       fingerprint TEXT NOT NULL, reply TEXT NOT NULL, created_at TEXT NOT NULL,
       PRIMARY KEY (principal, route, key)) STRICT`,
    `CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at)`,
  ],
} as const;
