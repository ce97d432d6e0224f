import { newRunId } from '../../contract/run-id.ts';
import type { Carrier, ComputeEnvironment, Lease } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { identifySelf } from '../../system/processes/process-identity.ts';
import { record } from '../../ledger/journal.ts';
import type { References } from '../../stores/store.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { noteDefinition } from '../records/job-definition-records.ts';
import { now, write, type Engine } from '../dependencies.ts';
import { placeObjects, prepareObjects, recordObjects, whoseAre } from './planned-leases.ts';
import { cancelOrphans, noteGridLine, noteOrphans } from '../purge/orphaned-jobs.ts';
import { purgeRun } from '../purge/purge.ts';
import { describeLease, getRun, leasesOf } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';

/** A run without Nextflow, for as long as something is tried with a secret that is worth nothing. */
export interface Trial {
  readonly id: string;
  readonly references: References;
  /** For the tags of what is made with them. */
  readonly whose: { readonly owner: string; readonly ledger: string };
  /** Notes a job definition before it is registered, and once it is. */
  readonly noteDefinition: (name: string, registered: boolean) => Promise<void>;
  /** Notes a job on AWS Batch, and once it is over. */
  readonly noteJob: (id: string, name: string) => Promise<void>;
  readonly noteJobOver: (id: string) => Promise<void>;
}

/** What came of it. `left`: what was placed and could not be removed yet; it is tried again, as that of a run. */
export interface Tried<T> {
  readonly result: T;
  readonly left: readonly Lease[];
}

/** Values are in a store of their own here, never in a run directory. */
const CARRIER: Carrier = { plugin: 'trial', why: null, configPhase: false, environment: {}, restore: {} };

/**
 * Places secrets as for a run, has something tried with them, and takes them back, whatever becomes of it: the run stays
 * `created` meanwhile, and a daemon that finds one so aborts it. `placing` holds its id. Throws what placing or the work
 * throws, once what was placed is removed.
 */
export async function tryWith<T>(
  engine: Engine,
  placing: Set<string>,
  { environment, values }: { environment: ComputeEnvironment; values: ReadonlyMap<string, SecretValue> },
  work: (trial: Trial) => Promise<T>,
): Promise<Tried<T>> {
  const id = newRunId(now(engine));
  placing.add(id);
  try {
    const plan = { workspace: engine.defaultWorkspace };
    const wanted = { environment, carrier: CARRIER, values, plan, files: undefined };
    const objects = await prepareObjects(engine, id, wanted);
    await write(engine, 'run.record', async (db) => {
      await db
        .insertInto('runs')
        .values(rowOf(engine, id, environment))
        .execute();
      await recordObjects(engine, db, objects);
      await record(db, { run: id, type: 'run.created', by: engine.user.user, data: { trial: true } });
    });
    let result: T;
    try {
      result = await work(trialOf(engine, id, await placeObjects(engine, objects)));
    } catch (error) {
      await endUnlaunched(engine, id, 'aborted', `a trial that failed: ${asEscrowError(error).code}`);
      throw error;
    }
    return { result, left: await endUnlaunched(engine, id, 'succeeded', 'a trial') };
  } finally {
    placing.delete(id);
  }
}

/**
 * Ends a run that no head was started for, with its jobs if it has any, and takes back what was placed; gives what is left.
 * One that is not `created` any more was placed meanwhile, and is left alone.
 */
export async function endUnlaunched(
  engine: Engine,
  id: string,
  outcome: 'succeeded' | 'aborted',
  evidence: string,
): Promise<Lease[]> {
  const isEnded = await write(engine, 'run.record-aborted', async (db) => {
    if ((await getRun(db, id)).state !== 'created') return false;
    await moveRun(db, id, 'ended', { outcome, outcome_evidence: evidence, ended_at: now(engine) });
    await noteOrphans(db, id);
    return true;
  });
  if (!isEnded) return [];
  try {
    await cancelOrphans(engine, id);
  } catch (error) {
    // It stays on the list, and is shown: `runs cancel`. Without its secret it fails as it starts.
    engine.log.warn({ run: id, code: asEscrowError(error).code }, 'the job of a trial could not be ended');
  }
  await purgeRun(engine, id);
  return (await leasesOf(engine.ledger.db, id)).map(describeLease).filter(({ state }) => state !== 'gone');
}

function trialOf(engine: Engine, id: string, references: References): Trial {
  return {
    id,
    references,
    whose: whoseAre(engine),
    noteDefinition: async (name, registered) => {
      await write(engine, 'records.write', (db) =>
        noteDefinition(engine, db, id, { name, registered, at: now(engine) }),
      );
    },
    noteJob: async (job, name) => {
      await write(engine, 'records.write', (db) =>
        noteGridLine(db, id, { submitted: { executor: 'awsbatch', id: job, name } }),
      );
    },
    noteJobOver: async (job) => {
      await write(engine, 'records.write', (db) => noteGridLine(db, id, { completed: job }));
    },
  };
}

function rowOf(engine: Engine, id: string, environment: ComputeEnvironment) {
  return {
    id,
    state: 'created',
    workspace: engine.defaultWorkspace,
    compute_environment: environment.name,
    launch_directory: '-',
    nextflow: '-',
    arguments: JSON.stringify(['doctor', '--probe']),
    plan: '[]',
    launcher: JSON.stringify(identifySelf()),
    launch_deadline: now(engine),
    run_name: 'probe',
    cancel_requested: 0,
    created_at: now(engine),
  } as const;
}
