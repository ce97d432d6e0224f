import { mkdtempSync, rmSync } from 'node:fs';
import type { Test } from 'tap';

/** Creates a directory of mode 0700 for one test and removes it afterwards. */
export function temporaryDirectory(t: Test): string {
  const directory = mkdtempSync('/tmp/nfe-');
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
