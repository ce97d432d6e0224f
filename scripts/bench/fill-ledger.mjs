// Rows in the ledger of a running daemon, for measurements of long lists.
import { join } from 'node:path';
import Database from 'libsql';

/** Id of the run with many tasks. */
export const BIG_RUN = 'r20261101bigrun';

/** Adds ended runs, and one run with tasks, which is the newest. */
export function fillLedger(bench, { runs, tasks }) {
  const database = new Database(join(bench.home, 'state', 'ledger.db'), { timeout: 10_000 });
  const numbers = (count) =>
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const columns =
    'id, state, outcome, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline, run_name, created_at';
  database.exec('BEGIN');
  database.exec(`${numbers(runs)} INSERT INTO runs (${columns})
    SELECT 'r2026' || printf('%06d', i) || lower(hex(randomblob(7))), 'purged',
      CASE WHEN i % 5000 = 0 THEN 'lost' WHEN i % 50 = 0 THEN 'failed' ELSE 'succeeded' END, 'lab/w' || (i % 20),
      '/scratch/projects/lab/analysis/' || i, '/usr/bin/nextflow',
      '["run","nf-core/rnaseq","-profile","cluster","--input","samples_' || i || '.csv"]', '[]', '{}', '',
      'happy_' || lower(hex(randomblob(4))), strftime('%Y-%m-%dT%H:%M:%fZ', 1793491200 + i * 24, 'unixepoch') FROM n`);
  database.exec(`INSERT INTO leases (id, run_id, store, target, state, created_at, expires_at, gone_at, attempts)
    SELECT 'lease ' || id, id, 'run-directory', '/scratch/runs/' || id, 'gone', created_at, created_at, created_at, 1
    FROM runs WHERE launch_directory LIKE '/scratch/projects/%'`);
  database.exec(`INSERT INTO runs (${columns}) VALUES ('${BIG_RUN}', 'purged', 'succeeded', 'lab/w1', '/scratch', '/n', '[]', '[]', '{}',
    '', 'big', '2026-11-29T00:00:00.000Z')`);
  database.exec(`${numbers(tasks)} INSERT INTO tasks (run_id, task_id, hash, native_id, name, status, exit, process, attempt)
    SELECT '${BIG_RUN}', i, printf('%02x/%06x', i % 256, i), i, 'ALIGN (' || i || ')',
      CASE WHEN i % 1000 = 0 THEN 'FAILED' ELSE 'COMPLETED' END, '0',
      CASE WHEN i % 10000 = 0 THEN 'RARE' ELSE 'NFCORE_RNASEQ:RNASEQ:ALIGN' END, 1 FROM n`);
  database.exec('COMMIT');
  database.close();
}
