import type { PlannedSecret, Task } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import {
  readEvent,
  type DefinitionEvent,
  type PluginRunEnd,
  type RunBegin,
  type RunEvent,
} from '../../nextflow/logs/events.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import { ExposureRecords, writeSearch } from './exposure-records.ts';
import { DefinitionLimit, recordJobDefinition } from './job-definition-records.ts';
import type { RunRow } from './queries.ts';
import type { DroppedRecords } from './reading/dropped-records.ts';
import { SecretUses } from './secret-uses.ts';
import { taskJobOf, withMaskedJobName } from './task-job-events.ts';
import type { TaskJobRecords } from './task-job-records.ts';
import { withMaskedName, type TaskNames } from './task-names.ts';
import { recordSecretUse, type TaskRecords, type UnreadLine } from './task-records.ts';

/** Number of definitions per transaction. Each one searches the leases of the run. */
const DEFINITIONS = 10;

/** Content of a batch of lines. For a task with several events, only the newest state. */
interface Batch {
  readonly tasks: Map<string, Task>;
  /** Job events of the tasks. */
  readonly jobs: TaskJobEvent[];
  /** The processes that received a secret, in the order of their last task, by the secret's name. */
  readonly uses: Map<string, Set<string>>;
  readonly others: Exclude<RunEvent, { task: Task } | { definition: DefinitionEvent }>[];
  readonly definitions: { readonly number: number; readonly definition: DefinitionEvent }[];
  readonly errors: UnreadLine[];
}

/** Writes the plugin's events of a run to the ledger. */
export class EventRecords {
  /** The run's end as the plugin reported it. Undefined if it did not, or if later events contradict it. */
  end: PluginRunEnd | undefined;
  /**
   * The plugin's event at the start of the run, possibly read by a previous daemon. The first event counts, because the
   * plugin writes it before any task starts.
   */
  began: Omit<RunBegin, 'masked'> | undefined;
  readonly #deps: RunDependencies;
  readonly #run: RunRow;
  readonly #names: TaskNames;
  readonly #tasks: TaskRecords;
  readonly #jobs: TaskJobRecords;
  readonly #dropped: DroppedRecords;
  readonly #exposures: ExposureRecords;
  readonly #uses: SecretUses;
  readonly #definitions: DefinitionLimit;
  readonly #secrets: readonly string[];
  #count = 0;
  /** Whether the plugin has masked the task names. On AWS it does not know the values. */
  #areMasked = false;

  constructor(deps: RunDependencies, run: RunRow, { names, tasks, jobs, dropped }: EventRecordParts) {
    this.#deps = deps;
    this.#run = run;
    this.#names = names;
    this.#tasks = tasks;
    this.#jobs = jobs;
    this.#dropped = dropped;
    this.#exposures = new ExposureRecords(run);
    this.#uses = new SecretUses(run.id);
    this.#definitions = new DefinitionLimit(run.id);
    if (run.work_directory !== null)
      this.began = {
        name: run.run_name ?? undefined,
        session: run.session_id ?? undefined,
        work: run.work_directory,
        trace: run.trace_file ?? undefined,
      };
    this.#secrets = (JSON.parse(run.plan) as PlannedSecret[]).map(({ name }) => name);
  }

  /** Writes a batch of lines in few transactions, because each transaction syncs the disk. */
  async take(lines: readonly string[]): Promise<void> {
    const batch = this.#read(lines);
    const masked = batch.tasks.size === 0 || this.#areMasked ? undefined : await this.#names.masker();
    const tasks = [...batch.tasks.values()].map((task) =>
      masked === undefined ? task : withMaskedName(task, masked),
    );
    const jobs = batch.jobs.map((job) => (masked === undefined ? job : withMaskedJobName(job, masked)));
    if (tasks.length + batch.errors.length + batch.others.length > 0)
      await write(this.#deps, 'records.write', async (db) => {
        await this.#tasks.writeErrors(db, batch.errors);
        await this.#tasks.writeTasks(db, tasks);
        await this.#jobs.writeJobs(db, jobs, 'events');
        for (const [name, processes] of batch.uses) {
          const process = [...processes].at(-1) ?? null;
          await recordSecretUse(this.#deps, db, this.#run.id, { secrets: [name], process });
          await this.#uses.recordProcesses(db, name, processes, now(this.#deps));
        }
        for (const event of batch.others) await this.#writeOther(db, event);
      });
    for (let from = 0; from < batch.definitions.length; from += DEFINITIONS)
      await write(this.#deps, 'records.write', (db) =>
        this.#writeDefinitions(db, batch.definitions.slice(from, from + DEFINITIONS)),
      );
    this.#count += lines.length;
  }

  #read(lines: readonly string[]): Batch {
    const batch: Batch = {
      ...{ tasks: new Map(), jobs: [], uses: new Map() },
      ...{ others: [], definitions: [], errors: [] },
    };
    for (const [index, line] of lines.entries()) {
      const number = this.#count + index + 1;
      if (line === '') continue; // terminates a partially written line
      const event = parse(line);
      if (event === 'spoilt') {
        if (this.#tasks.takesErrors) batch.errors.push({ row: -number, reason: 'not a valid event' });
      } else if (event === undefined) continue;
      else if ('task' in event) {
        this.#readTask(batch, event.task);
        const job = taskJobOf(this.#deps, event);
        if (job !== undefined) batch.jobs.push(job);
      } else if ('definition' in event) batch.definitions.push({ number, definition: event.definition });
      else if ('ended' in event) this.end = event.ended;
      else if ('began' in event) {
        this.began ??= event.began;
        this.#areMasked ||= event.began.masked;
      } else batch.others.push(event);
    }
    return batch;
  }

  #readTask(batch: Batch, reported: Task): void {
    const task = { ...reported, secrets: reported.secrets.filter((name) => this.#secrets.includes(name)) };
    batch.tasks.set(task.taskId, task);
    if (task.status === 'SUBMITTED') for (const name of task.secrets) noteUse(batch.uses, name, task.process);
    // A successful run starts no tasks after its end. The end event was therefore forged.
    if (this.end?.success === true) this.end = undefined;
  }

  async #writeOther(db: Queries, event: Batch['others'][number]): Promise<void> {
    if ('exposure' in event) {
      if (!(await this.#exposures.writeExposure(db, event.exposure)))
        await this.#dropped.noteDropped(db, 'exposures');
    } else if ('searched' in event) await writeSearch(db, this.#run.id, event.searched);
  }

  async #writeDefinitions(db: Queries, events: Batch['definitions']): Promise<void> {
    await this.#definitions.prepare(db);
    const errors: UnreadLine[] = [];
    for (const { number, definition } of events)
      if (!this.#definitions.admit(definition.name)) await this.#dropped.noteDropped(db, 'job-definitions');
      else if (!(await recordJobDefinition(this.#deps, db, this.#run.id, definition)))
        errors.push({ row: -number, reason: 'a job definition of a run without secrets on AWS' });
    await this.#tasks.writeErrors(db, errors);
  }
}

interface EventRecordParts {
  readonly names: TaskNames;
  readonly tasks: TaskRecords;
  readonly jobs: TaskJobRecords;
  readonly dropped: DroppedRecords;
}

/** Notes that a process received a secret. The last one is the newest. */
function noteUse(uses: Batch['uses'], name: string, process: string | null): void {
  const processes = uses.get(name) ?? new Set();
  uses.set(name, processes);
  if (process === null) return;
  processes.delete(process);
  processes.add(process);
}

function parse(line: string): RunEvent | undefined | 'spoilt' {
  try {
    return readEvent(line);
  } catch {
    return 'spoilt';
  }
}
