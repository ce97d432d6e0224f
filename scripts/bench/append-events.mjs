// Events in the journal of a running daemon.
const SECRET = '/v1/workspaces/local/main/secrets/EVENTS_KEY';

/** Adds an event to the run of each id in one transaction, as the daemon would. An id can occur several times. */
export async function appendEvents(bench, database, ids) {
  database.exec('BEGIN IMMEDIATE');
  const count = database.prepare('UPDATE runs SET events = events + 1 WHERE id = ? RETURNING events');
  const insert = database.prepare(
    `INSERT INTO journal (run_id, run_seq, at, type, data) VALUES (?, ?, '2026-01-01T00:00:00.000Z', 'run.benchmarked', '{}')`,
  );
  for (const id of ids) insert.run(id, count.get(id).events);
  database.exec('COMMIT');
  // Only commits of the daemon itself wake its listeners.
  await bench.call('PUT', SECRET, JSON.stringify({ value: `value ${performance.now()}` }));
}
