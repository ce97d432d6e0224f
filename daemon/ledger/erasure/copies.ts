import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../errors.ts';
import { syncDirectory } from '../../system/files/atomic-write.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Going back to the older version loses what was set since: after a week hardly anybody wants to. */
const EXPIRES_AFTER_MS = 7 * DAY_MS;
/** As `backUp` names them, and what it leaves when it is killed. */
const SUFFIX = /^\.form-\d+(?:\.unfinished(?:-journal)?)?$/;

/**
 * Removes the copies that migrations made of the ledger: `all`, as they hold a value that was removed since, or the
 * `expired` ones. Gives why that cannot be done now; undefined where it is done. A directory of such a name is none of
 * ours and stays.
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
    return `a copy of the ledger cannot be removed (${systemCode(error) ?? 'unknown error'})`;
  }
}
