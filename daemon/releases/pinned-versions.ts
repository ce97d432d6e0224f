import type { Queries } from '../ledger/ledger.ts';
import { dropUnneededVersions } from '../vault/unneeded-versions.ts';

/** A version that a release keeps for repeated requests. */
export interface PinnedVersion {
  readonly secretId: string;
  readonly name: string;
  readonly version: number;
}

/** Returns the versions that a release keeps, by name. */
export async function findPinned(db: Queries, release: string): Promise<PinnedVersion[]> {
  const rows = await db
    .selectFrom('release_pins')
    .innerJoin('secret_versions', (join) =>
      join
        .onRef('secret_versions.secret_id', '=', 'release_pins.secret_id')
        .onRef('secret_versions.version', '=', 'release_pins.version'),
    )
    .select(['secret_versions.secret_id as secretId', 'secret_versions.name', 'secret_versions.version'])
    .where('release_pins.release_id', '=', release)
    .orderBy('secret_versions.name')
    .execute();
  return rows;
}

/** Drops the pins of releases, and deletes the versions that were kept only for them. */
export async function unpin(db: Queries, releases: readonly string[]): Promise<void> {
  if (releases.length === 0) return;
  const pins = await db
    .deleteFrom('release_pins')
    .where('release_id', 'in', releases)
    .returning(['secret_id'])
    .execute();
  await dropUnneededVersions(db, [...new Set(pins.map(({ secret_id }) => secret_id))]);
}
