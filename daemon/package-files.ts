import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let root: string | undefined;

/**
 * Returns the absolute path of a file of this package. `name` is relative to the root of the package: `templates/shim.sh`.
 * Searches the root upwards, because compiled modules and the bundle are at different depths.
 */
export function packageFile(name: string): string {
  root ??= findRoot(import.meta.dirname);
  return join(root, name);
}

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('The package.json of nf-escrow is missing.');
  return findRoot(parent);
}
