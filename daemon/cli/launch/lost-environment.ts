import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { RunStart } from '../../contract/types.ts';
import { childrenOf } from '../../system/processes/children.ts';

/** Time after the first look in which a `java` starts. Each look reads many files, so a run without one is not watched to its end. */
const LOOK_MS = 60_000;
/** Limits, because a launcher may start any number of processes. */
const LEVELS_MAX = 4;
const PROCESSES_MAX = 50;

/**
 * Detects a launcher that starts Nextflow without the variables of nf-escrow, as wrappers with `env -i` do. Nextflow then runs, but
 * its tasks get no secrets. Looks at the environments of the launcher's process and of each `java` below it: proc(5),
 * /proc/PID/environ. Cannot detect a launcher that starts Nextflow as another user, as `sudo` does: only root can read the
 * environment of such a process.
 */
export class LostEnvironment {
  readonly #entry: string | undefined;
  readonly #now: () => number;
  #isLost: boolean | undefined;
  /** When to stop looking. Undefined before the first look. */
  #until: number | undefined;

  /** `environment`: the variables of the run. `now`: a monotonic clock, in milliseconds. */
  constructor(
    { environment }: Pick<NonNullable<RunStart['start']>, 'environment'>,
    now = (): number => performance.now(),
  ) {
    this.#now = now;
    const store = environment['NXF_SECRETS_FILE'];
    this.#entry = store === undefined ? undefined : `NXF_SECRETS_FILE=${store}`;
  }

  /** Whether Nextflow was seen without the variables. */
  get isLost(): boolean {
    return this.#isLost === true;
  }

  /** Whether no further look is needed. */
  get isDecided(): boolean {
    if (this.#entry === undefined || this.#isLost !== undefined) return true;
    return this.#until !== undefined && this.#now() >= this.#until;
  }

  /** Looks at the processes now. `pid`: the process that the shim started. */
  look(pid: number): void {
    if (this.isDecided || this.#entry === undefined) return;
    this.#until ??= this.#now() + LOOK_MS;
    for (const each of familyOf(pid)) {
      const isJava = programOf(each) === 'java';
      if (each !== pid && !isJava) continue;
      const entries = environmentOf(each);
      if (entries?.includes(this.#entry) === false) this.#isLost = true;
      else if (isJava && entries !== undefined) this.#isLost = false;
    }
  }
}

/** Returns a process and those that it started, directly and indirectly. */
function familyOf(pid: number): number[] {
  const found = [pid];
  let level = [pid];
  for (let depth = 0; depth < LEVELS_MAX && found.length < PROCESSES_MAX; depth += 1) {
    level = level.flatMap(childrenOf);
    found.push(...level);
  }
  return found.slice(0, PROCESSES_MAX);
}

function environmentOf(pid: number): string[] | undefined {
  const entries = read(`/proc/${String(pid)}/environ`)?.split('\0');
  return programOf(pid) === undefined ? undefined : entries; // an ended process has an empty environment
}

function programOf(pid: number): string | undefined {
  try {
    return basename(readlinkSync(`/proc/${String(pid)}/exe`));
  } catch {
    return undefined; // ended, or another user's, as after sudo
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Returns the warning for a run whose secrets did not reach Nextflow. */
export function describeLostEnvironment(nextflow: string): string {
  return (
    `the secrets of the run never reached Nextflow: ${nextflow} starts Nextflow without the variables that nf-escrow sets ` +
    `(as with env -i or sudo). Change ${nextflow} so that it keeps variables whose names begin with NF_ESCROW or NXF_, or select another nextflow with --nextflow.`
  );
}
