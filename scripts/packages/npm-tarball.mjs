import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../steps.mjs';

/** Returns the version in package.json. */
export function packageVersion() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/** Writes what `npm publish` uploads to a directory, and returns its path. */
export function writeNpmTarball(directory) {
  mkdirSync(directory, { recursive: true });
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory], {
    stdio: ['ignore', 'ignore', 2],
  });
  return join(directory, `nf-escrow-${packageVersion()}.tgz`);
}
