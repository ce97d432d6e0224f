import { locatePaths, type Environment, type Paths } from '../config/paths.ts';
import { readWebhooks } from '../config/webhook-setting.ts';
import { loadSettings, type Settings } from '../config/settings.ts';
import { asEscrowError, systemCode, type EscrowError } from '../errors.ts';
import { trustedOwners, userAndRoot, type TrustedOwners } from '../system/files/trust/trusted-owners.ts';
import { readUmask } from '../system/processes/umask.ts';
import { cpuLimitSeconds } from '../system/processes/cpu-limit.ts';
import { logindPaths, type LogindPaths } from '../system/processes/logind.ts';
import { runWithTimeout } from '../system/processes/run-with-timeout.ts';
import { runCommandWithin } from '../schedulers/run-command.ts';
import { createScheduler } from '../schedulers/create-scheduler.ts';
import type { Scheduler } from '../schedulers/scheduler.ts';
import type { Executor } from '../contract/types.ts';

/** The input of the checks: everything that can differ between machines or points in time. */
export interface DoctorContext {
  readonly env: Environment;
  /** The version of this nf-escrow. */
  readonly version: string;
  /** Undefined if the settings do not yield any paths. `settingsError` then says why. */
  readonly paths: Paths | undefined;
  /** The nextflow named in the settings. */
  readonly nextflow: string | undefined;
  readonly settingsError: EscrowError | undefined;
  /** The workspace and the compute environment of a run that names none. Undefined if the settings are invalid or name none. */
  readonly workspace: string | undefined;
  readonly computeEnvironment: string | undefined;
  /** A directory with plugins for the runs of all users. */
  readonly sharedPlugins?: string | undefined;
  /** What happens to runs if other users can change files that they execute. */
  readonly policy: Settings['writableByOthers'];
  /** Accounts that may own and write to these files. */
  readonly owners: TrustedOwners;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly umask: number;
  /** CPU time after which the kernel kills a process, in seconds. Undefined if there is no limit. */
  readonly cpuSeconds: number | undefined;
  readonly logind: LogindPaths;
  /** Returns a scheduler whose commands time out after `limitMs`. */
  readonly schedulerOf: (executor: Executor) => Scheduler;
  /** Returns whether a cron daemon runs. Tests pass their own. */
  readonly isCronRunning?: () => boolean | undefined;
  /** Time limit for answers of a command, a file system or the daemon, in milliseconds. */
  readonly limitMs: number;
  /** Returns whether the file system of a path responds. Access to a dead server would block this process uninterruptibly. */
  readonly answers: (path: string) => Promise<boolean>;
}

const LIMIT_MS = 10_000;

/** Creates the context of this process. If the configuration file is invalid, the other checks run without it. */
export async function createDoctorContext(env: Environment, version: string): Promise<DoctorContext> {
  const machine = {
    env,
    version,
    clock: Date.now,
    umask: readUmask(),
    cpuSeconds: cpuLimitSeconds(),
    logind: logindPaths,
    schedulerOf: (executor: Executor) => createScheduler(executor, runCommandWithin(LIMIT_MS)),
    limitMs: LIMIT_MS,
    answers: (path: string) => answers(path, env, LIMIT_MS),
  };
  const nextflow = env['NF_ESCROW_NEXTFLOW'] || undefined;
  try {
    const settings = await loadSettings(env, locatePaths);
    await readWebhooks(settings.webhooks);
    const { paths, nextflow: named, writableByOthers: policy, workspace, computeEnvironment } = settings;
    const sharedPlugins = settings.pluginsDirectory;
    const owners = trustedOwners(settings.trustedOwners);
    const found = { paths, nextflow: named, policy, owners, workspace, computeEnvironment, sharedPlugins };
    return { ...machine, ...found, settingsError: undefined };
  } catch (error) {
    const settingsError = asEscrowError(error);
    const found = { workspace: undefined, computeEnvironment: undefined, owners: userAndRoot };
    return { ...machine, ...found, paths: pathsOf(env), nextflow, policy: 'warn', settingsError };
  }
}

function pathsOf(env: Environment): Paths | undefined {
  try {
    return locatePaths(env);
  } catch {
    return undefined; // loadSettings failed for the same reason, and its error is shown
  }
}

/**
 * Returns whether the file system of a path responds. Runs `stat`, because a hanging system call of this process cannot be
 * aborted.
 */
export async function answers(path: string, env: Environment, limitMs: number): Promise<boolean> {
  try {
    return !(await runWithTimeout('stat', ['-f', '--', path], { env, limitMs })).timedOut;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true; // without `stat`, assume that it responds
    throw error;
  }
}
