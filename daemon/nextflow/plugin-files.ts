import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The plugin as it comes with this nf-escrow: built by `npm run build:plugin`, a part of the package. */
export interface ShippedPlugin {
  readonly version: string;
  /** By path within the plugin's directory. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const NAME = /^nf-escrow-(\d+\.\d+\.\d+)$/;

/** Undefined where this is a checkout in which it was not built. */
export function shippedPlugin(): ShippedPlugin | undefined {
  const directory = fileURLToPath(new URL('dist/plugin', import.meta.resolve('#package')));
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return undefined;
  for (const name of readdirSync(directory)) {
    const version = NAME.exec(name)?.[1];
    if (version !== undefined) return { version, files: filesUnder(join(directory, name), '') };
  }
  return undefined;
}

function filesUnder(root: string, path: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) for (const [name, bytes] of filesUnder(root, below)) files.set(name, bytes);
    else files.set(below, readFileSync(join(root, below)));
  }
  return files;
}
