import { hostname } from 'node:os';
import type { ExposureSearch, SearchGap } from '../../contract/types.ts';
import { homeDirectory } from '../../system/processes/own-account.ts';
import { write, type RunDependencies } from '../dependencies.ts';
import { auditInWorker, type AuditFiles, type AuditResult } from './audit-worker.ts';
import { currentLog } from '../records/current-log.ts';
import { ExposureRecords, writeSearch } from '../records/exposure-records.ts';
import { writeMaskedFiles } from '../records/masked-files.ts';
import { countRows } from '../records/task-records.ts';
import { getRun, type RunRow } from '../records/queries.ts';
import type { RunRedactor } from '../records/run-redactors.ts';

/** Limits of the audit at the end of a run. It delays the record of the purge, never the removal of a secret. */
const LIMITS = { bytes: 1024 * 1024 * 1024, ms: 15_000, findings: 10_000, ranges: 10_000 };
/** Mutex key of the audits of all runs: one after the other, so that few threads wait for a slow file server. */
const LANE = 'audit';
/** Words that every log contains. */
const LOG_WORDS =
  'DEBUG INFO WARN ERROR TRACE [main] nextflow Nextflow Session process task executor local COMPLETED jobId exit status workDir true false null';

/**
 * Audits the files of an ended run for values of its secrets: those of its tasks, and those of the run as a whole. Runs after
 * the removal of the secrets, and before the run is purged, because its values may be deleted then. Never throws: a failure is
 * a gap of the audit.
 */
export async function auditRun(deps: RunDependencies, id: string): Promise<void> {
  const run = await getRun(deps.ledger.db, id);
  if (run.state !== 'ended' || run.started_at === null || run.plan === '[]') return;
  const before = run.search === null ? undefined : (JSON.parse(run.search) as ExposureSearch);
  if (before !== undefined && before.by !== 'plugin') return; // by a daemon that was killed before it recorded the purge
  try {
    await deps.reading.run(LANE, () =>
      deps.redactors.use(deps, run, (redactor) => auditWith(deps, run, redactor, before)),
    );
  } catch (error) {
    deps.log.error({ run: id, err: error }, 'cannot audit the files of the run');
    const failed = { reason: 'failed', count: 1 } as const;
    const search = { ...(before ?? NOTHING), complete: false, gaps: [...(before?.gaps ?? []), failed] };
    await write(deps, 'records.write', (db) => writeSearch(db, id, search));
  }
}

const NOTHING: ExposureSearch = {
  ...{ by: 'daemon', complete: false, tasks: 0, files: 0, bytes: 0, omitted: 0, gaps: [] },
};

/** Without a value to search for, no task is left out. */
const NOTHING_AUDITED: AuditResult = {
  ...{ findings: [], shown: [], gaps: [], omitted: 0, files: 0, bytes: 0 },
  listed: { tasks: 0, isComplete: true },
};

async function auditWith(
  deps: RunDependencies,
  run: RunRow,
  redactor: RunRedactor,
  before: ExposureSearch | undefined,
): Promise<void> {
  const { set } = redactor;
  const common = Buffer.from(commonIn(run));
  const counted = set.needles.map(({ bytes }) => !common.includes(bytes));
  const audited =
    set.longest === 0 ? NOTHING_AUDITED : await auditInWorker(set, counted, LIMITS, await filesOf(deps, run));
  const { listed } = audited;
  const searched = new Set(set.needles.filter((_, needle) => counted[needle]).map(({ secret }) => secret));
  const masked = [...new Set(set.needles.map(({ secret }) => secret))];
  const gaps = [
    ...(listed.isComplete
      ? []
      : [
          {
            reason: 'tasks',
            count: Math.max(0, (await countRows(deps.ledger.db, 'tasks', run.id)) - listed.tasks),
          } as const,
        ]),
    ...audited.gaps.map((gap) =>
      gap.example === undefined ? gap : { ...gap, example: redactor.redact(gap.example) },
    ),
    ...byNames(
      redactor,
      masked.filter((secret) => !searched.has(secret)),
      before,
    ),
  ];
  const search: ExposureSearch = {
    by: before === undefined ? 'daemon' : 'both',
    complete: gaps.length === 0,
    tasks: Math.max(listed.tasks, before?.tasks ?? 0),
    files: audited.files,
    bytes: audited.bytes,
    omitted: audited.omitted + (before?.omitted ?? 0),
    gaps,
  };
  await record(deps, run, redactor, audited, search);
}

async function record(
  deps: RunDependencies,
  run: RunRow,
  redactor: RunRedactor,
  audited: AuditResult,
  search: ExposureSearch,
): Promise<void> {
  const records = new ExposureRecords(run);
  const work = workDirectoryOf(run);
  await write(deps, 'records.write', async (db) => {
    for (const { file, secret, encodings } of audited.findings)
      await records.writeExposure(db, {
        file: redactor.redact(inWork(work, file.path)),
        task: file.task ?? null,
        process: file.process ?? null,
        secrets: [secret],
        encodings,
      });
    await writeMaskedFiles(db, run.id, audited.shown);
    await writeSearch(db, run.id, search);
  });
}

/** The plugin's paths are relative to the work directory too, so that both find the same file once. */
function inWork(work: string | undefined, path: string): string {
  return work !== undefined && path.startsWith(`${work}/`) ? path.slice(work.length + 1) : path;
}

function workDirectoryOf({ work_directory, work_expected }: RunRow): string | undefined {
  const work = work_directory ?? work_expected;
  return work?.startsWith('/') === true ? work.replace(/\/+$/, '') : undefined;
}

async function filesOf(deps: RunDependencies, run: RunRow): Promise<AuditFiles> {
  const logFile = currentLog(run);
  return {
    shown: [run.output_file, logFile].filter((path) => path !== null),
    launchDirectory: run.launch_directory,
    arguments: JSON.parse(run.arguments) as string[],
    logFile,
    since: Date.parse(run.started_at ?? run.created_at),
    workDirectory: workDirectoryOf(run),
    // A trace has only the tasks that have ended.
    knowsTasks: run.work_directory !== null,
    tasks: await deps.ledger.db
      .selectFrom('tasks')
      .select(['task_id as id', 'process', 'hash'])
      .where('run_id', '=', run.id)
      .execute(),
  };
}

/** Returns paths and names that Nextflow writes for every run on this host. */
function commonIn(run: RunRow): string {
  return [
    LOG_WORDS,
    run.launch_directory,
    run.nextflow,
    run.run_name ?? '',
    homeDirectory(),
    hostname(),
  ].join('\n');
}

/** Returns the values that were not searched for. The plugin has those that no vault has, and those of a locked vault. */
function byNames(
  { short, locked, unknown }: RunRedactor,
  common: readonly string[],
  before: ExposureSearch | undefined,
): SearchGap[] {
  const isSearched = before?.complete === true;
  const names: readonly (readonly [SearchGap['reason'], readonly string[]])[] = [
    ['value-short', short],
    ['value-common', common],
    ['value-unknown', isSearched ? [] : unknown],
    ['vault-locked', isSearched ? [] : locked],
  ];
  return names.flatMap(([reason, of]) =>
    of.length === 0 ? [] : [{ reason, count: of.length, secrets: [...of] }],
  );
}
