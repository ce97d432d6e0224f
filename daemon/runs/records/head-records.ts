import { join, resolve } from 'node:path';
import type { Process } from '../../contract/types.ts';
import type { PluginRunEnd } from '../../nextflow/logs/events.ts';
import { findLog, readLogLine, type LogFacts } from '../../nextflow/logs/log.ts';
import { chosenRunName } from '../../nextflow/launcher/run-name.ts';
import { fingerprintLog, type LogFingerprint } from '../../nextflow/logs/log-fingerprint.ts';
import { pathsNamed } from '../../nextflow/launcher/named-paths.ts';
import { isNewer } from '../../nextflow/logs/run-files.ts';
import { readTaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { TraceReader } from '../../nextflow/logs/trace.ts';
import { runFile } from '../../run-directory/layout.ts';
import { write, type RunDependencies } from '../dependencies.ts';
import { EventRecords } from './event-records.ts';
import type { RunRow } from './queries.ts';
import { DroppedRecords } from './reading/dropped-records.ts';
import { FollowedFile } from './reading/followed-file.ts';
import { withMaskedJobName } from './task-job-events.ts';
import { TaskJobRecords } from './task-job-records.ts';
import { TaskNames, withMaskedName } from './task-names.ts';
import { TaskRecords } from './task-records.ts';

/**
 * Reads the files of a head into the ledger: the plugin's events, the log and the trace, if the user has one. Tasks can
 * write the events, and user and pipeline choose the other paths, so the content is hostile. Unreadable content is ignored
 * and must not keep the watch from detecting the end of the run. No path is taken from the log or the trace.
 */
export class HeadRecords {
  readonly facts: LogFacts = {};
  readonly #deps: RunDependencies;
  readonly #run: RunRow;
  readonly #reach: () => string;
  /** The name that the command line sets, which neither events nor log can change. */
  readonly #chosenName: string | undefined;
  readonly #traceReader = new TraceReader();
  readonly #dropped: DroppedRecords;
  readonly #names: TaskNames;
  readonly #tasks: TaskRecords;
  readonly #jobs: TaskJobRecords;
  readonly #eventRecords: EventRecords;
  readonly #events: FollowedFile;
  readonly #log: FollowedFile;
  readonly #trace: FollowedFile;
  #written = '';
  #fingerprinted: LogFingerprint | undefined;

  /** `reach` returns a path that leads to the run directory now. */
  constructor(deps: RunDependencies, run: RunRow, reach: () => string) {
    this.#deps = deps;
    this.#run = run;
    this.#reach = reach;
    this.#chosenName = chosenRunName(JSON.parse(run.arguments) as string[]);
    this.#dropped = new DroppedRecords(run.id);
    this.#names = new TaskNames(deps, run);
    this.#tasks = new TaskRecords(run.id, this.#dropped);
    this.#jobs = new TaskJobRecords(run.id, this.#dropped);
    this.#eventRecords = new EventRecords(deps, run, {
      names: this.#names,
      tasks: this.#tasks,
      jobs: this.#jobs,
      dropped: this.#dropped,
    });
    const followed = (take: (lines: readonly string[]) => Promise<void>): FollowedFile =>
      new FollowedFile(deps.reading, take);
    this.#events = followed((lines) => this.#eventRecords.take(lines));
    this.#log = followed((lines) => this.#takeLog(lines));
    this.#trace = followed((lines) => this.#takeTrace(lines));
  }

  /** The run's end as the plugin reported it. Undefined if it did not, or if there is no plugin. */
  get end(): PluginRunEnd | undefined {
    return this.#eventRecords.end;
  }

  /** Reads new content within the budget of one poll. Without the head's process, its log cannot be identified. */
  async read(head: Process | undefined): Promise<void> {
    await this.#readAll(head, (file) => file.read());
  }

  /** Reads the rest after the end of the head. Of files beyond the budget, reads the last part. */
  async readLast(head: Process | undefined): Promise<void> {
    await this.#readAll(head, (file) => file.readLast());
  }

  /** Whether there is more to read now. */
  get isBehind(): boolean {
    return [this.#events, this.#log, this.#trace].some((file) => file.isBehind);
  }

  /** Whether the log was found. */
  get hasLog(): boolean {
    return this.#log.path !== undefined;
  }

  /** Files outside the run directory that are read. Until the log is found: the file that the head will create or replace. */
  get files(): string[] {
    return [this.#log.path ?? this.#newestLog, this.#trace.path].filter((path) => path !== undefined);
  }

  close(): void {
    for (const file of [this.#events, this.#log, this.#trace]) file.close();
  }

  async #readAll(head: Process | undefined, read: (file: FollowedFile) => Promise<void>): Promise<void> {
    this.#events.openAgainIfReplaced();
    this.#events.open(runFile(this.#reach(), 'events'));
    await read(this.#events);
    if (!this.hasLog) this.#log.open(this.#findLog(head));
    await read(this.#log);
    await this.#writeFacts();
    this.#trace.open(this.#currentTrace());
    await read(this.#trace);
    await this.#noteGaps();
  }

  #findLog(head: Process | undefined): string | undefined {
    if (head === undefined) return undefined;
    try {
      return findLog(this.#newestLog, head.pid, Date.parse(this.#run.created_at));
    } catch {
      return undefined; // its directory was deleted or is not readable
    }
  }

  get #newestLog(): string {
    return this.#run.log_expected ?? join(this.#run.launch_directory, '.nextflow.log');
  }

  async #takeLog(lines: readonly string[]): Promise<void> {
    for (const line of lines) readLogLine(this.facts, line);
    // The plugin writes events before the first job is submitted. If the file does not exist now, it never will.
    this.#events.open(runFile(this.#reach(), 'events'));
    if (this.#events.path !== undefined || this.#eventRecords.began !== undefined) return;
    const jobs = lines.flatMap((line) => readTaskJobEvent(line) ?? []);
    if (jobs.length === 0) return;
    const masked = await this.#names.masker();
    const named = jobs.map((job) => withMaskedJobName(job, masked));
    await write(this.#deps, 'records.write', (db) => this.#jobs.writeJobs(db, named, 'log'));
  }

  async #takeTrace(lines: readonly string[]): Promise<void> {
    const masked = await this.#names.masker();
    const rows = lines.flatMap((line) => this.#traceReader.read(line) ?? []);
    const tasks = rows.flatMap((row) => ('task' in row ? [withMaskedName(row.task, masked)] : []));
    const errors = rows.flatMap((row) =>
      'malformed' in row && this.#tasks.takesErrors ? [{ row: row.malformed, reason: row.reason }] : [],
    );
    if (tasks.length + errors.length === 0) return;
    await write(this.#deps, 'records.write', async (db) => {
      await this.#tasks.writeTracedTasks(db, tasks);
      await this.#tasks.writeErrors(db, errors);
    });
  }

  /** The path from the command line, else the one that the plugin reported. */
  get #traceFile(): string | undefined {
    const { arguments: args, launch_directory } = this.#run;
    const named = pathsNamed(['-with-trace'], JSON.parse(args) as string[], launch_directory);
    const reported = this.#eventRecords.began?.trace;
    // Nextflow resolves a relative path against its launch directory.
    return named.at(-1) ?? (reported === undefined ? undefined : resolve(launch_directory, reported));
  }

  /** Returns the trace unless it is older than the run. Nextflow renames a trace of an earlier run, or fails. */
  #currentTrace(): string | undefined {
    const path = this.#traceFile;
    return path !== undefined && isNewer(path, Date.parse(this.#run.created_at)) ? path : undefined;
  }

  /** Writes the names that Nextflow gave the run, for display. Without the plugin they come from the log. */
  async #writeFacts(): Promise<void> {
    const { began } = this.#eventRecords;
    const runName = this.#chosenName ?? began?.name ?? this.facts.runName;
    const known = this.#run; // what an earlier daemon found before the log was rotated away
    const row = {
      run_name: runName ?? known.run_name,
      session_id: began?.session ?? this.facts.sessionId ?? known.session_id,
      trace_file: this.#traceFile ?? null,
      log_file: this.#log.path ?? known.log_file,
      log_fingerprint: this.#fingerprint ?? known.log_fingerprint,
      work_directory: began?.work ?? null,
    };
    const text = JSON.stringify(row);
    if (text === this.#written || (!this.hasLog && runName === undefined)) return;
    await write(this.#deps, 'records.write', (db) =>
      db.updateTable('runs').set(row).where('id', '=', this.#run.id).execute(),
    );
    this.#written = text;
  }

  /** Computed once: the beginning of a log does not change. */
  get #fingerprint(): string | undefined {
    this.#fingerprinted ??= this.#log.examine(fingerprintLog);
    return this.#fingerprinted === undefined ? undefined : JSON.stringify(this.#fingerprinted);
  }

  async #noteGaps(): Promise<void> {
    const files = { events: this.#events, log: this.#log, trace: this.#trace } as const;
    for (const what of Object.keys(files) as (keyof typeof files)[])
      if (files[what].hasGap)
        await write(this.#deps, 'records.write', (db) => this.#dropped.noteDropped(db, what));
  }
}
