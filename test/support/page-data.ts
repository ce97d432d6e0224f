import { join } from 'node:path';
import Database from 'libsql';
import type { Sandbox } from './sandbox.ts';

/** Records purged runs `run_1` to `run_COUNT` in the ledger of a sandbox whose daemon has been started before. Returns their ids. */
export function addRuns(box: Sandbox, count: number): readonly string[] {
  const ids = Array.from({ length: count }, (_, index) => `r2026${String(index + 1).padStart(8, '0')}`);
  inLedger(box, (database) => {
    const insert = database.prepare(
      `INSERT INTO runs (id, state, outcome, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
         run_name, created_at, started_at, ended_at) VALUES (?, 'purged', ?, 'local/main', '/scratch', 'nextflow',
         '["run","nf-core/rnaseq"]', '[]', '{}', '', ?, ?, ?, ?)`,
    );
    for (const [position, id] of ids.entries()) {
      const number = position + 1;
      const at = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
      const outcome = number % 10 === 0 ? 'failed' : 'succeeded';
      insert.run([id, outcome, `run_${String(number)}`, at, at, at]);
    }
  });
  return ids;
}

/** Records tasks of a run, of which every hundredth has failed. */
export function addTasks(box: Sandbox, run: string, count: number): void {
  inLedger(box, (database) => {
    const insert = database.prepare(
      'INSERT INTO tasks (run_id, task_id, name, status, exit, process, duration_ms) VALUES (?, ?, ?, ?, ?, ?, 2100)',
    );
    for (let id = 1; id <= count; id += 1) {
      const [status, exit] = id % 100 === 0 ? ['FAILED', '1'] : ['COMPLETED', '0'];
      insert.run([run, String(id), `ALIGN (${String(id)})`, status, exit, 'ALIGN']);
    }
  });
}

/** Records that a file of a run contains the value of a secret. */
export function addExposure(box: Sandbox, run: string, secret: string): void {
  inLedger(box, (database) => {
    database
      .prepare('INSERT INTO exposures (run_id, secret, path) VALUES (?, ?, ?)')
      .run([run, secret, 'ab/cdef/.command.out']);
  });
}

function inLedger(box: Sandbox, work: (database: Database.Database) => void): void {
  const database = new Database(join(box.state, 'ledger.db'));
  database.exec('BEGIN IMMEDIATE');
  work(database);
  database.exec('COMMIT');
  database.close();
}
