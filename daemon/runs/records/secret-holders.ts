import type { SecretScope } from '../../access/scopes.ts';
import type { SecretHolderList } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { openLeaseStates } from './states.ts';

type Holder = SecretHolderList['holders'][number];

/** Limit of one reply. */
const LISTED = 1000;

/**
 * Lists the runs for which a value of a secret is delivered now, newest first: a lease of the run is not removed yet. Also finds
 * the runs that hold a secret that was removed since.
 */
export async function secretHolders(
  db: Queries,
  scope: SecretScope,
  name: string,
): Promise<SecretHolderList> {
  const held = db
    .selectFrom('secret_versions')
    .innerJoin('pins', (join) =>
      join
        .onRef('pins.secret_id', '=', 'secret_versions.secret_id')
        .onRef('pins.version', '=', 'secret_versions.version'),
    )
    .innerJoin('runs', 'runs.id', 'pins.run_id')
    .leftJoin('secrets', 'secrets.id', 'pins.secret_id')
    .where('secret_versions.scope_id', '=', scope.id)
    .where('secret_versions.name', '=', name)
    .where('runs.state', '!=', 'purged')
    .where((where) =>
      where.exists(
        where
          .selectFrom('leases')
          .select('leases.id')
          .whereRef('leases.run_id', '=', 'runs.id')
          .where('leases.state', 'in', openLeaseStates),
      ),
    );
  const rows = await held
    .select(['runs.id', 'runs.run_name', 'runs.state', 'pins.version', 'secrets.version as newest'])
    .orderBy('runs.created_at', 'desc')
    .orderBy('runs.id', 'desc')
    .limit(LISTED)
    .execute();
  const holders = rows.map(({ id, run_name, state, version, newest }) => ({
    run: id,
    runName: run_name,
    state: state as Holder['state'],
    version,
    current: version === newest,
  }));
  if (rows.length < LISTED) return { holders };
  const { count } = await held
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count > LISTED ? { holders, omitted: count - LISTED } : { holders };
}
