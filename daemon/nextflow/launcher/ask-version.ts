import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import type { Launcher } from './version.ts';

/** Where a launcher is asked. */
interface Where {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly state: string;
  /** Default: a minute. A JVM may take that long on a busy login node. */
  readonly limitMs?: number;
}

/** One answer of a launcher. */
interface Remembered {
  readonly key: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const FILE = 'nextflow-versions.json';
const FILE_MAX = 64 * 1024;
const ENTRIES_MAX = 20;
/** A wrapper may start another Nextflow from one day to the next without any change of the wrapper itself. */
const VALID_MS = 24 * 3600_000;
const LIMIT_MS = 60_000;
const ANSWER = /^\s*(?:nextflow )?version:? (\d+\.\d+\.\d+(?:-[a-z0-9]+)??)(?:\.\d+)?\s*$/im;

/**
 * Completes the facts about a launcher whose version is not certain from its files: a site's wrapper, which may start any
 * Nextflow. Starts it with `-v`, which takes as long as a JVM, and remembers the answer for a day. The version is undefined if
 * there is no answer in time.
 */
export async function askLauncher(path: string, launcher: Launcher, where: Where): Promise<Launcher> {
  if (launcher.isCertain) return launcher;
  const file = join(where.state, FILE);
  const known = read(file).filter(({ at }) => at <= Date.now() && Date.now() - at < VALID_MS);
  const key = keyOf(path, where.env);
  const version = known.find((each) => each.key === key)?.version ?? (await ask(path, where));
  if (version !== undefined && !known.some((each) => each.key === key)) {
    const entries = [{ key, version, at: Date.now() }, ...known].slice(0, ENTRIES_MAX);
    writeFileAtomic(file, JSON.stringify(entries));
  }
  return { ...launcher, version, from: 'its answer to -v' };
}

async function ask(nextflow: string, { limitMs = LIMIT_MS, ...where }: Where): Promise<string | undefined> {
  const { askNextflow } = await import('./ask.ts'); // most launchers need not be asked
  try {
    const { output, error } = await askNextflow({ nextflow, arguments: ['-v'], ...where, limitMs });
    return error === undefined ? ANSWER.exec(output)?.[1] : undefined;
  } catch {
    return undefined; // it cannot be started: the launch itself reports why
  }
}

/** Depends on the launcher's file and on the variables by which launchers choose a version. */
function keyOf(path: string, env: Where['env']): string {
  const real = realpathSync(path);
  const { dev, ino, size, mtimeMs } = statSync(real);
  const variables = [
    'NXF_VER',
    'NXF_EDGE',
    'NXF_HOME',
    'NXF_BIN',
    'NXF_DIST',
    'LOADEDMODULES',
    'CONDA_PREFIX',
  ];
  const facts = [path, real, dev, ino, size, mtimeMs, ...variables.map((name) => env[name] ?? '')];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}

function read(file: string): Remembered[] {
  try {
    const entries: unknown = JSON.parse(readFileNoFollow(file, FILE_MAX)?.toString('utf8') ?? '[]');
    return Array.isArray(entries) ? entries.filter(isRemembered) : [];
  } catch {
    return []; // missing or damaged: the launcher is asked again
  }
}

function isRemembered(entry: unknown): entry is Remembered {
  if (typeof entry !== 'object' || entry === null) return false;
  const { key, version, at } = entry as Record<string, unknown>;
  return typeof key === 'string' && typeof version === 'string' && typeof at === 'number';
}
