import { homedir, hostname } from 'node:os';
import type { ExposureSearch, SearchGap } from '../../contract/types.ts';
import { findRunFiles } from '../../nextflow/logs/run-files.ts';
import { searchFiles, type SearchedFiles } from '../../redaction/search-files.ts';
import { searchTerms, type SearchTerms } from '../../redaction/search-terms.ts';
import { write, type RunDependencies } from '../dependencies.ts';
import { ExposureRecords, writeSearch } from './exposure-records.ts';
import { getRun, type RunRow } from './queries.ts';
import { runValues, type RunValues } from './run-values.ts';

/** Limits of the search at the end of a run. */
const LIMITS = { bytes: 256 * 1024 * 1024, ms: 10_000 };
/** Words that every log contains. */
const LOG_WORDS =
  'DEBUG INFO WARN ERROR TRACE [main] nextflow Nextflow Session process task executor local COMPLETED jobId exit status workDir true false null';

/**
 * Searches the files of an ended run for values of its secrets, if the plugin has not: it was not used, had no values, or was
 * killed with the head. Must run before the purge, because the values may be deleted afterwards. Does not search files of
 * tasks, because only the plugin knows all work directories.
 */
export async function searchRunFiles(deps: RunDependencies, id: string): Promise<void> {
  const run = await getRun(deps.ledger.db, id);
  if (run.state !== 'ended' || run.search !== null || run.started_at === null || run.plan === '[]') return;
  const values = await runValues(deps, run);
  const terms = searchTerms(values.values, commonIn(run));
  const files = terms.terms.length === 0 ? [] : await findRunFiles(tracesOf(run, run.started_at));
  const searched = await searchFiles(files, terms.terms, LIMITS);
  const search: ExposureSearch = {
    by: 'daemon',
    complete: false,
    tasks: 0,
    files: searched.files,
    bytes: searched.bytes,
    omitted: 0,
    gaps: [{ reason: 'tasks', count: await countTasks(deps, id) }, ...gapsOf(searched, terms, values)],
  };
  const records = new ExposureRecords(run);
  await write(deps, 'records.write', async (db) => {
    for (const { path, secrets } of searched.found)
      await records.writeExposure(db, { file: path, task: null, process: null, secrets });
    await writeSearch(db, id, search);
  });
}

function tracesOf(run: RunRow, startedAt: string): Parameters<typeof findRunFiles>[0] {
  return {
    launchDirectory: run.launch_directory,
    arguments: JSON.parse(run.arguments) as string[],
    logFile: run.log_file,
    since: Date.parse(startedAt),
  };
}

/** Returns paths and names that Nextflow writes for every run on this host. */
function commonIn(run: RunRow): string {
  return [LOG_WORDS, run.launch_directory, run.nextflow, run.run_name ?? '', homedir(), hostname()].join(
    '\n',
  );
}

async function countTasks(deps: RunDependencies, run: string): Promise<number> {
  const { count } = await deps.ledger.db
    .selectFrom('tasks')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('run_id', '=', run)
    .executeTakeFirstOrThrow();
  return count;
}

function gapsOf(searched: SearchedFiles, terms: SearchTerms, values: RunValues): SearchGap[] {
  const byReason = new Map<SearchGap['reason'], SearchGap>();
  for (const { reason, path } of searched.gaps)
    byReason.set(reason, {
      example: path,
      ...byReason.get(reason),
      reason,
      count: (byReason.get(reason)?.count ?? 0) + 1,
    });
  const byNames: readonly (readonly [SearchGap['reason'], readonly string[]])[] = [
    ['value-short', terms.short],
    ['value-common', terms.common],
    ['value-unknown', values.unknown],
    ['vault-locked', values.locked],
  ];
  return [
    ...byReason.values(),
    ...byNames.flatMap(([reason, names]) =>
      names.length === 0 ? [] : [{ reason, count: names.length, secrets: [...names] }],
    ),
  ];
}
