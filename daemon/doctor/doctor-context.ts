import { locatePaths, type Environment, type Paths } from '../config/paths.ts';
import { loadSettings, type Settings } from '../config/settings.ts';
import { asEscrowError, systemCode, type EscrowError } from '../errors.ts';
import { readUmask } from '../system/processes/umask.ts';
import { cpuLimitSeconds } from '../system/processes/cpu-limit.ts';
import { logindPaths, type LogindPaths } from '../system/processes/logind.ts';
import { runWithTimeout } from '../system/processes/run-with-timeout.ts';
import { runCommandWithin } from '../schedulers/run-command.ts';
import { createScheduler } from '../schedulers/create-scheduler.ts';
import type { Scheduler } from '../schedulers/scheduler.ts';
import type { Executor } from '../contract/types.ts';

/** What the checks look at. All that could differ between two machines or moments is in here. */
export interface DoctorContext {
  readonly env: Environment;
  /** The version of nf-escrow that asks. */
  readonly version: string;
  /** Undefined where even they cannot be worked out; then `settingsError` says why. */
  readonly paths: Paths | undefined;
  /** The nextflow that the settings name. */
  readonly nextflow: string | undefined;
  readonly settingsError: EscrowError | undefined;
  /** What becomes of runs when others can change what they execute. */
  readonly policy: Settings['writableByOthers'];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly umask: number;
  /** After so much processor time the kernel ends a process; undefined: never. */
  readonly cpuSeconds: number | undefined;
  readonly logind: LogindPaths;
  /** One that answers soon, or not at all. */
  readonly schedulerOf: (executor: Executor) => Scheduler;
  /** How long a command, a file system or the daemon may take to answer, in milliseconds. */
  readonly limitMs: number;
  /** Whether the file system of a path answers; a dead server would keep us waiting for ever, unkillable. */
  readonly answers: (path: string) => Promise<boolean>;
}

const LIMIT_MS = 10_000;

/** This process, on this machine, now. Where the configuration file is at fault, the rest is looked at without it. */
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
    const { paths, nextflow: named, writableByOthers: policy } = settings;
    return { ...machine, paths, nextflow: named, policy, settingsError: undefined };
  } catch (error) {
    const settingsError = asEscrowError(error);
    return { ...machine, paths: pathsOf(env), nextflow, policy: 'warn', settingsError };
  }
}

function pathsOf(env: Environment): Paths | undefined {
  try {
    return locatePaths(env);
  } catch {
    return undefined; // loadSettings failed for the same reason, and its error is shown
  }
}

/** Asks through `stat`, which can be given up: a call of our own that hangs could not, not even at our exit. */
export async function answers(path: string, env: Environment, limitMs: number): Promise<boolean> {
  try {
    return !(await runWithTimeout('stat', ['-f', '--', path], { env, limitMs })).timedOut;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true; // there is no `stat` here: take it that it does
    throw error;
  }
}
