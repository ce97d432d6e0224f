import { sql, type ExpressionBuilder, type Expression, type SqlBool } from 'kysely';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import { timeFilter } from '../contract/time-filter.ts';
import type { AuditQuery, JournalEvent } from '../contract/types.ts';
import { fragmentsOf, type Fragments } from './fragments.ts';
import { describeEvent, type EventRow } from './journal.ts';
import type { Queries } from './ledger.ts';
import type { Tables } from './tables.ts';

/** Filter for the audit log. All given conditions must match. */
type AuditFilter = PageRequest & Omit<AuditQuery, 'limit' | 'cursor'>;

type Journal = ExpressionBuilder<Tables, 'journal'>;

const AUDIT = 'audit';

/** Which events a principal of a team server may see in the audit log. */
export interface VisibleEvents {
  /** Workspaces and organizations. */
  readonly places: readonly string[];
  /** The principal whose events without a place are visible; null: none. */
  readonly own: string | null;
}

/** How clients see positions in the journal (`access/event-numbers.ts`). */
interface Numbers {
  show(position: number): number;
  read(shown: number): number;
}

/** Returns the events that principals caused, newest first: all of them, or those that are visible. Throws `cursor-invalid`, `request-unprocessable`. */
export async function readAudit(
  db: Queries,
  { limit, cursor, ...filter }: AuditFilter,
  visible?: VisibleEvents,
  numbers: Numbers = { show: (seq) => seq, read: (seq) => seq },
): Promise<Page<JournalEvent>> {
  const times = timeFilter(filter);
  const before = (shown: number | undefined) => (shown === undefined ? undefined : numbers.read(shown));
  const after = before(readCursor(AUDIT, cursor, ['number'])?.[0]);
  const first = before(filter.before);
  const wanted = { ...filter, ...times, ...(first === undefined ? {} : { before: first }) };
  const rows = await db
    .selectFrom('journal')
    .selectAll()
    .where('principal', 'is not', null)
    .where((eb) => eb.and(conditions(eb, fragmentsOf(db), wanted, after)))
    .where((eb) => visibleIn(eb, visible))
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(AUDIT, rows, limit, ({ seq }) => [numbers.show(seq)]);
  const events = items.map((row) => ({ ...describeAudited(row), seq: numbers.show(row.seq) }));
  return { items: events, ...next };
}

/** Only the audit log has the origins of events: members who follow a run do not see the addresses of others. */
function describeAudited(row: EventRow): JournalEvent {
  const event = describeEvent(row);
  if (row.origin === null) return event;
  return { ...event, origin: JSON.parse(row.origin) as NonNullable<JournalEvent['origin']> };
}

function conditions(
  eb: Journal,
  fragments: Fragments,
  filter: Omit<AuditFilter, 'limit' | 'cursor'>,
  after: number | undefined,
): Expression<SqlBool>[] {
  const { before, type, by, run, secret, workspace, since, until, text } = filter;
  const given = <Value>(value: Value | undefined, condition: (value: Value) => Expression<SqlBool>) =>
    value === undefined ? [] : [condition(value)];
  return [
    ...given(after, (seq) => eb('seq', '<', seq)),
    ...given(before, (seq) => eb('seq', '<', seq)),
    // A type is made of words, so that it contains no wildcard.
    ...given(type, (one) => eb.or([eb('type', '=', one), eb('type', 'like', `${one}.%`)])),
    ...given(by, (one) => eb('principal', '=', one)),
    ...given(run, (one) => ofRun(eb, fragments, one)),
    ...given(since, (one) => eb('at', '>=', one)),
    ...given(until, (one) => eb('at', '<', one)),
    ...given(secret, (one) => ofSecret(eb, fragments, one)),
    ...given(workspace, (one) => ofWorkspace(eb, fragments, one)),
    ...given(text, (one) => fragments.contains(searched, one)),
  ];
}

function visibleIn(eb: Journal, visible: VisibleEvents | undefined): Expression<SqlBool> {
  if (visible === undefined) return eb.and([]);
  const { places, own } = visible;
  return eb.or([
    ...(places.length === 0 ? [] : [eb('place', 'in', places)]),
    eb.and([eb('place', 'is', null), eb('run_id', 'is', null), eb('principal', '=', own)]),
  ]);
}

/** Changes name one secret, imports list their names, and runs and releases list their secrets. */
function ofSecret(eb: Journal, fragments: Fragments, name: string): Expression<SqlBool> {
  const isImported = eb.and([
    eb('type', '=', 'secret.imported'),
    eb.or([fragments.jsonListHas('data', 'created', name), fragments.jsonListHas('data', 'replaced', name)]),
  ]);
  const isChanged = eb.and([
    eb('type', 'like', 'secret.%'),
    eb(fragments.jsonText('data', 'name'), '=', name),
  ]);
  const isDelivered = eb.and([
    eb('type', 'in', ['run.created', 'secret.released']),
    fragments.jsonListHasObject('data', 'secrets', 'name', name),
  ]);
  return eb.or([isChanged, isImported, isDelivered]);
}

/** A team server has no runs. Its events name the runs of the daemons. */
function ofRun(eb: Journal, fragments: Fragments, run: string): Expression<SqlBool> {
  const isNamed = eb.and([eb('run_id', 'is', null), eb(fragments.jsonText('data', 'run'), '=', run)]);
  return eb.or([eb('run_id', '=', run), isNamed]);
}

function ofWorkspace(eb: Journal, fragments: Fragments, title: string): Expression<SqlBool> {
  return eb.or([
    eb(fragments.jsonText('data', 'scope'), '=', title),
    eb(fragments.jsonText('data', 'workspace'), '=', title),
    eb('run_id', 'in', eb.selectFrom('runs').select('id').where('workspace', '=', title)),
  ]);
}

/** The text in which a filter searches. Not with LIKE: names contain underscores, which LIKE takes for wildcards. */
const searched = sql<string>`type || ' ' || principal || ' ' || coalesce(run_id, '') || ' ' || data || ' ' || coalesce(origin, '')`;
