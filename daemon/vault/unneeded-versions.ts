import { fragmentsOf } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import { inBatches } from './batches.ts';

/**
 * Deletes the versions of secrets that are neither the newest of a secret, nor pinned by a run that is not purged yet, or by a
 * release. Call it after the change of the secrets, in the same transaction.
 */
export async function dropUnneededVersions(db: Queries, secretIds: readonly string[]): Promise<void> {
  for (const ids of inBatches(secretIds))
    await db
      .deleteFrom('secret_versions')
      .where(fragmentsOf(db).oneOf('secret_id', ids))
      .where((where) => {
        const newest = where
          .selectFrom('secrets')
          .select('id')
          .whereRef('secrets.id', '=', 'secret_versions.secret_id')
          .whereRef('secrets.version', '=', 'secret_versions.version');
        const ofRuns = where
          .selectFrom('pins')
          .select('secret_id')
          .whereRef('pins.secret_id', '=', 'secret_versions.secret_id')
          .whereRef('pins.version', '=', 'secret_versions.version');
        const ofReleases = where
          .selectFrom('release_pins')
          .select('secret_id')
          .whereRef('release_pins.secret_id', '=', 'secret_versions.secret_id')
          .whereRef('release_pins.version', '=', 'secret_versions.version');
        return where.and([newest, ofRuns, ofReleases].map((needed) => where.not(where.exists(needed))));
      })
      .execute();
}
