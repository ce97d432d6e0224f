import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The plugin as it comes with this nf-escrow: built by `npm run build:plugin`, a part of the package. */
export interface ShippedPlugin {
  readonly version: string;
  /** By path within the plugin's directory. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** `nf-escrow-aws` is for runs on AWS Batch, beside the other. */
export type PluginId = 'nf-escrow' | 'nf-escrow-aws';

const VERSION = /^\d+\.\d+\.\d+$/;

/** Undefined where this is a checkout in which it was not built. */
export function shippedPlugin(id: PluginId = 'nf-escrow'): ShippedPlugin | undefined {
  const directory = fileURLToPath(new URL('dist/plugin', import.meta.resolve('#package')));
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return undefined;
  for (const name of readdirSync(directory)) {
    const version = name.slice(id.length + 1);
    if (name.startsWith(`${id}-`) && VERSION.test(version))
      return { version, files: filesUnder(join(directory, name), '') };
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
