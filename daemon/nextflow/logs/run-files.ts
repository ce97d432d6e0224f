import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathsNamed } from '../launcher/named-paths.ts';

/** Input for the search for a run's files. None of it comes from files that its tasks can write. */
export interface RunTraces {
  readonly launchDirectory: string;
  /** Nextflow's command line. */
  readonly arguments: readonly string[];
  /** Log of the head, at the path that was determined at launch. */
  readonly logFile: string | null;
  /** Start of the run (milliseconds since 1970). Older files belong to other runs. */
  readonly since: number;
}

/** Options of `nextflow run` that may name a file. */
const NAMING: readonly string[] = ['-with-trace', '-with-report', '-with-timeline', '-with-dag'];
/** Default names of these files (TraceHelper, launchTimestampFmt; 24.10 to 26.08). */
const USUAL = /^(?:trace|report|timeline|dag)-\d{8}-\d+\.(?:txt|html)$/;
/** Maximum granularity of timestamps of a file system. */
const COARSE_MS = 2000;
/** Maximum number of entries that are examined, because a task may fill a directory. */
const MOST = 10_000;

/**
 * Finds the files that Nextflow writes for a whole run at their default or named paths: log, trace, report, timeline, DAG,
 * lineage records, cache and history. Only the plugin knows paths that the configuration sets.
 */
export async function findRunFiles(run: RunTraces): Promise<string[]> {
  const { launchDirectory, logFile } = run;
  const own = join(launchDirectory, '.nextflow');
  const found = [
    ...(logFile === null ? [] : [logFile]),
    ...pathsNamed(NAMING, run.arguments, launchDirectory),
    ...(await changedIn(launchDirectory, run.since, 0, USUAL)),
    join(own, 'history'),
    ...(await changedIn(join(launchDirectory, '.lineage'), run.since, 3)),
    // All sessions, because only the log names the run's session, and tasks can forge the log.
    ...(await changedIn(join(own, 'cache'), run.since, 2)),
  ];
  return [...new Set(found)];
}

/** Returns the regular files below a directory, down to `depth` levels, that were changed after `since`. Empty if unreadable. */
async function changedIn(directory: string, since: number, depth: number, name?: RegExp): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  const visit = async (path: string, levels: number): Promise<void> => {
    for await (const entry of await opendir(path)) {
      if ((seen += 1) > MOST) return;
      const inner = join(path, entry.name);
      if (entry.isDirectory() && levels > 0) await visit(inner, levels - 1);
      else if (entry.isFile() && name?.test(entry.name) !== false && isNewer(inner, since)) found.push(inner);
    }
  };
  try {
    await visit(directory, depth);
  } catch {
    return found; // not found or not readable
  }
  return found;
}

/** Returns whether a file was changed after `since` (milliseconds since 1970), within the granularity of timestamps. */
export function isNewer(path: string, since: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs >= since - COARSE_MS;
}
