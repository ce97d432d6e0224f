import type { Paths } from '../config/paths.ts';
import { EscrowError } from '../errors.ts';
import { pluginsDirectory } from '../nextflow/carrier.ts';
import { localStorePath } from '../nextflow/local-store.ts';
import { failure, type Check } from './check.ts';
import { checkClock } from './clock.ts';
import { checkDirectories } from './directories.ts';
import { checkEnvironment } from './environment.ts';
import { checkExposures } from './exposures.ts';
import { checkJava } from './java.ts';
import { checkLocalStore } from './local-store.ts';
import { checkNextflow } from './nextflow.ts';
import { checkPlugin } from './plugin.ts';
import { checkSettings } from './settings.ts';
import { checkSocket } from './socket.ts';
import { checkSpace } from './space.ts';
import type { Subject } from './subject.ts';
import { checkUmask } from './umask.ts';
import { checkVaultKey } from './vault-key.ts';

/** Some checks that belong together. */
export interface Group {
  readonly name: string;
  readonly look: (subject: Subject) => readonly Check[] | Promise<readonly Check[]>;
  /** What it looks at and may hang; then it is not looked at. */
  readonly touches?: readonly string[];
}

/** Runs all checks, one after the other. A check that throws is a failed check. */
export async function examine(subject: Subject, groups = groupsFor(subject)): Promise<Check[]> {
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

function groupsFor(subject: Subject): Group[] {
  const { paths } = subject;
  const system: Group[] = [
    { name: 'java', look: checkJava },
    { name: 'nextflow', look: checkNextflow },
    { name: 'plugin', look: checkPlugin, touches: [pluginsDirectory(subject.env)] },
    { name: 'settings', look: checkSettings },
  ];
  const surroundings: Group[] = [
    { name: 'umask', look: checkUmask },
    { name: 'local store', look: checkLocalStore, touches: [localStorePath(subject.env)] },
    { name: 'environment', look: checkEnvironment },
  ];
  return [...system, ...(paths === undefined ? [] : groupsOf(paths)), ...surroundings];
}

function groupsOf(paths: Paths): Group[] {
  const { state, runs, keyFile, socketDirectory } = paths;
  return [
    ...checkDirectories(paths),
    { name: 'free space', look: () => checkSpace(paths), touches: [state, runs] },
    { name: 'socket', look: (subject) => checkSocket(paths, subject), touches: [socketDirectory] },
    {
      name: 'pipelines',
      look: (subject) => checkExposures(paths, subject),
      touches: [socketDirectory],
    },
    { name: 'vault key', look: () => checkVaultKey(paths), touches: [keyFile, state] },
    { name: 'clock', look: ({ clock }) => checkClock(paths, clock), touches: [state] },
  ];
}

async function attempt(group: Group, subject: Subject): Promise<readonly Check[]> {
  try {
    return await group.look(subject);
  } catch (error) {
    const found = error instanceof Error ? error.message : 'it could not be looked at';
    const remedy =
      error instanceof EscrowError ? error.hint : 'Mend what the message names, then run this again.';
    return [failure(group.name, found, remedy)];
  }
}

function isHung(name: string, path: string, { limitMs }: Subject): Check {
  return failure(
    name,
    `${path}: its file system did not answer within ${String(limitMs / 1000)} s`,
    'Its server may be down, see `mount`: wait, or set NF_ESCROW_HOME or NF_ESCROW_RUNS_DIR to another directory.',
  );
}
