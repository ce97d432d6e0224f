import { assertOnePosition, pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import { timeFilter } from '../../contract/time-filter.ts';
import type { RunQuery } from '../../contract/types.ts';
import { fragmentsOf } from '../../ledger/fragments.ts';
import { permittedTitles } from '../../access/permitted-objects.ts';
import type { TeamPrincipal } from '../../access/principal.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { RunRow } from './queries.ts';

/** Filter for a list of runs. All given conditions must match. */
export type RunFilter = PageRequest &
  Omit<RunQuery, 'limit' | 'cursor'> & {
    /** Only runs that this principal of a team server may see. */
    readonly visibleTo?: TeamPrincipal;
  };

type Conditions = Omit<RunFilter, 'limit' | 'cursor' | 'offset' | 'count' | 'text'>;

/** A page, with the number of runs of all pages if the request asks for it. */
export interface RunPage<Run = RunRow> extends Page<Run> {
  readonly total?: number;
}

const COLLECTION = 'runs';
const OPEN = ['created', 'materialized', 'running', 'ended'] as const;
/** Numbers of runs that contain a text are read in chunks, and then filtered. Most pages need the first one only. */
const FIRST_CHUNK = 250;
const LARGEST_CHUNK = 2000;

/**
 * Lists runs in the reverse order in which they were recorded. A run that is recorded between two requests is in no later
 * page, unless the page is requested by its offset. Throws `cursor-invalid`, `request-unprocessable`.
 */
export async function listRuns(db: Queries, request: RunFilter): Promise<RunPage> {
  const { limit, cursor, offset, count = false, text, ...conditions } = request;
  assertOnePosition(request);
  const [before = Number.MAX_SAFE_INTEGER] = readCursor(COLLECTION, cursor, ['number']) ?? [];
  const filter = { ...conditions, ...timeFilter(conditions) };
  const part = { before, offset: offset ?? 0, limit: limit + 1 };
  const numbers =
    text === undefined ? await matching(db, filter, part) : await containing(db, text, filter, part);
  const total = count ? { total: await countMatching(db, text, filter) } : {};
  if (numbers.length === 0) return { items: [], ...total };
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('number', 'in', numbers)
    .orderBy('number', 'desc')
    .execute();
  return { ...pageOf(COLLECTION, rows, limit, ({ number }) => [number]), ...total };
}

/** Counts the runs of all pages. */
async function countMatching(db: Queries, text: string | undefined, conditions: Conditions): Promise<number> {
  let query = select(db, conditions);
  if (text !== undefined) query = query.where('number', 'in', withText(db, text));
  const { count } = await query
    .clearSelect()
    .select((row) => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** Which runs to search: those before a number, or those with one of these numbers. */
interface Part {
  readonly before: number;
  readonly limit: number;
  readonly offset: number;
  readonly among?: readonly number[];
}

/** Returns the numbers of runs that match. Reads only an index. */
async function matching(
  db: Queries,
  conditions: Conditions,
  { before, limit, offset, among }: Part,
): Promise<number[]> {
  let query = select(db, conditions).where('number', '<', before);
  if (among !== undefined) query = query.where('number', 'in', among);
  const rows = await query.orderBy('number', 'desc').limit(limit).offset(offset).execute();
  return rows.map(({ number }) => number);
}

/** Returns the query of the numbers of runs that match. */
function select(db: Queries, conditions: Conditions) {
  const { state, outcome, workspace, launchDirectory, since, until, visibleTo } = conditions;
  let query = db.selectFrom('runs').select('number');
  if (visibleTo !== undefined)
    query = query.where('workspace', 'in', permittedTitles(db, visibleTo, 'runs:read'));
  if (state === 'open') query = query.where('number', 'in', openRuns(db));
  else if (state !== undefined) query = query.where('state', '=', state);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  if (workspace !== undefined) query = query.where('workspace', '=', workspace);
  if (launchDirectory !== undefined) query = query.where('launch_directory', '=', launchDirectory);
  if (since !== undefined) query = query.where('created_at', '>=', since);
  if (until !== undefined) query = query.where('created_at', '<', until);
  return query;
}

/** Returns the query of the numbers of open runs. Its parts use an index each, which their disjunction would not. */
function openRuns(db: Queries) {
  return db
    .selectFrom('runs')
    .select('number')
    .where('state', 'in', OPEN)
    .union(
      // Runs without any lease whose head left jobs behind.
      db
        .selectFrom('task_jobs')
        .innerJoin('runs', 'runs.id', 'task_jobs.run_id')
        .select('runs.number')
        .where('task_jobs.state', '=', 'orphaned'),
    );
}

/** Returns the numbers of runs that match and contain all words of a text. */
async function containing(
  db: Queries,
  text: string,
  conditions: Conditions,
  { before, limit, offset }: Part,
): Promise<number[]> {
  const found: number[] = [];
  const wanted = offset + limit;
  let from = before;
  for (let chunk = FIRST_CHUNK; ; chunk = Math.min(2 * chunk, LARGEST_CHUNK)) {
    const among = await numbersWith(db, text, from, chunk);
    if (among.length > 0)
      found.push(
        ...(await matching(db, conditions, { before, among, offset: 0, limit: wanted - found.length })),
      );
    if (among.length < chunk || found.length === wanted) return found.slice(offset);
    from = among.at(-1) ?? 0;
  }
}

async function numbersWith(db: Queries, text: string, before: number, limit: number): Promise<number[]> {
  const rows = await withText(db, text)
    .where('rowid', '<', before)
    .orderBy('rowid', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ rowid }) => rowid);
}

/** Returns the query of the numbers of runs that contain all words of a text. */
function withText(db: Queries, text: string) {
  return db.selectFrom('runs_text').select('rowid').where(fragmentsOf(db).hasWords(text));
}
