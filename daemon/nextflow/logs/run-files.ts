import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathsNamed } from '../launcher/named-paths.ts';

/** What is known of a run whose files are to be found: nothing of it comes from what its tasks can write. */
export interface RunTraces {
  readonly launchDirectory: string;
  /** Nextflow's command line. */
  readonly arguments: readonly string[];
  /** The log of the head's process, where the launch said that it would be. */
  readonly logFile: string | null;
  /** When it began (milliseconds since 1970): what was written before is of other runs. */
  readonly since: number;
}

/** Options of `nextflow run` that may name a file. */
const NAMING: readonly string[] = ['-with-trace', '-with-report', '-with-timeline', '-with-dag'];
/** Where nothing names them (TraceHelper, launchTimestampFmt; 24.10 to 26.08). */
const USUAL = /^(?:trace|report|timeline|dag)-\d{8}-\d+\.(?:txt|html)$/;
/** File systems count in steps of up to two seconds. */
const COARSE_MS = 2000;
/** A task may fill a directory: so many entries are looked at. */
const MOST = 10_000;

/**
 * The files that Nextflow writes for a run as a whole and that are where they usually are: its log, trace, report, timeline
 * and DAG, its lineage records, cache and history. What a configuration puts elsewhere only the plugin knows.
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
    // Of all sessions: which one is the run's only its log would say.
    ...(await changedIn(join(own, 'cache'), run.since, 2)),
  ];
  return [...new Set(found)];
}

/** Plain files that were changed since, so many levels below a directory; none where it cannot be read. */
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
    return found; // not there, or closed to us
  }
  return found;
}

/** Whether a file was changed since (milliseconds since 1970), as far as its file system tells. */
export function isNewer(path: string, since: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs >= since - COARSE_MS;
}
