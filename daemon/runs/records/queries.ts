import { sql, type Selectable } from 'kysely';
import type { Lease, PlannedSecret, Run, HeadJob, RunQuery, Task, TaskList } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Queries } from '../../ledger/open.ts';
import type { Tables } from '../../ledger/tables.ts';
import { describeRemoval } from '../../run-directory/record.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { describeOrphanedJob, orphanedJobsOf } from '../purge/orphaned-jobs.ts';
import { exposedByTask, exposedSecrets } from './exposures.ts';
import { countRows } from './task-records.ts';

export type RunRow = Selectable<Tables['runs']>;
export type LeaseRow = Selectable<Tables['leases']>;

/**
 * Finds a run by id, unique prefix of an id, or Nextflow's run name. Of several runs with the name, prefers runs that are not
 * purged, then the newest. Throws `run-not-found`, `run-ambiguous`.
 */
export async function findRun(db: Queries, wanted: string): Promise<RunRow> {
  const byId = await db.selectFrom('runs').selectAll().where('id', '=', wanted).executeTakeFirst();
  if (byId !== undefined) return byId;
  const byName = await db
    .selectFrom('runs')
    .selectAll()
    .where('run_name', '=', wanted)
    .orderBy((order) => order('state', '=', 'purged'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if (byName !== undefined) return byName;
  const isPrefix = /^r[0-9a-z]*$/.test(wanted);
  const [first, second] = isPrefix
    ? await db.selectFrom('runs').selectAll().where('id', 'like', `${wanted}%`).limit(2).execute()
    : [];
  if (first === undefined)
    throw new EscrowError('run-not-found', `No run has the id or name "${wanted.slice(0, 80)}".`);
  if (second !== undefined) throw new EscrowError('run-ambiguous', `Several run ids begin with "${wanted}".`);
  return first;
}

export async function getRun(db: Queries, id: string): Promise<RunRow> {
  return db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** Filter for a list of runs. All given conditions must match. */
export interface RunFilter {
  readonly limit: number;
  readonly state?: NonNullable<RunQuery['state']>;
  readonly workspace?: string;
  /** Id of a run. Only runs planned before it are listed, for the next page. */
  readonly before?: string;
}

/** Lists runs, newest first. Throws `run-not-found` if `before` does not exist. */
export async function listRuns(
  db: Queries,
  { limit, state, workspace, before }: RunFilter,
): Promise<RunRow[]> {
  let query = db.selectFrom('runs').selectAll();
  if (state === 'open')
    query = query.where((where) =>
      where.or([
        where('state', '!=', 'purged'),
        // Includes runs without any lease whose head left jobs behind.
        where('id', 'in', where.selectFrom('task_jobs').select('run_id').where('state', '=', 'orphaned')),
      ]),
    );
  else if (state !== undefined) query = query.where('state', '=', state);
  if (workspace !== undefined) query = query.where('workspace', '=', workspace);
  if (before !== undefined) {
    const { created_at, id } = await findRun(db, before);
    query = query.where((where) =>
      where.or([
        where('created_at', '<', created_at),
        where.and([where('created_at', '=', created_at), where('id', '<', id)]),
      ]),
    );
  }
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

/** Returns runs that need the watch or the recovery. */
export async function unfinishedRuns(db: Queries): Promise<RunRow[]> {
  return db.selectFrom('runs').selectAll().where('state', '!=', 'purged').execute();
}

export async function leasesOf(db: Queries, run: string): Promise<LeaseRow[]> {
  return db.selectFrom('leases').selectAll().where('run_id', '=', run).orderBy('created_at').execute();
}

/** Counts the leases of ended runs that are not removed yet. */
export async function countPendingRemovals(db: Queries): Promise<number> {
  const { count } = await db
    .selectFrom('leases')
    .innerJoin('runs', 'runs.id', 'leases.run_id')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('leases.state', 'not in', ['gone', 'unverified'])
    .where('runs.state', '=', 'ended')
    .executeTakeFirstOrThrow();
  return count;
}

/** Limit of tasks in one reply. The daemon reads and serializes them in one go, which delays other requests. */
const TASKS_LISTED = 10_000;

/** Lists tasks in the order in which they were recorded. */
export async function tasksOf(db: Queries, run: string): Promise<TaskList> {
  const rows = await db
    .selectFrom('tasks')
    .selectAll()
    .where('run_id', '=', run)
    .orderBy(sql`rowid`)
    .limit(TASKS_LISTED)
    .execute();
  const omitted = rows.length < TASKS_LISTED ? 0 : (await countRows(db, 'tasks', run)) - rows.length;
  const exposed = await exposedByTask(db, run);
  return {
    tasks: rows.map((row) => taskOf(row, exposed.get(row.task_id) ?? [])),
    ...(omitted === 0 ? {} : { omitted }),
    traceErrors: await countRows(db, 'trace_errors', run),
  };
}

function taskOf(row: Selectable<Tables['tasks']>, exposed: string[]): Task {
  const { task_id, hash, native_id, name, status, exit, process, attempt } = row;
  return {
    taskId: task_id,
    hash,
    nativeId: native_id,
    name,
    status,
    exit,
    process,
    attempt,
    secrets: JSON.parse(row.secrets) as string[],
    exposed,
  };
}

/** Returns the scheduler job that contains the run's head, if any. */
export function headJobOf({ head_job: job }: Pick<RunRow, 'head_job'>): HeadJob | undefined {
  return job === null ? undefined : (JSON.parse(job) as HeadJob);
}

/** Describes a run as the contract shows it. */
export async function describeRun(db: Queries, row: RunRow): Promise<Run> {
  const leases = await leasesOf(db, row.id);
  const exposed = await exposedSecrets(db, row.id);
  const notes = leases.flatMap(({ record }) => describeRemoval(record)?.notes ?? []);
  const failed = leases.find(({ last_error }) => last_error !== null);
  return {
    id: row.id,
    state: row.state,
    outcome: row.outcome,
    outcomeEvidence: row.outcome_evidence,
    exitStatus: row.exit_status,
    workspace: row.workspace,
    computeEnvironment: row.compute_environment,
    launchDirectory: row.launch_directory,
    nextflow: row.nextflow,
    arguments: JSON.parse(row.arguments) as string[],
    runName: row.run_name,
    sessionId: row.session_id,
    logFile: row.log_file,
    outputFile: row.output_file,
    traceFile: row.trace_file,
    secrets: JSON.parse(row.plan) as PlannedSecret[],
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    purgedAt: row.purged_at,
    headJob: headJobOf(row) ?? null,
    orphanedJobs: (await orphanedJobsOf(db, row.id)).map(describeOrphanedJob),
    pendingRemovals: leases.filter((lease) => !isOver(lease)).length,
    ...(failed === undefined ? {} : removalErrorOf(failed)),
    ...(exposed.length === 0 ? {} : { exposed }),
    ...(notes.length === 0 ? {} : { removalNotes: notes }),
  };
}

function removalErrorOf({ last_error: error, last_error_code: code }: LeaseRow): Partial<Run> {
  return {
    ...(error === null ? {} : { removalError: error }),
    ...(code === null ? {} : { removalErrorCode: code as NonNullable<Run['removalErrorCode']> }),
  };
}

/** Returns whether nothing is left to do for a lease. */
export function isOver({ state }: Pick<Lease, 'state'>): boolean {
  return state === 'gone' || state === 'unverified';
}

/** Returns the location of a lease as its store needs it. */
export function locationOf({ target, locator, sent_at: sentAt, record }: LeaseRow): LeaseLocation {
  return { target, locator, sentAt, record };
}

/** Describes a lease as the contract shows it. */
export function describeLease(row: LeaseRow): Lease {
  const removal = describeRemoval(row.record);
  return {
    id: row.id,
    store: row.store,
    target: row.target,
    state: row.state,
    createdAt: row.created_at,
    placedAt: row.placed_at,
    expiresAt: row.expires_at,
    goneAt: row.gone_at,
    attempts: row.attempts,
    lastError: row.last_error,
    verification: row.check_result,
    ...(removal === undefined ? {} : { removal }),
  };
}
