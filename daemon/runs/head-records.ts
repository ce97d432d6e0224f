import { join } from 'node:path';
import type { Process } from '../contract/types.ts';
import { Tail } from '../host/tail.ts';
import { findLog, readLogLine, type LogFacts } from '../nextflow/log.ts';
import { TraceReader } from '../nextflow/trace.ts';
import type { Engine } from './engine.ts';
import type { RunRow } from './queries.ts';

/**
 * Reads what a head writes of itself, its log and (where the user has one) its trace, into the ledger. They lie where
 * the user and the pipeline say, so anything may stand there: what cannot be read tells nothing, and must not keep the
 * watch from seeing the run's end.
 */
export class HeadRecords {
  readonly facts: LogFacts = {};
  readonly #engine: Engine;
  readonly #run: RunRow;
  readonly #traceReader = new TraceReader();
  #log: Tail | undefined;
  #trace: Tail | undefined;
  #written = '';

  constructor(engine: Engine, run: RunRow) {
    this.#engine = engine;
    this.#run = run;
  }

  /** Takes in what is new. Without the head's process there is nothing to tell its log by. */
  async read(head: Process | undefined): Promise<void> {
    this.#log ??= this.#openLog(head);
    for (const line of linesOf(this.#log)) readLogLine(this.facts, line);
    await this.#writeFacts();
    this.#trace ??= open(this.facts.traceFile);
    for (const line of linesOf(this.#trace)) await this.#writeTraceLine(line);
  }

  close(): void {
    this.#log?.close();
    this.#trace?.close();
    this.#log = this.#trace = undefined;
  }

  #openLog(head: Process | undefined): Tail | undefined {
    if (head === undefined) return undefined;
    const { launch_directory, log_expected, created_at } = this.#run;
    const newest = log_expected ?? join(launch_directory, '.nextflow.log');
    try {
      return open(findLog(newest, head.pid, Date.parse(created_at)));
    } catch {
      return undefined; // its directory is gone, or closed to us
    }
  }

  async #writeFacts(): Promise<void> {
    const { runName, sessionId, traceFile } = this.facts;
    const row = {
      run_name: runName ?? null,
      session_id: sessionId ?? null,
      trace_file: traceFile ?? null,
      log_file: this.#log?.path ?? null,
    };
    const text = JSON.stringify(row);
    if (text === this.#written || this.#log === undefined) return;
    await this.#engine.ledger.write((db) =>
      db.updateTable('runs').set(row).where('id', '=', this.#run.id).execute(),
    );
    this.#written = text;
  }

  async #writeTraceLine(line: string): Promise<void> {
    const row = this.#traceReader.read(line);
    if (row === undefined) return;
    await this.#engine.ledger.write(async (db) => {
      if ('task' in row) {
        const { taskId, nativeId, ...rest } = row.task;
        const values = { run_id: this.#run.id, task_id: taskId, native_id: nativeId, ...rest };
        await db
          .insertInto('tasks')
          .values(values)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      } else {
        await db
          .insertInto('quarantine')
          .values({ run_id: this.#run.id, row: row.quarantined, reason: row.reason })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    });
  }
}

function open(path: string | undefined): Tail | undefined {
  if (path === undefined) return undefined;
  try {
    return new Tail(path);
  } catch {
    return undefined; // not there yet, no plain file, or closed to us
  }
}

function linesOf(tail: Tail | undefined): string[] {
  try {
    return tail?.read() ?? [];
  } catch {
    return []; // a file server that is away: the next look tries again
  }
}
