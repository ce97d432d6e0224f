/**
 * Adds the position of each event in its run. `seq` is the order of the commits only while one writer at a time inserts. With
 * several writers, a transaction with a lower `seq` can commit after one with a higher `seq`, and a reader that continues
 * after the higher one would never see it. `runs.events` counts the events of a run; its row lock orders the writers.
 */
export const journalOrderMigration = {
  name: 'order of the events of a run',
  statements: [
    `ALTER TABLE journal ADD COLUMN run_seq INTEGER`,
    `UPDATE journal SET run_seq = numbered.run_seq
       FROM (SELECT seq, row_number() OVER (PARTITION BY run_id ORDER BY seq) AS run_seq FROM journal
         WHERE run_id IN (SELECT id FROM runs)) AS numbered
       WHERE numbered.seq = journal.seq`,
    `ALTER TABLE runs ADD COLUMN events INTEGER NOT NULL DEFAULT 0`,
    `UPDATE runs SET events = (SELECT count(*) FROM journal WHERE run_id = runs.id)`,
    `DROP INDEX journal_by_run`,
    `CREATE UNIQUE INDEX journal_by_run ON journal (run_id, run_seq)`,
  ],
} as const;
