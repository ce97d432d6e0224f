import type { Paths } from '../config/paths.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import { asEscrowError } from '../errors.ts';
import { ownPluginsDirectory } from '../nextflow/plugin/plugins-directory.ts';
import { homeOf } from '../nextflow/launcher/nextflow-home.ts';
import { localStorePath } from '../nextflow/launcher/local-store.ts';
import { failure, type Check } from './check.ts';
import { checkClock } from './checks/clock.ts';
import { checkCpuTime } from './checks/cpu-time.ts';
import { checkCron } from './checks/cron.ts';
import { checkDirectories, checkRunsDirectory } from './checks/directories.ts';
import { checkCurrentDirectory, currentDirectory } from './checks/current-directory.ts';
import { checkEnvironment } from './checks/environment.ts';
import { checkExecuted } from './checks/executed.ts';
import { checkExposures } from './checks/exposures.ts';
import { checkJava } from './checks/java.ts';
import { checkLocalStore } from './checks/local-store.ts';
import { checkLogout } from './checks/logout.ts';
import { checkNextflow } from './checks/nextflow.ts';
import { checkPlugin } from './checks/plugin.ts';
import { checkScheduler } from './checks/scheduler.ts';
import { checkSettings } from './checks/settings.ts';
import { checkSocket } from './checks/socket.ts';
import { checkSpace } from './checks/space.ts';
import type { DoctorContext } from './doctor-context.ts';
import { checkVaultKey } from './checks/vault-key.ts';

/** A group of related checks. */
export interface CheckGroup {
  readonly name: string;
  readonly look: (subject: DoctorContext) => readonly Check[] | Promise<readonly Check[]>;
  /** Paths that the group accesses. If the file system of one does not respond, the group is not run. */
  readonly touches?: readonly string[];
}

/** Runs groups of checks one after the other, by default all. A group that throws becomes a failed check. */
export async function runChecks(subject: DoctorContext, groups = groupsFor(subject)): Promise<Check[]> {
  const touched = [...new Set(groups.flatMap(({ touches }) => touches ?? []))];
  const answered = await Promise.all(touched.map(async (path) => subject.answers(path)));
  const silent = new Set(touched.filter((_path, index) => answered[index] === false));
  const checks: Check[] = [];
  for (const group of groups) {
    const hung = group.touches?.find((path) => silent.has(path));
    checks.push(
      ...(hung === undefined ? await attempt(group, subject) : [isHung(group.name, hung, subject)]),
    );
  }
  return checks;
}

/** Returns all groups of checks, including what a given compute environment needs on this machine. */
export function groupsFor(subject: DoctorContext, environment?: ComputeEnvironment): CheckGroup[] {
  const { paths } = subject;
  const state = paths === undefined ? [] : [paths.state];
  const directory = currentDirectory();
  const hpc = environment?.platform === 'hpc' ? environment : undefined;
  const system: CheckGroup[] = [
    { name: 'java', look: checkJava },
    { name: 'nextflow', look: (its) => checkNextflow(its, environment), touches: state },
    {
      name: 'plugin',
      look: (its) => checkPlugin(its, environment),
      touches: [...state, ownPluginsDirectory({ env: subject.env, directory: directory ?? '/' })],
    },
    { name: 'settings', look: checkSettings },
    {
      name: 'current directory',
      look: checkCurrentDirectory,
      touches: directory === undefined ? [] : [directory],
    },
  ];
  const surroundings: CheckGroup[] = [
    { name: 'scheduler', look: (its) => checkScheduler(its, hpc?.executor ?? undefined) },
    { name: 'logout', look: checkLogout },
    { name: 'crontab', look: checkCron },
    { name: 'CPU time limit', look: checkCpuTime },
    {
      name: 'executed files',
      look: (its) => checkExecuted(its, environment),
      touches: directory === undefined ? [] : [directory, homeOf({ env: subject.env, directory })],
    },
    { name: 'Nextflow secrets', look: checkLocalStore, touches: [localStorePath(subject.env)] },
    { name: 'environment', look: checkEnvironment },
  ];
  const own = hpc?.runsDirectory ?? undefined;
  return [
    ...system,
    ...(paths === undefined ? [] : groupsOf(paths)),
    ...(paths === undefined || own === undefined
      ? []
      : [...checkRunsDirectory(own), spaceOf({ ...paths, runs: own })]),
    ...surroundings,
  ];
}

function groupsOf(paths: Paths): CheckGroup[] {
  const { state, keyFile, socketDirectory } = paths;
  return [
    ...checkDirectories(paths),
    spaceOf(paths),
    { name: 'socket', look: (subject) => checkSocket(paths, subject), touches: [socketDirectory] },
    {
      name: 'exposed values',
      look: (subject) => checkExposures(paths, subject),
      touches: [socketDirectory],
    },
    { name: 'vault key', look: () => checkVaultKey(paths), touches: [keyFile, state] },
    { name: 'clock', look: ({ clock }) => checkClock(paths, clock), touches: [state] },
  ];
}

function spaceOf(paths: Paths): CheckGroup {
  return { name: 'free space', look: () => checkSpace(paths), touches: [paths.state, paths.runs] };
}

async function attempt(group: CheckGroup, subject: DoctorContext): Promise<readonly Check[]> {
  try {
    return await group.look(subject);
  } catch (error) {
    const known = asEscrowError(error);
    const isOther = known.code === 'internal' && known !== error;
    const remedy = isOther ? 'Fix the reported problem, then run doctor again.' : known.hint;
    return [failure(group.name, known.message, remedy)];
  }
}

function isHung(name: string, path: string, { limitMs }: DoctorContext): Check {
  return failure(
    name,
    `${path}: its file system did not respond within ${String(limitMs / 1000)} s`,
    'Its server may be down (see `mount`). Wait, or set NF_ESCROW_HOME or NF_ESCROW_RUNS_DIR to another directory.',
  );
}
