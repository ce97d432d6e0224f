import { join } from 'node:path';
import { newRunId } from '../../contract/run-id.ts';
import type { SecretDelivery, HeadJob, RunRequest, RunStart } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { bootId } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import { mask } from '../../redaction/mask.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';
import { assertJobId } from '../../schedulers/job-id.ts';
import { detectExecutor } from '../../schedulers/registry.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import { placeLeases, prepareLeases, recordLeases } from './planned-leases.ts';
import { newExitToken } from '../../run-directory/exit-token.ts';
import { runFile, runFiles } from '../../run-directory/layout.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { openSecrets } from './open-secrets.ts';
import { purgeRun } from '../purge/purge.ts';
import { describeRun, getRun } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';
import { recordWritablePlaces } from '../records/writable-places.ts';

/** Time limit from the reply to the launcher until the shim starts, in seconds. */
const LAUNCH_SECONDS = 60;

/**
 * Materializes a plan: writes the ledger rows first, then creates the objects. If the creation of one fails, removes the
 * others before it throws. `placing` contains the run's id until then.
 */
export async function materialize(
  deps: RunDependencies,
  request: RunRequest,
  planned: PlannedRun,
  placing: Set<string>,
): Promise<RunStart> {
  const id = newRunId(now(deps));
  placing.add(id);
  try {
    return await materializeAs(deps, id, request, planned);
  } finally {
    placing.delete(id);
  }
}

async function materializeAs(
  deps: RunDependencies,
  id: string,
  request: RunRequest,
  planned: PlannedRun,
): Promise<RunStart> {
  const values = await openSecrets(deps, planned);
  const files: Record<string, string> =
    planned.overlay === undefined ? {} : { [runFiles.overlay]: planned.overlay };
  const { environment, secretDelivery, plan } = planned;
  const { token, digest } = newExitToken();
  const placeable = {
    ...{ workspace: plan.workspace, environment, secretDelivery, values, files },
    exitToken: token,
  };
  const leases = await prepareLeases(deps, id, placeable);
  const directory = deps.runDirectories.locate(id, environment);
  await write(deps, 'run.record', async (db) => {
    await insertRun(deps, db, request, planned, { id, values, exitDigest: digest });
    await recordLeases(deps, db, leases);
    const data = { secrets: planned.plan.secrets };
    await record(db, { run: id, type: 'run.created', by: deps.user.user, data });
    await recordWritablePlaces(db, id, plan.writableByOthers);
  });
  try {
    await placeLeases(deps, leases);
    await step(deps.faults, 'directory.mark', () => {
      const reached = deps.runDirectories.reach(directory);
      if (isOutOfSight(request, planned)) writeFileAtomic(runFile(reached, 'heartbeat'), '0\n');
      if (deps.onLost !== 'purge-now') writeFileAtomic(runFile(reached, 'onLost'), '');
    });
    await write(deps, 'run.record-materialized', (db) => moveRun(db, id, 'materialized'));
  } catch (error) {
    const known = asEscrowError(error);
    const change = {
      outcome: 'aborted',
      outcome_evidence: `materialization failed: ${known.code}`,
      ended_at: now(deps),
    } as const;
    await write(deps, 'run.record-aborted', (db) => moveRun(db, id, 'ended', change));
    await purgeRun(deps, id);
    throw known;
  }
  const run = await describeRun(deps.ledger.db, await getRun(deps.ledger.db, id));
  return { plan: planned.plan, run, start: startOf(request, directory, planned, run.outputFile) };
}

/**
 * Returns whether the head will run, or may be restarted, on a kernel other than ours. In that case the shim writes a
 * heartbeat file into the run directory.
 */
function isOutOfSight({ launcher, enclosingJob: job }: RunRequest, { environment }: PlannedRun): boolean {
  return environment.headJob === true || job !== undefined || launcher.bootId !== bootId();
}

/** Returns how the caller starts the shim. The environment contains a path, never a value. */
function startOf(
  request: RunRequest,
  directory: string,
  planned: PlannedRun,
  outputFile: string | null,
): NonNullable<RunStart['start']> {
  // With -C, Nextflow reads the named files and no others.
  const option = request.arguments.includes('-C') ? '-C' : '-c';
  const configuration = planned.overlay === undefined ? [] : [option, runFile(directory, 'overlay')];
  const mode = request.arguments.includes('-bg') ? 'bg' : 'fg';
  return {
    directory,
    command: runFile(directory, 'shim'),
    arguments: [directory, mode, request.nextflow, ...configuration, ...request.arguments],
    environment:
      planned.secrets.length === 0
        ? identityOf(planned.secretDelivery)
        : variablesOf(directory, planned.secretDelivery),
    ...(planned.environment.headJob === true ? { environmentFile: runFile(directory, 'environment') } : {}),
    ...(outputFile === null ? {} : { outputFile }),
  };
}

/**
 * Returns the variables of a run with secrets. NXF_SECRETS_FILE points into the run directory even with the plugin: if
 * the plugin is not loaded, secrets are missing. Otherwise Nextflow would fall back to the user's own store.
 */
function variablesOf(directory: string, { plugin, environment }: SecretDelivery): Record<string, string> {
  const store = { NXF_SECRETS_FILE: runFile(directory, 'store') };
  return plugin === null ? store : { ...store, ...environment, NF_ESCROW_RUN: directory };
}

/** Returns the variables of a run without secrets: only those that select the head's AWS identity. */
function identityOf({ environment }: SecretDelivery): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('NXF_')));
}

/** Returns the job that contains the head. The id of a head job is not known yet. */
function jobIn({ enclosingJob: job }: RunRequest, { environment }: PlannedRun): string | null {
  if (environment.headJob === true) {
    const executor = environment.executor ?? detectExecutor();
    return JSON.stringify({ executor, id: null, restarts: null, name: null, head: true } satisfies HeadJob);
  }
  if (job !== undefined) assertJobId(job.executor, job.id);
  return job === undefined ? null : JSON.stringify({ ...job, name: null, head: false } satisfies HeadJob);
}

interface NewRun {
  readonly id: string;
  readonly values: ReadonlyMap<string, SecretValue>;
  readonly exitDigest: string;
}

async function insertRun(
  deps: RunDependencies,
  db: Queries,
  request: RunRequest,
  planned: PlannedRun,
  { id, values, exitDigest }: NewRun,
): Promise<void> {
  await db
    .insertInto('runs')
    .values({
      id,
      state: 'created',
      workspace: planned.plan.workspace,
      compute_environment: planned.environment.name,
      log_expected: request.logFile ?? null,
      work_expected: request.workDirectory ?? null,
      output_file: request.detach === true ? join(deps.outputDirectory, `${id}.log`) : null,
      launch_directory: request.launchDirectory,
      nextflow: request.nextflow,
      // A user may also pass a secret as a parameter. The ledger must not contain its value in clear text.
      arguments: JSON.stringify(request.arguments.map((argument) => mask(argument, values.values()))),
      plan: JSON.stringify(planned.plan.secrets),
      launcher: JSON.stringify(request.launcher),
      head_job: jobIn(request, planned),
      launch_deadline: now(deps, LAUNCH_SECONDS),
      exit_digest: exitDigest,
      cancel_requested: 0,
      created_at: now(deps),
    })
    .execute();
  for (const { secretId, version } of planned.secrets) {
    if (secretId === null || version === null) continue;
    await db.insertInto('pins').values({ run_id: id, secret_id: secretId, version }).execute();
    await db
      .updateTable('secrets')
      .set({ last_used_at: now(deps), last_used_by: id, last_used_process: null })
      .where('id', '=', secretId)
      .execute();
  }
}
