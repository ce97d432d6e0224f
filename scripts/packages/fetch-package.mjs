import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, run, say } from '../steps.mjs';

/**
 * Returns the directory of an npm package for any platform. Downloads it once, with npm and its configuration, and caches it.
 * Throws if its integrity is not the given one.
 */
export function fetchPackage(name, version, integrity) {
  const cache = cacheDirectory();
  const directory = join(cache, `${name.replace('/', '+')}-${version}`);
  if (existsSync(directory)) return directory;
  say(`downloading ${name} ${version} (once)`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, '.fetching-'));
  try {
    // npm installs no package of another platform. `pack` ignores the platform.
    run('npm', ['pack', '--silent', '--prefer-offline', '--pack-destination', work, `${name}@${version}`]);
    const [archive] = readdirSync(work);
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(join(work, archive)))
      .digest('base64')}`;
    if (found !== integrity)
      throw new Error(`The integrity of ${name} ${version} is ${found} instead of ${integrity}.`);
    const unpacked = join(work, 'unpacked');
    mkdirSync(unpacked);
    run('tar', ['-xzf', join(work, archive), '-C', unpacked, '--strip-components=1', '--no-same-owner']);
    renameSync(unpacked, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error; // otherwise another process was faster
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}
