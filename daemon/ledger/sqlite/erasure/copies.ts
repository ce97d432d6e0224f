import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../../errors.ts';
import { syncDirectory } from '../../../system/files/atomic-write.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Returning to the older nf-escrow loses all changes since the migration, so a backup is rarely useful after a week. */
const EXPIRES_AFTER_MS = 7 * DAY_MS;
/** Names of backups, and of the files that `backUp` leaves if it is killed. */
const SUFFIX = /^\.form-\d+(?:\.unfinished(?:-journal)?)?$/;

/**
 * Deletes backups that migrations made of the ledger: `all` if they contain a value that was removed since, else the
 * `expired` ones. Returns undefined on success, else the reason of the failure. Ignores directories with such a name,
 * because nf-escrow does not create them.
 */
export function removeCopies(path: string, which: 'all' | 'expired', now = Date.now()): string | undefined {
  const directory = dirname(path);
  const start = basename(path);
  let removed = 0;
  try {
    for (const name of readdirSync(directory)) {
      if (!name.startsWith(start) || !SUFFIX.test(name.slice(start.length))) continue;
      const copy = join(directory, name);
      const found = lstatSync(copy, { throwIfNoEntry: false });
      if (found === undefined || found.isDirectory()) continue;
      if (which === 'expired' && now - found.mtimeMs < EXPIRES_AFTER_MS) continue;
      rmSync(copy, { force: true });
      removed += 1;
    }
    if (removed > 0) syncDirectory(directory);
    return undefined;
  } catch (error) {
    return `cannot delete a backup of the ledger (${systemCode(error) ?? 'unknown error'})`;
  }
}
