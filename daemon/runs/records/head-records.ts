import { join } from 'node:path';
import { pathsNamed } from '../../nextflow/launcher/named-paths.ts';
import type { Process } from '../../contract/types.ts';
import { Tail } from '../../system/files/tail.ts';
import { readEvent, type PluginRunEnd, type RunBegin, type RunEvent } from '../../nextflow/logs/events.ts';
import { readTaskJobEvent, type TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { findLog, readLogLine, type LogFacts } from '../../nextflow/logs/log.ts';
import { TraceReader, type TraceRow } from '../../nextflow/logs/trace.ts';
import { recordJobDefinition } from './job-definition-records.ts';
import { write, type RunDependencies } from '../dependencies.ts';
import { recordTaskJob } from '../purge/orphaned-jobs.ts';
import { ExposureRecords, writeSearch } from './exposure-records.ts';
import type { RunRow } from './queries.ts';
import { taskJobOf, withMaskedName } from './task-job-events.ts';
import { TaskNames } from './task-names.ts';
import { recordSecretUse, recordTraceError, writeTask, writeTracedTask } from './task-records.ts';
import { runFile } from '../../run-directory/layout.ts';
import { isNewer } from '../../nextflow/logs/run-files.ts';

/** A task can make a file that is larger than its disk: so much of one is read in one look, 256 MiB. */
const BATCHES = 16;

/**
 * Reads what a head writes of itself into the ledger: the plugin's events, its log and (where the user has one) its
 * trace. Tasks can reach the first, and the others lie where the user and the pipeline say, so anything may stand there:
 * what cannot be read tells nothing, and must not keep the watch from seeing the run's end. No path is taken from the log or
 * the trace, and of paths that events tell the first counts, which the plugin wrote before any task began.
 */
export class HeadRecords {
  readonly facts: LogFacts = {};
  /** How the plugin saw the run end; undefined where it did not, or there is none. */
  end: PluginRunEnd | undefined;
  readonly #deps: RunDependencies;
  readonly #run: RunRow;
  readonly #directory: string;
  readonly #traceReader = new TraceReader();
  #events: Tail | undefined;
  #eventCount = 0;
  #log: Tail | undefined;
  #trace: Tail | undefined;
  #written = '';
  /** What the plugin told as the run began; also to the daemon before this one. */
  #began: Omit<RunBegin, 'masked'> | undefined;
  readonly #exposures: ExposureRecords;
  readonly #names: TaskNames;
  /** Whether the plugin has masked the names that it tells: it knows no value that is on AWS. */
  #areMasked = false;
  /** What was read and is not in the ledger yet: a write that fails loses none of it. */
  readonly #unwritten: { events: string[]; jobs: TaskJobEvent[]; rows: TraceRow[] } = {
    events: [],
    jobs: [],
    rows: [],
  };

  constructor(deps: RunDependencies, run: RunRow, directory: string) {
    this.#deps = deps;
    this.#run = run;
    this.#directory = directory;
    this.#exposures = new ExposureRecords(run);
    this.#names = new TaskNames(deps, run);
    if (run.work_directory !== null)
      this.#began = {
        name: run.run_name ?? undefined,
        session: run.session_id ?? undefined,
        work: run.work_directory,
        trace: run.trace_file ?? undefined,
      };
  }

  /** Takes in what is new. Without the head's process there is nothing to tell its log by. */
  async read(head: Process | undefined): Promise<void> {
    this.#events ??= open(runFile(this.#directory, 'events'));
    for (const lines of linesOf(this.#events)) await this.#takeEvents(lines);
    this.#log ??= this.#openLog(head);
    for (const lines of linesOf(this.#log)) await this.#takeLog(lines);
    await this.#writeFacts();
    this.#trace ??= this.#openTrace();
    for (const lines of linesOf(this.#trace)) await this.#takeTrace(lines);
  }

  /** Whether it was found; it tells what the head's jobs are. */
  get hasLog(): boolean {
    return this.#log !== undefined;
  }

  /** Files beside the run directory that are read. */
  get files(): string[] {
    return [this.#log?.path, this.#trace?.path].filter((path) => path !== undefined);
  }

  /** As the command line says, else the plugin. */
  get #traceFile(): string | undefined {
    const { arguments: args, launch_directory } = this.#run;
    const named = pathsNamed(['-with-trace'], JSON.parse(args) as string[], launch_directory);
    return named.at(-1) ?? this.#began?.trace;
  }

  close(): void {
    for (const tail of [this.#events, this.#log, this.#trace]) tail?.close();
    this.#events = this.#log = this.#trace = undefined;
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

  /** What was written before the run is an earlier run's, and Nextflow renames it, or fails. */
  #openTrace(): Tail | undefined {
    const path = this.#traceFile;
    if (path === undefined || !isNewer(path, Date.parse(this.#run.created_at))) return undefined;
    return open(path);
  }

  async #takeLog(lines: readonly string[]): Promise<void> {
    for (const line of lines) readLogLine(this.facts, line);
    // Written before the first job is submitted, so they are there by now if they will ever be.
    if ((this.#events ??= open(runFile(this.#directory, 'events'))) !== undefined) return;
    if (this.#began !== undefined) return;
    const { jobs } = this.#unwritten;
    const masked = await this.#names.masker();
    for (const line of lines.map(readTaskJobEvent))
      if (line !== undefined) jobs.push(withMaskedName(line, masked));
    if (jobs.length === 0) return;
    await write(this.#deps, 'records.write', async (db) => {
      for (const job of jobs) await recordTaskJob(db, this.#run.id, job, 'log');
    });
    jobs.length = 0;
  }

  /** All that is new in one transaction: a task more or less must not cost a sync of the disk each. */
  async #takeEvents(lines: readonly string[]): Promise<void> {
    const { events } = this.#unwritten;
    events.push(...lines);
    if (events.length === 0) return;
    const { id } = this.#run;
    const masked = await this.#names.masker();
    await write(this.#deps, 'records.write', async (db) => {
      for (const [index, line] of events.entries()) {
        const number = this.#eventCount + index + 1;
        if (line === '') continue; // it ends what was only half written
        const event = parse(line);
        if (event === 'spoilt') await recordTraceError(db, id, -number, 'no event');
        else if (event === undefined) continue;
        else if ('ended' in event) this.end = event.ended;
        else if ('began' in event) {
          this.#began ??= event.began;
          this.#areMasked ||= event.began.masked;
        } else if ('exposure' in event) await this.#exposures.writeExposure(db, event.exposure);
        else if ('searched' in event) await writeSearch(db, id, event.searched);
        else if ('definition' in event) {
          if (!(await recordJobDefinition(this.#deps, db, id, event.definition)))
            await recordTraceError(db, id, -number, 'a job definition of a run that has no secrets on AWS');
        } else {
          await writeTask(db, id, this.#areMasked ? event.task : withMaskedTask(event.task, masked));
          if (event.task.status === 'SUBMITTED') await recordSecretUse(this.#deps, db, id, event.task);
          const job = taskJobOf(this.#deps, event);
          if (job !== undefined)
            await recordTaskJob(db, id, this.#areMasked ? job : withMaskedName(job, masked), 'events');
        }
      }
    });
    this.#eventCount += events.length;
    events.length = 0;
  }

  /** The names that Nextflow gave the run are for people to read: without the plugin its log is where they are. */
  async #writeFacts(): Promise<void> {
    const runName = this.#began?.name ?? this.facts.runName;
    const row = {
      run_name: runName ?? null,
      session_id: this.#began?.session ?? this.facts.sessionId ?? null,
      trace_file: this.#traceFile ?? null,
      log_file: this.#log?.path ?? null,
      work_directory: this.#began?.work ?? null,
    };
    const text = JSON.stringify(row);
    if (text === this.#written || (this.#log === undefined && runName === undefined)) return;
    await write(this.#deps, 'records.write', (db) =>
      db.updateTable('runs').set(row).where('id', '=', this.#run.id).execute(),
    );
    this.#written = text;
  }

  async #takeTrace(lines: readonly string[]): Promise<void> {
    const { rows } = this.#unwritten;
    const masked = await this.#names.masker();
    for (const row of lines.map((line) => this.#traceReader.read(line)))
      if (row !== undefined) rows.push('task' in row ? { task: withMaskedTask(row.task, masked) } : row);
    if (rows.length === 0) return;
    await write(this.#deps, 'records.write', async (db) => {
      for (const row of rows) await writeTraceRow(db, this.#run.id, row);
    });
    rows.length = 0;
  }
}

function withMaskedTask<T extends { readonly name: string | null }>(
  task: T,
  masked: (name: string) => string,
): T {
  return task.name === null ? task : { ...task, name: masked(task.name) };
}

async function writeTraceRow(db: Parameters<typeof writeTask>[0], run: string, row: TraceRow): Promise<void> {
  if ('task' in row) await writeTracedTask(db, run, row.task);
  else await recordTraceError(db, run, row.malformed, row.reason);
}

function parse(line: string): RunEvent | undefined | 'spoilt' {
  try {
    return readEvent(line);
  } catch {
    return 'spoilt';
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

/** New lines, a batch after another; of a file that is longer than any log, the rest is left for the next look. */
function* linesOf(tail: Tail | undefined): Generator<string[]> {
  try {
    for (let batches = 0; tail !== undefined && batches < BATCHES; batches += 1) {
      yield tail.read();
      if (!tail.behind) return;
    }
  } catch {
    return; // a file server that is away: the next look tries again
  }
}
