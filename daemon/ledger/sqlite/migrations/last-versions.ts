/**
 * Adds a table with the highest version that each name of a scope ever had. Rows outlive the secret and its workspace, so
 * that no version number is reused. For secrets that an older ledger has already removed, the number comes from the
 * journal, where each event raised the version by at most one.
 */
export const lastVersionsMigration = {
  name: 'highest version of each secret name',
  statements: [
    // Keyed by names instead of ids: a workspace that is created again has another id.
    `CREATE TABLE last_versions (kind TEXT NOT NULL, organization TEXT NOT NULL, scope TEXT NOT NULL,
       name TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (kind, organization, scope, name)) STRICT`,
    `INSERT INTO last_versions
       WITH events (data) AS (
         SELECT data FROM journal WHERE type IN ('secret.set', 'secret.imported') AND json_valid(data)
       ), changed (title, name) AS (
         SELECT data ->> 'scope', data ->> 'name' FROM events
         UNION ALL SELECT data ->> 'scope', each.value FROM events, json_each(data, '$.created') AS each
         UNION ALL SELECT data ->> 'scope', each.value FROM events, json_each(data, '$.replaced') AS each
       ), titles (title, kind, organization, scope) AS (
         SELECT 'user', 'user', '', name FROM scopes WHERE kind = 'user'
         UNION ALL SELECT DISTINCT title, 'workspace', substr(title, 1, instr(title, '/') - 1),
           substr(title, instr(title, '/') + 1) FROM changed WHERE instr(title, '/') > 0
       ), versions (kind, organization, scope, name, version) AS (
         SELECT kind, organization, scope, name, count(*) FROM changed JOIN titles USING (title)
           WHERE typeof(name) = 'text' GROUP BY 1, 2, 3, 4
         UNION ALL SELECT kind, organization, scopes.name, secrets.name, version
           FROM secrets JOIN scopes ON scopes.id = scope_id
         UNION ALL SELECT kind, organization, scopes.name, secret_versions.name, version
           FROM secret_versions JOIN scopes ON scopes.id = scope_id
       )
       SELECT kind, organization, scope, name, max(version) FROM versions GROUP BY 1, 2, 3, 4`,
  ],
} as const;
