import { findWorkspace, titleOf, type WorkspaceScope } from '../access/scopes.ts';
import { findComputeEnvironment } from '../compute-envs/compute-environments.ts';
import type {
  ComputeEnvironment,
  Launch,
  LaunchPreview,
  LaunchRequest,
  ParameterCheck,
  ParameterSchema,
  ParameterSchemaQuery,
  Plan,
  Run,
} from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RememberedRun } from '../runs/materialize/remembered-run.ts';
import type { Runs } from '../runs/runs.ts';
import { identifySelf } from '../system/processes/process-identity.ts';
import { assertValid, compareParameters } from './compare-parameters.ts';
import { inspect } from './inspect.ts';
import { runChild, unanswered } from './child/run-child.ts';
import type { ChildTasks, PreparedRequest } from './child/tasks.ts';
import type { LaunchContext } from './launch-context.ts';
import { launchEnvironment } from './launch-environment.ts';
import { withParametersOfText } from './parameters-of-text.ts';
import { processesOf } from './processes-of.ts';
import { runDetached, type Surroundings } from './run-detached.ts';
import { TurnQueue } from './turn-queue.ts';
import { writeHeadEnvironment } from './write-head-environment.ts';

/** Time limit for building a request. Nextflow may have to evaluate the configuration, and clone the pipeline before. */
const PREPARE_MS = 11 * 60_000;
/** Each launch needs processes of 50 MB. */
const CONCURRENT = 4;

/** What launches need of the daemon. */
export interface LaunchParts {
  readonly ledger: Ledger;
  readonly runs: Runs;
  readonly context: LaunchContext;
  /** The environment with which the daemon was started. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The umask with which the daemon was started. */
  readonly umask: number;
}

/** What a repeated request for a launch needs. */
interface RememberedLaunch {
  readonly run: string;
  readonly plan: Plan;
  readonly warnings: readonly string[];
}

/** A launch before anything is recorded. */
interface PreparedLaunch extends PreparedRequest {
  readonly check: ParameterCheck;
  readonly processes: ChildTasks['pipeline']['output']['processes'];
  readonly surroundings: Surroundings;
  readonly workspace: WorkspaceScope;
}

/** Starts runs in the daemon, for clients that have no shell on its machine. */
export class Launches {
  readonly #parts: LaunchParts;
  readonly #turns = new TurnQueue(CONCURRENT);

  constructor(parts: LaunchParts) {
    this.#parts = parts;
  }

  /** Number of launches that keep this daemon from being idle. */
  get active(): number {
    return this.#turns.size;
  }

  /** Returns what a launch would do. Throws the errors with which it would fail, except those of the parameters. */
  async preview(given: LaunchRequest): Promise<LaunchPreview> {
    return this.#turns.run(async () => {
      const launch = await withParametersOfText(given);
      const { request, check, processes, warnings, workspace } = await this.#prepare(launch);
      const plan = await this.#parts.runs.explain(request);
      const { db } = this.#parts.ledger;
      return {
        plan,
        warnings: [...warnings],
        parameters: check,
        processes: await processesOf(db, {
          launch,
          workspace: titleOf(workspace),
          plan,
          declared: processes,
        }),
      };
    });
  }

  /**
   * Starts a run like `nf-escrow run --detach`, with the environment of its compute environment. Throws `parameters-invalid`,
   * `launch-directory-unusable`, `launch-not-prepared`, and the errors of planning and delivering.
   */
  async start(given: LaunchRequest, remember: Remember = rememberNothing): Promise<Launch> {
    return this.#turns.run(async () => {
      const launch = await withParametersOfText(given);
      const { request, check, warnings, surroundings } = await this.#prepare(launch);
      assertValid(check);
      const parameters =
        launch.parameters === undefined ? {} : { parameters: JSON.stringify(launch.parameters) };
      const rememberLaunch: Remember = (db, reply) => {
        const { run, plan } = reply as RememberedRun;
        return remember(db, { run, plan, warnings } satisfies RememberedLaunch);
      };
      const created = await this.#parts.runs.create({ ...request, ...parameters }, rememberLaunch);
      return {
        run: await this.#startHead(created, surroundings),
        plan: created.plan,
        warnings: [...warnings],
      };
    });
  }

  /** Returns the run that an earlier request with the same idempotency key started, in its current state. */
  async repeat({ run, plan, warnings }: RememberedLaunch): Promise<Launch> {
    return { run: await this.#parts.runs.find(run), plan, warnings: [...warnings] };
  }

  /** Returns the schema of a pipeline's parameters. */
  async parameterSchema({ computeEnvironment, ...launch }: ParameterSchemaQuery): Promise<ParameterSchema> {
    const { environment } = this.#surroundings(launch, await this.#findEnvironment(computeEnvironment));
    const { found } = await this.#turns.run(() => inspect(launch, environment));
    const { schema, ...rest } = found;
    return { schema: schema as ParameterSchema['schema'], ...rest };
  }

  async #prepare(launch: LaunchRequest): Promise<PreparedLaunch> {
    const { ledger, context } = this.#parts;
    const workspace = await findWorkspace(
      ledger.db,
      (launch.workspace ?? context.settings.workspace).replace(/^local:/, ''), // other servers: only `run` uses them
    );
    const environment = await this.#findEnvironment(launch.computeEnvironment);
    const surroundings = this.#surroundings(launch, environment);
    const { found, processes } = await inspect(launch, surroundings.environment);
    const check = await compareParameters(found, launch);
    const { umask } = surroundings;
    const prepared = await runChild(
      'request',
      { context, launch: { ...launch, parameters: {} }, environment, umask },
      { env: surroundings.environment, limitMs: PREPARE_MS },
    );
    if (prepared === undefined) throw unanswered('the request for the run could not be built');
    // The daemon starts the shim. If it is killed before, the next daemon aborts the run.
    const request = { ...prepared.request, launcher: identifySelf() };
    return { request, warnings: prepared.warnings, check, processes, surroundings, workspace };
  }

  async #findEnvironment(named: string | undefined): Promise<ComputeEnvironment> {
    const { ledger, context } = this.#parts;
    return findComputeEnvironment(ledger.db, named ?? context.settings.computeEnvironment);
  }

  #surroundings(
    { launchDirectory }: Pick<LaunchRequest, 'launchDirectory'>,
    own: ComputeEnvironment,
  ): Surroundings {
    const { environment, umask } = this.#parts;
    return {
      directory: launchDirectory,
      environment: launchEnvironment(environment, own.environment),
      umask,
    };
  }

  async #startHead(
    { run, start }: Awaited<ReturnType<Runs['create']>>,
    surroundings: Surroundings,
  ): Promise<Run> {
    const { runs } = this.#parts;
    if (run === undefined || start === undefined)
      throw new EscrowError('internal', 'The run was not created.');
    try {
      if (start.environmentFile !== undefined) {
        writeHeadEnvironment(start, surroundings.environment);
        return await runs.submit(run.id, start.arguments);
      }
      await runDetached(start, surroundings);
      return await runs.started(run.id);
    } catch (error) {
      await runs.callOff(run.id);
      throw error;
    }
  }
}
