import { sql } from 'kysely';
import type { SecretScope } from '../../access/scopes.ts';
import { pageOf, readCursor, type PageRequest } from '../../contract/page.ts';
import type { SecretUseList } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { RowLimit } from './reading/row-limit.ts';
import { countRows } from './task-records.ts';

/** Limit of rows per run. A task can forge events that name other processes. */
const USES_MAX = 10_000;
/** Limit of the length of a process name. */
const PROCESS_MAX = 500;
/** The process of a row that records the delivery to the run. */
export const DELIVERY = '';

/** Records that a secret is delivered to a run. Call it in the transaction that pins the version. */
export async function recordDelivery(
  db: Queries,
  run: string,
  secretId: string,
  version: number,
  at: string,
): Promise<void> {
  const pinned = await db
    .selectFrom('secret_versions')
    .select(['scope_id', 'name', 'version'])
    .where('secret_id', '=', secretId)
    .where('version', '=', version)
    .executeTakeFirst();
  if (pinned === undefined) return; // the secret was removed since it was planned, and cannot be delivered
  await db
    .insertInto('secret_uses')
    .values({ ...pinned, run_id: run, process: DELIVERY, first_at: at, last_at: at })
    .execute();
}

/** Records which processes of one run received its secrets, according to the plugin. */
export class SecretUses {
  readonly #run: string;
  readonly #limit: RowLimit;

  constructor(run: string) {
    this.#run = run;
    this.#limit = new RowLimit(USES_MAX, (db) => countRows(db, 'secret_uses', run));
  }

  /** Records that tasks of processes received a secret. Ignores names that were not delivered, and rows over the limit. */
  async recordProcesses(db: Queries, name: string, processes: Iterable<string>, at: string): Promise<void> {
    const delivery = await db
      .selectFrom('secret_uses')
      .select(['scope_id', 'version'])
      .where('run_id', '=', this.#run)
      .where('name', '=', name)
      .where('process', '=', DELIVERY)
      .executeTakeFirst();
    if (delivery === undefined) return;
    const named = [...new Set([...processes].map((process) => process.slice(0, PROCESS_MAX)))];
    const admitted = named
      .filter((process) => process !== DELIVERY)
      .slice(0, await this.#limit.remaining(db, named.length));
    if (admitted.length === 0) return;
    this.#limit.add(db, admitted.length);
    const row = { ...delivery, run_id: this.#run, name, first_at: at, last_at: at };
    await db
      .insertInto('secret_uses')
      .values(admitted.map((process) => ({ ...row, process })))
      .onConflict((conflict) =>
        conflict.columns(['run_id', 'scope_id', 'name', 'process']).doUpdateSet({ last_at: at }),
      )
      .execute();
  }
}

/**
 * Lists the uses of a secret, newest run first: its delivery to a run, then the processes of that run by name. Also lists the
 * uses of a secret that was removed since, until the records of the runs are deleted. Throws `cursor-invalid`.
 */
export async function listSecretUses(
  db: Queries,
  scope: SecretScope,
  name: string,
  { limit, cursor }: PageRequest,
): Promise<SecretUseList> {
  const collection = `uses of ${scope.id} ${name}`;
  const after = readCursor(collection, cursor, ['number', 'string']);
  let query = db
    .selectFrom('secret_uses')
    .innerJoin('runs', 'runs.id', 'secret_uses.run_id')
    .select([
      'runs.number',
      'runs.run_name',
      'run_id',
      'version',
      'secret_uses.process',
      'first_at',
      'last_at',
    ])
    .where('scope_id', '=', scope.id)
    .where('name', '=', name);
  if (after !== undefined)
    query = query.where(
      sql<boolean>`(runs.number < ${after[0]} OR (runs.number = ${after[0]} AND secret_uses.process > ${after[1]}))`,
    );
  const rows = await query
    .orderBy('runs.number', 'desc')
    .orderBy('secret_uses.process')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(collection, rows, limit, (row) => [row.number, row.process]);
  return {
    uses: items.map(({ run_id, run_name, version, process, first_at, last_at }) => ({
      run: run_id,
      runName: run_name,
      version,
      process: process === DELIVERY ? null : process,
      firstUsed: first_at,
      lastUsed: last_at,
    })),
    ...next,
  };
}

/** A process that received a secret in a run. */
export interface UseInRun {
  readonly run: string;
  readonly launchDirectory: string;
  /** Nextflow's arguments as JSON. */
  readonly arguments: string;
  readonly process: string;
  readonly name: string;
}

/** Returns which processes received secrets in the newest runs of a workspace, newest run first. */
export async function usesInWorkspace(db: Queries, workspace: string): Promise<UseInRun[]> {
  return db
    .selectFrom('secret_uses')
    .innerJoin('runs', 'runs.id', 'secret_uses.run_id')
    .select([
      'run_id as run',
      'launch_directory as launchDirectory',
      'runs.arguments',
      'secret_uses.process',
      'secret_uses.name',
    ])
    .where('workspace', '=', workspace)
    .where('secret_uses.process', '!=', DELIVERY)
    .orderBy('runs.number', 'desc')
    .limit(USES_MAX)
    .execute();
}
