import { join } from 'node:path';
import { newRunId } from '../../contract/run-id.ts';
import type { HeadJob, RunRequest, RunStart } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { bootId } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import type { Remember } from '../../ledger/idempotency.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { assertJobId } from '../../schedulers/job-id.ts';
import { detectExecutor } from '../../schedulers/registry.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import { placeLeases, prepareLeases, recordLeases, type PlaceableRun } from './planned-leases.ts';
import { newExitToken } from '../../run-directory/exit-token.ts';
import { chosenRunName } from '../../nextflow/launcher/run-name.ts';
import { runFile, runFiles } from '../../run-directory/layout.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { startOf, usesOwnStore, type StartableRequest } from './start-command.ts';
import { openSecrets, type OpenedSecrets } from './open-secrets.ts';
import { assertSelectedDeliverable, withoutUndeliverable } from '../plan/undeliverable.ts';
import type { KeepVersion } from '../../vault/vault.ts';
import { rememberRun } from './remembered-run.ts';
import { purgeRun } from '../purge/purge.ts';
import { describeRun, getRun } from '../records/queries.ts';
import { recordDelivery } from '../records/secret-uses.ts';
import { moveRun } from '../records/states.ts';
import { recordWritablePlaces } from '../records/writable-places.ts';

/** Time limit from the reply to the launcher until the shim starts, in seconds. */
const LAUNCH_SECONDS = 60;

/**
 * Materializes a plan: writes the ledger rows first, then creates the objects. If the creation of one fails, removes the
 * others before it throws. `placing` contains the run's id until then. `remember` records the run for a repeated request.
 */
export async function materialize(
  deps: RunDependencies,
  request: StartableRequest,
  planned: PlannedRun,
  placing: Set<string>,
  remember: Remember,
): Promise<RunStart> {
  const id = newRunId(now(deps));
  placing.add(id);
  try {
    return await materializeAs(deps, id, request, planned, remember);
  } finally {
    placing.delete(id);
  }
}

async function materializeAs(
  deps: RunDependencies,
  id: string,
  request: StartableRequest,
  wanted: PlannedRun,
  remember: Remember,
): Promise<RunStart> {
  const { values, undeliverable } = await openSecrets(deps, wanted, id);
  assertSelectedDeliverable(wanted, undeliverable);
  const planned = withoutUndeliverable(wanted, undeliverable);
  // The plugin and the plan get what the team server cannot deliver as soon as it has said so.
  const reasons = new Map(undeliverable);
  const opened = { id, request, planned, values, undeliverable: reasons };
  const { leases, directory, start } = await recordRun(deps, opened, remember);
  try {
    await placeLeases(deps, leases);
    await step(deps.faults, 'directory.mark', () => {
      const reached = deps.runDirectories.reach(directory);
      if (isOutOfSight(request, planned)) writeFileAtomic(runFile(reached, 'heartbeat'), '0\n');
      if (deps.onLost !== 'purge-now') writeFileAtomic(runFile(reached, 'onLost'), '');
    });
    await write(deps, 'run.record-materialized', (db) =>
      moveRun(db, id, 'materialized', planOf(wanted, reasons)),
    );
  } catch (error) {
    const known = asEscrowError(error);
    const change = {
      outcome: 'aborted',
      outcome_evidence: `the secrets could not be delivered: ${known.code}`,
      ended_at: now(deps),
    } as const;
    await write(deps, 'run.record-aborted', (db) => moveRun(db, id, 'ended', change));
    await purgeRun(deps, id);
    throw known;
  }
  const run = await describeRun(deps.ledger.db, await getRun(deps.ledger.db, id));
  return { plan: withoutUndeliverable(wanted, reasons).plan, run, start };
}

/** Returns the secrets of a run, without those that its team server could not deliver. */
function planOf(wanted: PlannedRun, reasons: ReadonlyMap<string, string>): { readonly plan?: string } {
  if (wanted.held === null) return {};
  return { plan: JSON.stringify(withoutUndeliverable(wanted, reasons).plan.secrets) };
}

/** Returns what a team server delivers to the run itself; undefined if this daemon does. */
function heldOf(planned: PlannedRun, undeliverable: Map<string, string>): PlaceableRun['held'] {
  if (planned.held === null) return undefined;
  return {
    ...planned.held,
    secrets: planned.secrets.flatMap(({ name, version }) => (version === null ? [] : [{ name, version }])),
    noteUndeliverable: (reasons) => {
      for (const [name, reason] of reasons) undeliverable.set(name, reason);
      assertSelectedDeliverable(planned, reasons);
    },
  };
}

/** A run to record, with its opened values. */
interface OpenedRun extends Pick<OpenedSecrets, 'values'> {
  readonly undeliverable: Map<string, string>;
  readonly id: string;
  readonly request: StartableRequest;
  readonly planned: PlannedRun;
}

/** Keeps the values for redaction until the run is purged, or only until now if it cannot be recorded. */
async function recordRun(deps: RunDependencies, opened: OpenedRun, remember: Remember): Promise<RecordedRun> {
  const { planned, values } = opened;
  const unknown = planned.held === null ? [] : planned.secrets.map(({ name }) => name);
  const { redact } = await deps.redactors.add(opened.id, values, unknown);
  try {
    return await writeRun(deps, opened, redact, remember);
  } catch (error) {
    await deps.redactors.drop(opened.id);
    throw error;
  }
}

