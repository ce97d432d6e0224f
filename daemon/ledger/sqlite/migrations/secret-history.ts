/**
 * Adds a table of the principals who set each version of a secret and who removed the secret. Rows have no reference to the
 * secret, because the history is kept when it is removed. For existing secrets, the principals come from the journal, except
 * for imported secrets.
 */
export const secretHistoryMigration = {
  name: 'versions of secrets',
  statements: [
    `CREATE TABLE secret_history (scope_id TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, set_at TEXT NOT NULL,
       set_by TEXT, removed_at TEXT, removed_by TEXT, PRIMARY KEY (scope_id, name, version)) STRICT`,
    `INSERT INTO secret_history (scope_id, name, version, set_at, set_by)
       WITH events (at, principal, data) AS (
         SELECT at, principal, iif(json_valid(data), data, '{}') FROM journal WHERE type = 'secret.set'
       )
       SELECT scopes.id, data ->> 'name', data ->> 'version', max(at), principal FROM events
         JOIN scopes ON data ->> 'scope' = iif(kind = 'user', 'user', organization || '/' || scopes.name)
         JOIN secrets ON secrets.scope_id = scopes.id AND secrets.name = data ->> 'name'
         WHERE typeof(data ->> 'version') = 'integer' AND at >= secrets.created_at
         GROUP BY 1, 2, 3`,
    `INSERT OR IGNORE INTO secret_history (scope_id, name, version, set_at)
       SELECT scope_id, name, version, updated_at FROM secrets`,
  ],
} as const;
