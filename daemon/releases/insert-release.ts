import { randomUUID } from 'node:crypto';
import { keyOf, type Principal } from '../access/principal.ts';
import { titleOf, type WorkspaceScope } from '../access/scopes.ts';
import { EscrowError } from '../errors.ts';
import { fragmentsOf } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { ReleasedVersion } from './payload.ts';
import type { PinnedVersion } from './pinned-versions.ts';

/** The last use of a secret is recorded at most once in this time. */
const USE_INTERVAL_MS = 10_000;

/** A release to insert. */
export interface InsertedRelease {
  readonly by: Principal;
  readonly run: string;
  /** Empty if the server itself delivers the secrets. */
  readonly recipient: string;
  readonly expires: string;
  /** Sorted by name. */
  readonly secrets: readonly ReleasedVersion[];
  readonly now: string;
}

/** A release in the ledger, and the versions that it keeps. */
export interface RecordedRelease {
  readonly id: string;
  readonly isNew: boolean;
  readonly pinned: readonly PinnedVersion[];
}

/**
 * Returns undefined if an earlier request has created the release. Does not search for it before: PostgreSQL would then regard
 * concurrent releases, also those to other runs, as conflicts.
 */
export async function insertRelease(
  db: Queries,
  { by, run, recipient, expires, secrets, now }: InsertedRelease,
  scope: WorkspaceScope,
): Promise<RecordedRelease | undefined> {
  const id = randomUUID();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('releases')
    .values({
      ...{ id, run_id: run, principal_id: keyOf(by), principal: by.user, scope_id: scope.id, recipient },
      ...{
        workspace: titleOf(scope),
        secrets: describeVersions(secrets),
        created_at: now,
        expires_at: expires,
      },
      ...{ state: 'created', outcome: null, leases: '[]', epoch: 0, sequence: 0 },
      ...{ reported_at: null, purged_at: null },
    })
    .onConflict((conflict) => conflict.columns(['principal_id', 'run_id']).doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) return undefined;
  const pinned = await currentVersions(db, scope, secrets);
  await db
    .insertInto('release_pins')
    .columns(['release_id', 'secret_id', 'version'])
    .expression((eb) =>
      eb
        .selectFrom('secrets')
        .select([eb.val(id).as('release_id'), 'id', 'version'])
        .where(fragmentsOf(db).oneOf('id', idsOf(pinned))),
    )
    .execute();
  return { id, isNew: true, pinned };
}

/**
 * Records the last use of secrets. Not in the transaction of the release: releases that write what others read would be in conflict
 * on PostgreSQL, also those of other workspaces.
 */
export async function recordUse(
  db: Queries,
  { run, now }: { readonly run: string; readonly now: number },
  pinned: readonly PinnedVersion[],
): Promise<void> {
  const before = new Date(now - USE_INTERVAL_MS).toISOString();
  await db
    .updateTable('secrets')
    .set({ last_used_at: new Date(now).toISOString(), last_used_by: run, last_used_process: null })
    .where(fragmentsOf(db).oneOf('id', idsOf(pinned)))
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<=', before)]))
    .execute();
}

/** Throws `secret-not-found`, `secret-changed` unless the requested versions are the newest ones. */
async function currentVersions(
  db: Queries,
  scope: WorkspaceScope,
  secrets: readonly ReleasedVersion[],
): Promise<PinnedVersion[]> {
  const rows = await db
    .selectFrom('secrets')
    .select(['id', 'name', 'version'])
    .where('scope_id', '=', scope.id)
    .where(
      fragmentsOf(db).oneOf(
        'name',
        secrets.map(({ name }) => name),
      ),
    )
    .execute();
  const known = new Map(rows.map((row) => [row.name, row]));
  return secrets.map(({ name, version }) => {
    const found = known.get(name);
    const detail = `Cannot release ${name} of workspace ${titleOf(scope)}`;
    if (found === undefined)
      throw new EscrowError('secret-not-found', `${detail}: there is no secret of this name.`);
    if (found.version !== version)
      throw new EscrowError(
        'secret-changed',
        `${detail}: its version is ${String(found.version)}, and the run has pinned ${String(version)}.`,
      );
    return { secretId: found.id, name, version };
  });
}

function idsOf(pinned: readonly PinnedVersion[]): string[] {
  return pinned.map(({ secretId }) => secretId);
}

/** Returns what the ledger keeps of the requested versions. */
export function describeVersions(secrets: readonly ReleasedVersion[]): string {
  return JSON.stringify(secrets.map(({ name, version }) => [name, version]));
}
