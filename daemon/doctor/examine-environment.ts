import type { ComputeEnvironment } from '../contract/types.ts';
import { asEscrowError } from '../errors.ts';
import { failure, type Check } from './check.ts';
import { createDoctorContext, type DoctorContext } from './doctor-context.ts';
import { groupsFor, runChecks } from './examine.ts';
import type { AllPlatformChecks } from './platform-checks.ts';

/**
 * The groups that do not depend on a shell of the user: on its current directory, its variables, or its session. Only a
 * command can check those.
 */
const IN_DAEMON: readonly string[] = [
  'java',
  'nextflow',
  'plugin',
  'settings',
  'state directory',
  'runs directory',
  'environment runs directory',
  'free space',
  'clock',
  'scheduler',
];

/** Examines compute environments in the daemon. Concurrent requests for the same environment share one examination. */
export class EnvironmentExaminer {
  readonly #platformChecks: AllPlatformChecks;
  readonly #createContext: () => Promise<DoctorContext>;
  readonly #running = new Map<string, Promise<Check[]>>();

  constructor(
    platformChecks: AllPlatformChecks,
    version: string,
    createContext = (): Promise<DoctorContext> => createDoctorContext(process.env, version),
  ) {
    this.#platformChecks = platformChecks;
    this.#createContext = createContext;
  }

  /** Returns the checks of this machine and of the platform's service. A service that does not answer is a failed check. */
  async examine(environment: ComputeEnvironment, workspace: string | undefined): Promise<Check[]> {
    const key = JSON.stringify([environment.name, environment.etag, workspace]);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#examine(environment, workspace).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  async #examine(environment: ComputeEnvironment, workspace: string | undefined): Promise<Check[]> {
    const context = await this.#createContext();
    const groups = groupsFor(context, environment).filter(({ name }) => IN_DAEMON.includes(name));
    return [...(await runChecks(context, groups)), ...(await this.#service(environment, workspace))];
  }

  async #service(environment: ComputeEnvironment, workspace: string | undefined): Promise<Check[]> {
    try {
      return (await this.#platformChecks[environment.platform]?.check(environment, workspace)) ?? [];
    } catch (error) {
      const { message, hint } = asEscrowError(error);
      return [failure(environment.platform, message, hint)];
    }
  }
}
