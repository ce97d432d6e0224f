import { newRunId } from '../../contract/run-id.ts';
import type { SecretDelivery, ComputeEnvironment, Lease } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { identifySelf } from '../../system/processes/process-identity.ts';
import { record } from '../../ledger/journal.ts';
import type { References } from '../../stores/store.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { recordJobDefinition } from '../records/job-definition-records.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import { placeLeases, prepareLeases, recordLeases, ownershipOf } from './planned-leases.ts';
import { cancelOrphanedJobs } from '../purge/cancel-orphaned-jobs.ts';
import { recordTaskJobs, recordOrphanedJobs } from '../purge/orphaned-jobs.ts';
import { purgeRun } from '../purge/purge.ts';
import { describeLease, getRun, isOver, leasesOf } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';

/** A run without Nextflow that tests a platform with worthless secrets. */
export interface ProbeRun {
  readonly id: string;
  readonly references: References;
  /** Owner and ledger for the tags of the objects that the probe creates. */
  readonly ownership: { readonly owner: string; readonly ledger: string };
  /** Records a job definition. `sentAt`: send time of the registration (ms since 1970); null once all replies arrived. */
  readonly recordDefinition: (name: string, sentAt: number | null) => Promise<void>;
  /** Records a task job of the platform. */
  readonly recordJob: (id: string, name: string) => Promise<void>;
  readonly recordJobEnd: (id: string) => Promise<void>;
}

/** Result of a probe. `left` lists the leases that could not be removed yet. The daemon retries their removal. */
export interface ProbeRunResult<T> {
  readonly result: T;
  readonly left: readonly Lease[];
}

/** A probe has no run directory: its values are in the platform's own store. */
const DELIVERY: SecretDelivery = {
  plugin: 'trial',
  reason: null,
  configPhase: false,
  environment: {},
  restore: {},
};

/**
 * Places secrets as for a run, calls `work` with them, and removes them in any case. The run stays `created` until then, so
 * that a restarted daemon aborts it. `placing` contains its id. Throws the error of the placement or of `work` after the
 * removal.
 */
export async function runProbe<T>(
  deps: RunDependencies,
  placing: Set<string>,
  { environment, values }: { environment: ComputeEnvironment; values: ReadonlyMap<string, SecretValue> },
  work: (trial: ProbeRun) => Promise<T>,
): Promise<ProbeRunResult<T>> {
  const id = newRunId(now(deps));
  placing.add(id);
  try {
    const workspace = deps.defaultWorkspace;
    const wanted = { workspace, environment, secretDelivery: DELIVERY, values, files: undefined };
    const leases = await prepareLeases(deps, id, wanted);
    await write(deps, 'run.record', async (db) => {
      await db
        .insertInto('runs')
        .values(rowOf(deps, id, environment))
        .execute();
      await recordLeases(deps, db, leases);
      await record(db, { run: id, type: 'run.created', by: deps.user.user, data: { trial: true } });
    });
    let result: T;
    try {
      result = await work(probeRunOf(deps, id, await placeLeases(deps, leases), environment));
    } catch (error) {
      await endUnlaunched(deps, id, 'aborted', `probe failed: ${asEscrowError(error).code}`);
      throw error;
    }
    return { result, left: await endUnlaunched(deps, id, 'succeeded', 'probe completed') };
  } finally {
    placing.delete(id);
  }
}

/**
 * Ends a run whose head was never started, cancels its jobs, and removes its leases. Returns the leases that remain. Does
 * nothing if the run is not `created`: another process has materialized it in the meantime.
 */
export async function endUnlaunched(
  deps: RunDependencies,
  id: string,
  outcome: 'succeeded' | 'aborted',
  evidence: string,
): Promise<Lease[]> {
  const isEnded = await write(deps, 'run.record-aborted', async (db) => {
    if ((await getRun(db, id)).state !== 'created') return false;
    await moveRun(db, id, 'ended', { outcome, outcome_evidence: evidence, ended_at: now(deps) });
    await recordOrphanedJobs(deps, db, id, outcome);
    return true;
  });
  if (!isEnded) return [];
  try {
    await cancelOrphanedJobs(deps, id);
  } catch (error) {
    // The job stays in the list of orphaned jobs. Without its secret it fails when it starts.
    deps.log.warn({ run: id, code: asEscrowError(error).code }, 'cannot cancel the job of a probe');
  }
  await purgeRun(deps, id);
  return (await leasesOf(deps.ledger.db, id)).map(describeLease).filter((lease) => !isOver(lease));
}

function probeRunOf(
  deps: RunDependencies,
  id: string,
  references: References,
  environment: ComputeEnvironment,
): ProbeRun {
  const { taskJobs } = deps.platformOf(environment);
  return {
    id,
    references,
    ownership: ownershipOf(deps),
    recordDefinition: async (name, sentAt) => {
      const at = sentAt === null ? now(deps) : new Date(sentAt).toISOString();
      await write(deps, 'records.write', (db) =>
        recordJobDefinition(deps, db, id, { name, registered: sentAt === null, at }),
      );
    },
    recordJob: async (job, name) => {
      if (taskJobs === undefined)
        throw new EscrowError('internal', `Platform ${environment.platform} has no task jobs.`);
      const { executor } = taskJobs;
      await write(deps, 'records.write', (db) =>
        recordTaskJobs(db, id, [{ submitted: { executor, id: job, name, workDirectory: null } }], 'events'),
      );
    },
    recordJobEnd: async (job) => {
      await write(deps, 'records.write', (db) => recordTaskJobs(db, id, [{ completed: job }], 'events'));
    },
  };
}

function rowOf(deps: RunDependencies, id: string, environment: ComputeEnvironment) {
  return {
    id,
    state: 'created',
    workspace: deps.defaultWorkspace,
    compute_environment: environment.name,
    launch_directory: '-',
    nextflow: '-',
    arguments: JSON.stringify(['doctor', '--probe']),
    plan: '[]',
    launcher: JSON.stringify(identifySelf()),
    launch_deadline: now(deps),
    run_name: 'probe',
    cancel_requested: 0,
    created_at: now(deps),
  } as const;
}
