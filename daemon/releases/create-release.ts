import { randomUUID } from 'node:crypto';
import type { TeamLimits } from '../access/limits/team-limits.ts';
import { authorize } from '../access/authorize.ts';
import { keyOf, type Principal } from '../access/principal.ts';
import { findWorkspace, titleOf, type WorkspaceScope } from '../access/scopes.ts';
import type { Release, ReleaseRequest } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import type { Vault } from '../vault/vault.ts';
import { countRelease } from './count-release.ts';
import {
  assertRecipient,
  byName,
  encryptPayload,
  type ReleasedSecret,
  type ReleasedVersion,
} from './payload.ts';
import { findPinned, type PinnedVersion } from './pinned-versions.ts';
import { createReleaseCredential, hashOfCredential } from './release-credential.ts';

const EXPIRY_MAX_MS = 24 * 3_600_000;
/** Repetitions of a request, each of which gets a credential. */
const CREDENTIALS_MAX = 20;
/** The last use of a secret is recorded at most once in this time. */
const USE_INTERVAL_MS = 10_000;
/** Bytes of all values of a release. The response is held in memory as a whole. */
const VALUES_MAX = 16 * 1024 * 1024;

/** What a release needs of the server. */
interface Releasing {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly faults: FaultInjector;
  /** Absent without limits. */
  readonly limits?: TeamLimits;
}

/**
 * Releases secrets of a workspace to one run of a principal. The audit event is committed before a value leaves. A repeated request
 * gets the same release with the same versions, encrypted again, and a further credential.
 *
 * Throws the errors of `authorize`, `limit-exceeded`, `secret-not-found`, `secret-changed`, `release-conflict`, `request-unprocessable`, errors of the
 * vault's key.
 */
export async function createRelease(
  { ledger, vault, faults, limits }: Releasing,
  by: Principal,
  request: ReleaseRequest,
): Promise<{ readonly release: Release; readonly isNew: boolean }> {
  const secrets = [...request.secrets].sort(byName);
  await assertRequest(request, secrets, ledger.clock.now());
  if (limits !== undefined) await countRelease(ledger, limits, by, request);
  const credential = createReleaseCredential();
  const { id, isNew, pinned } = await step(faults, 'release.commit', () =>
    ledger.write(async (db) => {
      const now = new Date(ledger.clock.now()).toISOString();
      return recordRelease(db, { by, request, secrets, credential, now });
    }),
  );
  const { run, workspace, expires, recipient } = request;
  if (isNew)
    await step(faults, 'release.record-use', () =>
      recordUse(ledger.db, { run, now: ledger.clock.now() }, pinned),
    );
  const payload = await step(faults, 'release.encrypt', async () => {
    const opened = await openVersions(vault, pinned);
    return encryptPayload({ release: id, run, workspace, expires }, opened, recipient);
  });
  return { release: { id, run, workspace, expires, payload, credential }, isNew };
}

async function assertRequest(
  { expires, recipient }: ReleaseRequest,
  secrets: readonly ReleasedVersion[],
  now: number,
): Promise<void> {
  const time = Date.parse(expires);
  if (!(time > now && time <= now + EXPIRY_MAX_MS))
    throw unprocessable('"expires" is not within the next 24 hours');
  const twice = secrets.find(({ name }, index) => secrets[index + 1]?.name === name);
  if (twice !== undefined) throw unprocessable(`${twice.name} is requested twice`);
  await assertRecipient(recipient);
}

interface NewRelease {
  readonly by: Principal;
  readonly request: ReleaseRequest;
  /** Sorted by name. */
  readonly secrets: readonly ReleasedVersion[];
  readonly credential: string;
  readonly now: string;
}

interface RecordedRelease {
  readonly id: string;
  readonly isNew: boolean;
  readonly pinned: readonly PinnedVersion[];
}

