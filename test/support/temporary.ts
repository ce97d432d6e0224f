import { mkdtempSync, rmSync } from 'node:fs';
import type { Test } from 'tap';

/** A directory of mode 0700 for one test; gone afterwards. */
export function temporaryDirectory(t: Test): string {
  const directory = mkdtempSync('/tmp/nfe-');
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