/** A run in the ledger, and what it needs next. */
interface RecordedRun {
  readonly leases: Awaited<ReturnType<typeof prepareLeases>>;
  readonly directory: string;
  readonly start: ReturnType<typeof startOf>;
}

async function writeRun(
  deps: RunDependencies,
  { id, request, planned, values, undeliverable }: OpenedRun,
  redact: (text: string) => string,
  remember: Remember,
): Promise<RecordedRun> {
  const files: Record<string, string> = {
    ...(planned.overlay === undefined ? {} : { [runFiles.overlay]: planned.overlay }),
    ...(request.parameters === undefined ? {} : { [runFiles.parameters]: request.parameters }),
  };
  const { environment, secretDelivery, plan } = planned;
  const { token, digest } = newExitToken();
  const placeable = {
    ...{ workspace: plan.workspace, environment, secretDelivery, values, files },
    exitToken: token,
    held: heldOf(planned, undeliverable),
    notes: {
      undeliverable,
      isSelection: planned.isSelection,
      usesOwnStore: usesOwnStore(request, planned),
    },
  };
  const leases = await prepareLeases(deps, id, placeable);
  const directory = deps.runDirectories.locate(id, environment);
  const outputFile = request.detach === true ? join(deps.outputDirectory, `${id}.log`) : null;
  const start = startOf(request, directory, planned, outputFile);
  const keep =
    planned.remote === null || planned.held !== null
      ? undefined
      : await step(deps.faults, 'secrets.keep', () => deps.source.keeper());
  await write(deps, 'run.record', async (db) => {
    await insertRun(deps, db, request, planned, { id, redact, outputFile, exitDigest: digest });
    await pinSecrets(deps, db, { id, planned, values, keep });
    await remember(db, rememberRun(id, plan, start, request));
    await recordLeases(deps, db, leases);
    // `nextflow config` loads no plugin.
    const plugin = request.command === 'config' ? null : secretDelivery.plugin;
    const data = {
      secrets: plan.secrets,
      ...(plan.undeliverable === undefined ? {} : { undeliverable: plan.undeliverable }),
      plugin: plan.store === null ? null : plugin,
    };
    await record(db, { run: id, type: 'run.created', by: deps.user.user, data });
    await recordWritablePlaces(db, id, plan.writableByOthers);
  });
  return { leases, directory, start };
}

/**
 * Returns whether the head will run, or may be restarted, on a kernel other than ours. In that case the shim writes a
 * heartbeat file into the run directory.
 */
function isOutOfSight({ launcher, enclosingJob: job }: RunRequest, { environment }: PlannedRun): boolean {
  return environment.headJob === true || job !== undefined || launcher.bootId !== bootId();
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
  readonly redact: (text: string) => string;
  readonly outputFile: string | null;
  readonly exitDigest: string;
}

async function insertRun(
  deps: RunDependencies,
  db: Queries,
  request: RunRequest,
  planned: PlannedRun,
  { id, redact, outputFile, exitDigest }: NewRun,
): Promise<void> {
  // A user may also pass a secret as a parameter. The ledger must not contain its value in clear text.
  const args = request.arguments.map(redact);
  await db
    .insertInto('runs')
    .values({
      id,
      state: 'created',
      workspace: planned.plan.workspace,
      compute_environment: planned.environment.name,
      log_expected: request.logFile ?? null,
      work_expected: request.workDirectory ?? null,
      output_file: outputFile,
      launch_directory: request.launchDirectory,
      nextflow: request.nextflow,
      arguments: JSON.stringify(args),
      run_name: chosenRunName(args) ?? null, // so that the run is found by its name at once
      plan: JSON.stringify(planned.plan.secrets),
      launcher: JSON.stringify(request.launcher),
      head_job: jobIn(request, planned),
      launch_deadline: now(deps, LAUNCH_SECONDS),
      exit_digest: exitDigest,
      cancel_requested: 0,
      created_at: now(deps),
    })
    .execute();
}

interface PinnedRun extends Pick<OpenedRun, 'id' | 'planned' | 'values'> {
  /** For values of a team server. */
  readonly keep: KeepVersion | undefined;
}

async function pinSecrets(
  deps: RunDependencies,
  db: Queries,
  { id, planned, values, keep }: PinnedRun,
): Promise<void> {
  for (const { name, secretId, version } of planned.secrets) {
    const value = values.get(name);
    if (version === null || value === undefined) continue;
    const pinned = secretId ?? (await keep?.(db, { name, version, origin: planned.plan.workspace }, value));
    if (pinned === undefined) continue;
    await db.insertInto('pins').values({ run_id: id, secret_id: pinned, version }).execute();
    await recordDelivery(db, id, pinned, version, now(deps));
    await db
      .updateTable('secrets')
      .set({ last_used_at: now(deps), last_used_by: id, last_used_process: null })
      .where('id', '=', pinned)
      .execute();
  }
}
