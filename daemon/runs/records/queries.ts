import type { Selectable } from 'kysely';
import type { permittedTitles } from '../../access/permitted-objects.ts';
import type { Lease, PlannedSecret, Run, HeadJob } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { Tables } from '../../ledger/tables.ts';
import { describeRemoval } from '../../run-directory/record.ts';
import type { LogFingerprint } from '../../nextflow/logs/log-fingerprint.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { describeOrphanedJob, orphanedJobsOf } from '../purge/orphaned-jobs.ts';
import { exposedSecrets } from './exposures.ts';
import { openLeaseStates } from './states.ts';

export type RunRow = Selectable<Tables['runs']>;
/** A query of the titles (ORGANIZATION/NAME) of workspaces. */
type WorkspaceTitles = ReturnType<typeof permittedTitles>;
export type LeaseRow = Selectable<Tables['leases']>;

/**
 * Finds a run by id, unique prefix of an id, or Nextflow's run name. Of several runs with the name, prefers runs that are not
 * purged, then the newest. With `titles`, finds only runs of these workspaces. Throws `run-not-found`, `run-ambiguous`.
 */
export async function findRun(db: Queries, wanted: string, titles?: WorkspaceTitles): Promise<RunRow> {
  const runs = db.selectFrom('runs').selectAll();
  const among = titles === undefined ? runs : runs.where('workspace', 'in', titles);
  const byId = await among.where('id', '=', wanted).executeTakeFirst();
  if (byId !== undefined) return byId;
  const byName = await among
    .where('run_name', '=', wanted)
    .orderBy((order) => order('state', '=', 'purged'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if (byName !== undefined) return byName;
  const isPrefix = /^r[0-9a-z]*$/.test(wanted);
  const [first, second] = isPrefix ? await among.where('id', 'like', `${wanted}%`).limit(2).execute() : [];
  if (first === undefined)
    throw new EscrowError('run-not-found', `No run has the id or name "${wanted.slice(0, 80)}".`);
  if (second !== undefined) throw new EscrowError('run-ambiguous', `Several run ids begin with "${wanted}".`);
  return first;
}

export async function getRun(db: Queries, id: string): Promise<RunRow> {
  return db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** Returns runs that need the watch or the recovery. */
export async function unfinishedRuns(db: Queries): Promise<RunRow[]> {
  return db.selectFrom('runs').selectAll().where('state', '!=', 'purged').execute();
}

/** Returns the leases of one or several runs in the order of their creation. */
export async function leasesOf(db: Queries, run: string | readonly string[]): Promise<LeaseRow[]> {
  return db
    .selectFrom('leases')
    .selectAll()
    .where('run_id', 'in', [run].flat())
    .orderBy('created_at')
    .execute();
}

/** Returns the number of leases of ended runs that are not removed yet, and the end of the first such run. */
export async function findPendingRemovals(
  db: Queries,
): Promise<{ readonly count: number; readonly since: string | null }> {
  return db
    .selectFrom('leases')
    .innerJoin('runs', 'runs.id', 'leases.run_id')
    .select((select) => [
      select.fn.countAll<number>().as('count'),
      select.fn.min<string | null>('runs.ended_at').as('since'),
    ])
    .where('leases.state', 'in', openLeaseStates)
    .where('runs.state', '=', 'ended')
    .executeTakeFirstOrThrow();
}

/** Returns the scheduler job that contains the run's head, if any. */
export function headJobOf({ head_job: job }: Pick<RunRow, 'head_job'>): HeadJob | undefined {
  return job === null ? undefined : (JSON.parse(job) as HeadJob);
}

/** Describes a run as the contract shows it. */
export async function describeRun(db: Queries, row: RunRow): Promise<Run> {
  const [run] = await describeRuns(db, [row]);
  return run as Run;
}

/** Describes runs, with one query per table and not per run. */
export async function describeRuns(db: Queries, rows: readonly RunRow[]): Promise<Run[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const leases = groupByRun(await leasesOf(db, ids), ({ run_id }) => run_id);
  const exposed = groupByRun(await exposedSecrets(db, ids), ({ run }) => run);
  const jobs = groupByRun(await orphanedJobsOf(db, ids), ({ run }) => run);
  return rows.map((row) =>
    describe(row, {
      leases: leases.get(row.id) ?? [],
      exposed: (exposed.get(row.id) ?? []).map(({ secret }) => secret),
      orphanedJobs: (jobs.get(row.id) ?? []).map(describeOrphanedJob),
    }),
  );
}

function groupByRun<Item>(items: readonly Item[], runOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(runOf(item));
    if (group === undefined) groups.set(runOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** What other tables record about a run. */
interface RunParts extends Pick<Run, 'orphanedJobs'> {
  readonly leases: readonly LeaseRow[];
  readonly exposed: string[];
}

function describe(row: RunRow, { leases, exposed, orphanedJobs }: RunParts): Run {
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
    ...(row.log_fingerprint === null
      ? {}
      : { logFingerprint: JSON.parse(row.log_fingerprint) as LogFingerprint }),
    outputFile: row.output_file,
    traceFile: row.trace_file,
    secrets: JSON.parse(row.plan) as PlannedSecret[],
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    purgedAt: row.purged_at,
    headJob: headJobOf(row) ?? null,
    orphanedJobs,
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
  return !openLeaseStates.includes(state);
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
