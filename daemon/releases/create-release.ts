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
import { describeVersions, insertRelease, recordUse, type RecordedRelease } from './insert-release.ts';
import { findPinned, type PinnedVersion } from './pinned-versions.ts';
import { createReleaseCredential, hashOfCredential } from './release-credential.ts';

const EXPIRY_MAX_MS = 24 * 3_600_000;
/** Repetitions of a request, each of which gets a credential. */
const CREDENTIALS_MAX = 20;
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

async function recordRelease(db: Queries, wanted: NewRelease): Promise<RecordedRelease> {
  const { by, request, secrets, credential } = wanted;
  await authorize(db, by, 'releases:create', { workspace: request.workspace });
  const scope = await findWorkspace(db, request.workspace, by);
  const release = { ...request, by, secrets, now: wanted.now };
  const recorded = (await insertRelease(db, release, scope)) ?? (await repeated(db, wanted, scope));
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

async function openVersions(vault: Vault, pinned: readonly PinnedVersion[]): Promise<ReleasedSecret[]> {
  const values = await vault.openAll(pinned);
  const size = values.reduce((sum, value) => sum + value.open().length, 0);
  if (size > VALUES_MAX) throw unprocessable('the values have more than 16 MiB in total');
  return pinned.flatMap(({ name, version }, index) => {
    const value = values[index];
    return value === undefined ? [] : [{ name, version, value }];
  });
}

function conflict({ run }: ReleaseRequest, why: string): EscrowError {
  return new EscrowError('release-conflict', `Cannot release secrets to run ${run}: its release ${why}.`);
}

function unprocessable(why: string): EscrowError {
  return new EscrowError('request-unprocessable', `Cannot release secrets: ${why}.`);
}
