import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../package-files.ts';

/** A plugin that is part of the package, built by `npm run build:plugin`. */
export interface ShippedPlugin {
  readonly version: string;
  /** File contents by path within the plugin's directory. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Runs on AWS Batch use `nf-escrow-aws` in addition to `nf-escrow`. */
export type PluginId = 'nf-escrow' | 'nf-escrow-aws';

const VERSION = /^\d+\.\d+\.\d+$/;

const shipped = new Map<PluginId, ShippedPlugin>();

/** Returns a plugin of the package, or undefined in a checkout where it has not been built. Cached: a launch asks several times. */
export function shippedPlugin(id: PluginId = 'nf-escrow'): ShippedPlugin | undefined {
  const plugin = shipped.get(id) ?? readShipped(id);
  if (plugin !== undefined) shipped.set(id, plugin);
  return plugin;
}

function readShipped(id: PluginId): ShippedPlugin | undefined {
  const directory = packageFile('dist/plugin');
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
