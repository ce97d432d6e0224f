import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { takesValue } from '../launcher/arguments.ts';

/** What is known of a run whose files are to be found: nothing of it comes from what its tasks can write. */
export interface RunTraces {
  readonly launchDirectory: string;
  /** Nextflow's command line. */
  readonly arguments: readonly string[];
  /** The log, as it was told by the head's process. */
  readonly logFile: string | null;
  readonly sessionId: string | null;
  /** When it began (milliseconds since 1970): what was written before is of other runs. */
  readonly since: number;
}

/** Options of `nextflow run` that may name a file. */
const NAMING: readonly string[] = ['-with-trace', '-with-report', '-with-timeline', '-with-dag'];
/** Where nothing names them (TraceHelper, launchTimestampFmt; 24.10 to 26.08). */
const USUAL = /^(?:trace|report|timeline|dag)-\d{8}-\d+\.(?:txt|html)$/;
const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** File systems count in steps of up to two seconds. */
const COARSE_MS = 2000;
/** A task may fill a directory: so many entries are looked at. */
const MOST = 10_000;

/**
 * The files that Nextflow writes for a run as a whole and that are where they usually are: its log, trace, report, timeline
 * and DAG, its lineage records, cache and history. What a configuration puts elsewhere only the plugin knows.
 */
export async function findRunFiles(run: RunTraces): Promise<string[]> {
  const { launchDirectory, logFile, sessionId } = run;
  const own = join(launchDirectory, '.nextflow');
  const cache = sessionId !== null && SESSION.test(sessionId) ? join(own, 'cache', sessionId) : undefined;
  const found = [
    ...(logFile === null ? [] : [logFile]),
    ...namedIn(run),
    ...(await changedIn(launchDirectory, run.since, 0, USUAL)),
    join(own, 'history'),
    ...(await changedIn(join(launchDirectory, '.lineage'), run.since, 3)),
    ...(cache === undefined ? [] : await changedIn(cache, run.since, 1)),
  ];
  return [...new Set(found)];
}

/** Files that the command line names. */
function namedIn({ arguments: args, launchDirectory }: RunTraces): string[] {
  return args.flatMap((argument, index) => {
    const next = args[index + 1];
    return NAMING.includes(argument) && next !== undefined && takesValue(argument, next)
      ? [resolve(launchDirectory, next)]
      : [];
  });
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

function isNewer(path: string, since: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs >= since - COARSE_MS;
}
