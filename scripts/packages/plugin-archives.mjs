import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../steps.mjs';

/** Writes one zip archive for each Nextflow plugin, as Nextflow's plugin registry expects it, and returns their paths. */
export function writePluginArchives(directory) {
  const plugins = join(root, 'dist/plugin');
  return readdirSync(plugins).map((name) => {
    const path = join(directory, `${name}.zip`);
    rmSync(path, { force: true });
    run('jar', ['--create', '--no-manifest', '--file', path, '-C', join(plugins, name), '.']);
    return path;
  });
}

/** Returns the attributes of a plugin's manifest. */
export function readManifest(name) {
  const path = join(root, 'dist/plugin', name, 'classes/META-INF/MANIFEST.MF');
  const lines = readFileSync(path, 'utf8')
    .replaceAll(/\r?\n /g, '')
    .split(/\r?\n/);
  return Object.fromEntries(lines.filter((line) => line.includes(': ')).map((line) => line.split(': ', 2)));
}
