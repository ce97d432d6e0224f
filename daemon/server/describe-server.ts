import { sql } from 'kysely';
import { ledgerTime } from '../ledger/fragments.ts';
import type { ReadinessWarning, ServerOverview } from '../contract/types.ts';
import { schemaVersionOf } from '../ledger/schema-version.ts';
import type { Queries } from '../ledger/ledger.ts';
import { chosenKey } from '../vault/keys/chosen-key.ts';
import { idOf } from '../vault/keys/key-ring.ts';
import type { Keys } from '../vault/keys/keys.ts';
import { countValuesByKey } from '../vault/keys/rekey.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import type { ServerLedger } from './ledger/server-ledger.ts';
import { listReplicas } from './replica-keys.ts';

/** What an overview of a server is made of. */
interface Parts {
  readonly version: string;
  readonly settings: Pick<ServerSettings, 'publicUrl' | 'oidc' | 'sessions' | 'limits'>;
  readonly store: ServerLedger;
  readonly keys: Keys;
  readonly warnings: () => Promise<readonly ReadinessWarning[]>;
}

/** Describes a server for its administrators: limits, keys in use, replicas, database and backups. */
export async function describeServer({
  version,
  settings,
  store,
  keys,
  warnings,
}: Parts): Promise<ServerOverview> {
  const { ledger, postgres } = store;
  const { db } = ledger;
  const { publicUrl, oidc, sessions, limits } = settings;
  const database = await postgres?.describe();
  const [first] = keys.ring() ?? [];
  const current = (await chosenKey(db)) ?? (first === undefined ? undefined : idOf(first));
  const values = await countValuesByKey(db);
  const replicas = await listReplicas(ledger);
  return {
    version,
    publicUrl: publicUrl.origin,
    provider: oidc?.issuer.host ?? null,
    sessions: { ...sessions, open: await countSessions(db, sessions.idleMinutes) },
    limits: { ...limits },
    users: await countUsers(db),
    keys: values.map(({ id, count }) => ({ id, isCurrent: id === current, values: count })),
    replicas: replicas.map(({ at, host = null, version: own = null, startedAt, keys: usable }) => ({
      ...{ host, version: own, started: startedAt === undefined ? null : timeOf(startedAt) },
      ...{ reported: timeOf(at), keys: [...usable] },
    })),
    database: {
      kind: database === undefined ? 'sqlite' : 'postgresql',
      version: database?.version ?? null,
      schemaVersion: await schemaVersionOf(db),
      sizeBytes: database?.sizeBytes ?? (await sizeOfFile(db)),
      warnings: [...(await warnings())],
    },
    backups: {
      archivesWal: database?.archivesWal ?? null,
      lastArchived: database?.lastArchived ?? null,
      lastArchiveFailure: database?.lastArchiveFailure ?? null,
      lastRestored: await lastRestore(db),
    },
  };
}

async function countSessions(db: Queries, idleMinutes: number): Promise<number> {
  const { count } = await db
    .selectFrom('user_sessions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('user_id', 'is not', null)
    .where('expires_at', '>', ledgerTime(db))
    .where('last_used_at', '>', ledgerTime(db, -idleMinutes * 60))
    .executeTakeFirstOrThrow();
  return count;
}

async function countUsers(db: Queries): Promise<{ active: number; suspended: number }> {
  const rows = await db
    .selectFrom('users')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  const of = (state: string): number => rows.find((row) => row.state === state)?.count ?? 0;
  return { active: of('active'), suspended: of('suspended') };
}

async function sizeOfFile(db: Queries): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()`.execute(db);
  return rows[0]?.size ?? 0;
}

async function lastRestore(db: Queries): Promise<string | null> {
  const row = await db
    .selectFrom('journal')
    .select('at')
    .where('type', '=', 'server.restored')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? null;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
