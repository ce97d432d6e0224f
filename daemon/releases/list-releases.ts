import { sql, type SelectQueryBuilder } from 'kysely';
import { permittedWorkspaces } from '../access/permitted-objects.ts';
import type { Principal } from '../access/principal.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import type { ReleaseQuery, ReleaseSummary } from '../contract/types.ts';
import { fragmentsOf, ledgerTime } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';

const COLLECTION = 'releases';

type Filter = Omit<ReleaseQuery, 'limit' | 'cursor'>;
type Releases<T> = SelectQueryBuilder<Tables, 'releases', T>;

/** Lists the releases of the workspaces in which a principal may see runs, newest first. Throws `cursor-invalid`. */
export async function listReleases(
  db: Queries,
  by: Principal,
  { limit, cursor, ...filter }: PageRequest & Filter,
): Promise<Page<ReleaseSummary>> {
  const after = readCursor(COLLECTION, cursor, ['string', 'string']);
  let query = matching(db, filter, selectReleases(db));
  if (by.kind !== 'machine')
    query = query.where('scope_id', 'in', permittedWorkspaces(db, by, 'runs:read').select('scopes.id'));
  if (after !== undefined) query = query.where(sql<boolean>`(created_at, id) < (${after[0]}, ${after[1]})`);
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, (row) => [row.created_at, row.id]);
  return { items: items.map(describeRelease), ...next };
}

/** Returns the query of releases, with the compute environment and the state of those that the server itself has delivered. */
export function selectReleases(db: Queries) {
  return db
    .selectFrom('releases')
    .selectAll()
    .select((eb) => [
      eb
        .selectFrom('deliveries')
        .select('deliveries.environment')
        .whereRef('deliveries.id', '=', 'releases.id')
        .as('environment'),
      eb
        .selectFrom('deliveries')
        .select('deliveries.state')
        .whereRef('deliveries.id', '=', 'releases.id')
        .as('delivery'),
    ]);
}

type ReleaseRow = Awaited<ReturnType<ReturnType<typeof selectReleases>['execute']>>[number];

function matching<T>(
  db: Queries,
  { workspace, run, state, user, secret, removal, text }: Filter,
  all: Releases<T>,
): Releases<T> {
  let query = all;
  if (workspace !== undefined) query = query.where('workspace', '=', workspace);
  if (run !== undefined) query = query.where('run_id', '=', run);
  if (state !== undefined) query = query.where('state', '=', state);
  if (user !== undefined) query = query.where('principal', '=', user);
  if (secret !== undefined) {
    // Both dialects have `replace`, and it distinguishes case.
    const entry = JSON.stringify([secret]).slice(0, -1) + ',';
    query = query.where(sql<boolean>`replace(secrets, ${entry}, '') <> secrets`);
  }
  if (removal !== undefined) query = query.where('purged_at', 'is', null);
  if (removal === 'overdue')
    query = query.where((where) =>
      where.or([
        where('state', '=', 'ended'),
        where.and([where('reported_at', 'is', null), where('expires_at', '<=', ledgerTime(db))]),
      ]),
    );
  if (text !== undefined) {
    const fragments = fragmentsOf(db);
    query = query.where((where) =>
      where.or([
        fragments.contains(where.ref('run_id'), text),
        fragments.contains(where.ref('principal'), text),
        fragments.contains(where.ref('workspace'), text),
      ]),
    );
  }
  return query;
}

/** Describes a release as the API shows it. */
export function describeRelease(row: ReleaseRow): ReleaseSummary {
  const secrets = JSON.parse(row.secrets) as [name: string, version: number][];
  return {
    ...{ id: row.id, run: row.run_id, workspace: row.workspace, user: row.principal },
    secrets: secrets.map(([name, version]) => ({ name, version })),
    ...{ state: row.state, outcome: row.outcome },
    leases: JSON.parse(row.leases) as ReleaseSummary['leases'],
    ...{ createdAt: row.created_at, expiresAt: row.expires_at },
    ...{ reportedAt: row.reported_at, purgedAt: row.purged_at },
    ...(row.environment === null ? {} : { computeEnvironment: row.environment }),
    ...(row.delivery === null ? {} : { delivery: row.delivery }),
  };
}