async function recordRelease(db: Queries, wanted: NewRelease): Promise<RecordedRelease> {
  const { by, request, secrets, credential } = wanted;
  await authorize(db, by, 'releases:create', { workspace: request.workspace });
  const scope = await findWorkspace(db, request.workspace, by);
  const recorded = (await insertRelease(db, wanted, scope)) ?? (await repeated(db, wanted, scope));
  await db
    .insertInto('release_credentials')
    .values({ hash: hashOfCredential(credential), release_id: recorded.id })
    .execute();
  await record(db, {
    type: 'secret.released',
    by: by.user,
    data: {
      ...{ workspace: titleOf(scope), release: recorded.id, run: request.run, repeated: !recorded.isNew },
      secrets: secrets.map(({ name, version }) => ({ name, version })),
      expires: request.expires,
    },
  });
  return recorded;
}

/** Returns the release that an earlier request has created. Throws `release-conflict` if that was another request, or its time is over. */
async function repeated(
  db: Queries,
  { by, request, secrets, now }: NewRelease,
  scope: WorkspaceScope,
): Promise<RecordedRelease> {
  const found = await db
    .selectFrom('releases')
    .selectAll()
    .where('principal_id', '=', keyOf(by))
    .where('run_id', '=', request.run)
    .executeTakeFirstOrThrow();
  if (found.recipient !== request.recipient) throw conflict(request, 'was encrypted for another recipient');
  const isSame =
    found.scope_id === scope.id &&
    found.secrets === describeVersions(secrets) &&
    found.expires_at === request.expires;
  if (!isSame) throw conflict(request, 'has other secrets or another expiry');
  const pinned = await findPinned(db, found.id);
  if (found.expires_at <= now || pinned.length < secrets.length)
    throw conflict(request, 'has expired, or was delivered');
  const { count } = await db
    .selectFrom('release_credentials')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('release_id', '=', found.id)
    .executeTakeFirstOrThrow();
  if (count >= CREDENTIALS_MAX) throw conflict(request, 'was repeated too often');
  return { id: found.id, isNew: false, pinned };
}

/**
 * Returns undefined if an earlier request has created the release. Does not search for it before: PostgreSQL would then regard
 * concurrent releases, also those to other runs, as conflicts.
 */
async function insertRelease(
  db: Queries,
  { by, request: { run, recipient, expires }, secrets, now }: NewRelease,
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
    .values(pinned.map(({ secretId, version }) => ({ release_id: id, secret_id: secretId, version })))
    .execute();
  return { id, isNew: true, pinned };
}

/**
 * Records the last use of secrets. Not in the transaction of the release: releases that write what others read would be in conflict
 * on PostgreSQL, also those of other workspaces.
 */
async function recordUse(
  db: Queries,
  { run, now }: { readonly run: string; readonly now: number },
  pinned: readonly PinnedVersion[],
): Promise<void> {
  const before = new Date(now - USE_INTERVAL_MS).toISOString();
  await db
    .updateTable('secrets')
    .set({ last_used_at: new Date(now).toISOString(), last_used_by: run, last_used_process: null })
    .where(
      'id',
      'in',
      pinned.map(({ secretId }) => secretId),
    )
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
      'name',
      'in',
      secrets.map(({ name }) => name),
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

async function openVersions(vault: Vault, pinned: readonly PinnedVersion[]): Promise<ReleasedSecret[]> {
  const values = await vault.openAll(pinned);
  const size = values.reduce((sum, value) => sum + value.open().length, 0);
  if (size > VALUES_MAX) throw unprocessable('the values have more than 16 MiB in total');
  return pinned.flatMap(({ name, version }, index) => {
    const value = values[index];
    return value === undefined ? [] : [{ name, version, value }];
  });
}

function describeVersions(secrets: readonly ReleasedVersion[]): string {
  return JSON.stringify(secrets.map(({ name, version }) => [name, version]));
}

function conflict({ run }: ReleaseRequest, why: string): EscrowError {
  return new EscrowError('release-conflict', `Cannot release secrets to run ${run}: its release ${why}.`);
}

function unprocessable(why: string): EscrowError {
  return new EscrowError('request-unprocessable', `Cannot release secrets: ${why}.`);
}
