import { authorize, authorizeList } from '../../access/authorize.ts';
import { permitted, roleReader } from '../../access/permissions.ts';
import { permittedTitles } from '../../access/permitted-objects.ts';
import { policy } from '../../access/policy.ts';
import type { Principal, TeamPrincipal } from '../../access/principal.ts';
import type { Permission, Run } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { findRun } from './queries.ts';

/**
 * Finds a run like `findRun`, among those that a principal may see, checks a permission in its workspace, and returns its id.
 * If another principal launched the run, `runs:manage_all` is required instead of `runs:manage`. Throws `run-not-found`,
 * `run-ambiguous`, `not-permitted`.
 */
export async function findPermittedRun(
  db: Queries,
  by: TeamPrincipal,
  permission: Permission,
  wanted: string,
): Promise<string> {
  // Before the search, so that a request with a revoked token does not learn whether there is such a run.
  await authorizeList(db, by, permission);
  const { id, workspace, launched_by } = await findRun(db, wanted, permittedTitles(db, by, 'runs:read'));
  const isOther = permission === 'runs:manage' && launched_by !== by.id;
  await authorize(db, by, isOther ? 'runs:manage_all' : permission, { workspace });
  return id;
}

/** Returns a function that adds to each of these runs what a principal may do with it. */
export async function permittedRuns(
  db: Queries,
  by: Principal,
  runs: readonly Run[],
): Promise<(run: Run) => Run> {
  const roleIn = await roleReader(
    db,
    by,
    runs.map(({ workspace }) => workspace),
  );
  const own = by.kind === 'machine' ? undefined : await launchedBy(db, by, runs);
  return (run) => {
    const role = roleIn(run.workspace);
    const { permissions, ...rest } = permitted(by, role, 'run', run);
    const managesAll = own === undefined || own.has(run.id) || policy['runs:manage_all'].roles.includes(role);
    return { ...rest, permissions: permissions.filter((one) => managesAll || one !== 'runs:manage') };
  };
}

async function launchedBy(
  db: Queries,
  { id }: TeamPrincipal,
  runs: readonly Run[],
): Promise<ReadonlySet<string>> {
  if (runs.length === 0) return new Set();
  const rows = await db
    .selectFrom('runs')
    .select('id')
    .where('launched_by', '=', id)
    .where(
      'id',
      'in',
      runs.map((run) => run.id),
    )
    .execute();
  return new Set(rows.map((row) => row.id));
}
