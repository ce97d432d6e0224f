// Rows in the database of a team server, for measurements with many users and runs.

/**
 * Adds users with roles in workspaces, and releases to ended runs with their audit events. Returns the users, each with the
 * workspaces that it may change.
 */
export async function fillTeam(database, { users, runs, workspaces }) {
  const at = '2026-11-01T00:00:00.000Z';
  const run = (text, values = []) => database.query(text, values);
  await run(
    `INSERT INTO nf_escrow.users (id, name, administrator, state, created_at)
       SELECT gen_random_uuid(), 'user' || i, 0, 'active', $1 FROM generate_series(1, ${users}) i`,
    [at],
  );
  await run(
    `INSERT INTO nf_escrow.organizations (id, name, created_at)
       SELECT gen_random_uuid(), 'org' || i, $1 FROM generate_series(1, 20) i`,
    [at],
  );
  await run(
    `INSERT INTO nf_escrow.scopes (id, kind, organization, name, visibility, created_at)
       SELECT gen_random_uuid(), 'workspace', 'org' || (i % 20 + 1), 'w' || i,
         CASE WHEN i % 3 = 0 THEN 'shared' ELSE 'private' END, $1 FROM generate_series(1, ${workspaces}) i`,
    [at],
  );
  // Everyone belongs to the organization that is measured and to another one, with a role in ten workspaces there.
  await run(
    `INSERT INTO nf_escrow.organization_members SELECT o.id, u.id, 'member', $1 FROM nf_escrow.users u
       JOIN nf_escrow.organizations o ON o.name IN ('lab', 'org' || ((substr(u.name, 5)::int % 20) + 1))
       WHERE u.administrator = 0`,
    [at],
  );
  await run(
    `INSERT INTO nf_escrow.workspace_members SELECT s.id, u.id, 'maintain', $1 FROM nf_escrow.users u
       JOIN nf_escrow.scopes s ON s.organization = 'org' || ((substr(u.name, 5)::int % 20) + 1)
       WHERE u.administrator = 0`,
    [at],
  );
  await run(
    `INSERT INTO nf_escrow.workspace_members SELECT s.id, u.id, 'maintain', $1 FROM nf_escrow.users u
       CROSS JOIN nf_escrow.scopes s WHERE s.organization = 'lab' AND u.administrator = 0`,
    [at],
  );
  await run(
    `INSERT INTO nf_escrow.releases (id, run_id, principal_id, principal, scope_id, workspace, recipient, secrets, created_at,
         expires_at, state, outcome, leases, epoch, sequence, reported_at, purged_at)
       SELECT gen_random_uuid(), 'r' || lpad(i::text, 8, '0') || substr(md5(i::text), 1, 16), u.id, u.name, s.id,
         s.organization || '/' || s.name, 'age1' || md5(i::text), '[["KEY",1]]', $1, $1, 'purged', 'succeeded', '[]', 1, 4, $1, $1
       FROM generate_series(1, ${runs}) i
       JOIN nf_escrow.users u ON u.name = 'user' || (i % ${users} + 1)
       JOIN nf_escrow.scopes s ON s.name = 'w' || (i % ${workspaces} + 1)`,
    [at],
  );
  await run(
    `INSERT INTO nf_escrow.journal (principal, at, type, data, place, feed_seq)
       SELECT principal, $1, 'secret.released', json_build_object('release', id, 'run', run_id, 'workspace', workspace)::text,
         workspace, (SELECT last FROM nf_escrow.journal_feed) + 1000000 + row_number() OVER () FROM nf_escrow.releases`,
    [at],
  );
  await run(`UPDATE nf_escrow.journal_feed SET last = last + 1000000 + ${runs}`);
  await run('VACUUM ANALYZE');
  const titles = await run(
    `SELECT organization || '/' || name AS title, organization FROM nf_escrow.scopes
       WHERE kind = 'workspace' AND organization <> 'lab' ORDER BY name`,
  );
  const { rows } = await run(
    `SELECT u.id, 'org' || ((substr(u.name, 5)::int % 20) + 1) AS organization FROM nf_escrow.users u
       WHERE administrator = 0 ORDER BY name`,
  );
  const titlesOf = (organization) =>
    titles.rows.filter((one) => one.organization === organization).map(({ title }) => title);
  return rows.map(({ id, organization }) => ({ id, workspaces: titlesOf(organization) }));
}
