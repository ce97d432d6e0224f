import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { root } from '../sandbox.ts';
import { skipUnlessRequired } from '../skip-unless-required.ts';

/** What `npm run package` builds for this machine. */
export interface Packages {
  readonly version: string;
  readonly npm: string;
  readonly relocatable: string;
}

/** Returns the packages that scripts/test.mjs has built. If it could not, skips the test and returns undefined. */
export function builtPackages(t: Test): Packages | undefined {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const directory = join(root, 'dist/packages');
  const npm = join(directory, `nf-escrow-${version}.tgz`);
  const relocatable = join(directory, `nf-escrow-${version}-linux-x64.tar.gz`);
  if (process.arch === 'x64' && existsSync(npm) && existsSync(relocatable))
    return { version, npm, relocatable };
  skipUnlessRequired(t, 'the packages are not built (npm run package)');
  return undefined;
}
