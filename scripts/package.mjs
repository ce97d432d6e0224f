// npm run package [-- --arch ARCHITECTURE]...: builds everything that a release contains in dist/packages: the npm tarball, the
// relocatable tarballs, the plugins, recipes of other package systems, the bill of materials, and checksums.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { billOfMaterials } from './packages/bill-of-materials.mjs';
import { architectures } from './packages/locked-packages.mjs';
import { packageVersion, writeNpmTarball } from './packages/npm-tarball.mjs';
import { writePluginArchives } from './packages/plugin-archives.mjs';
import { writeRecipes } from './packages/recipes.mjs';
import { writeRelocatableTarball } from './packages/relocatable-tarball.mjs';
import { ensureBuilt, ensureDependencies, ensurePlugin } from './set-up.mjs';
import { root, runDriver, say } from './steps.mjs';

const directory = join(root, 'dist/packages');

runDriver(async () => {
  const { values } = parseArgs({
    options: { arch: { type: 'string', multiple: true, default: ['x64'] } },
  });
  const unknown = values.arch.find((each) => !architectures.includes(each));
  if (unknown !== undefined)
    throw new Error(`Unknown architecture ${unknown}. Use one of: ${architectures.join(', ')}.`);
  ensureDependencies();
  ensureBuilt();
  if (!ensurePlugin()) throw new Error('The package contains the plugins, which need a JDK and Maven.');
  rmSync(directory, { recursive: true, force: true }); // tarballs of other versions
  mkdirSync(directory, { recursive: true });
  say('npm tarball');
  const npmTarball = writeNpmTarball(directory);
  const checksums = { NPM: checksumOf(npmTarball) };
  for (const architecture of values.arch) {
    say(`relocatable tarball for ${architecture}`);
    const path = writeRelocatableTarball(architecture, npmTarball, directory);
    checksums[architecture.toUpperCase()] = checksumOf(path);
  }
  writePluginArchives(directory);
  const version = packageVersion();
  writeRecipes(join(directory, 'recipes'), version, checksums);
  const materials = JSON.stringify(billOfMaterials(version, values.arch), null, 2);
  writeFileSync(join(directory, `nf-escrow-${version}.cdx.json`), `${materials}\n`);
  writeChecksums();
  writeFileSync(join(directory, '.complete'), ''); // for ensurePackages in scripts/set-up.mjs
});

/** Writes the checksums in the format of sha256sum(1), and prints the names and sizes of the files. */
function writeChecksums() {
  const paths = filesIn(directory);
  for (const path of paths)
    process.stdout.write(`${relative(root, path)} ${(statSync(path).size / 1e6).toFixed(1)} MB\n`);
  const lines = paths.map((path) => `${checksumOf(path)}  ${basename(path)}\n`);
  writeFileSync(join(directory, 'SHA256SUMS'), lines.join(''));
}

/** Returns the files in a directory, without those in its directories. */
function filesIn(parent) {
  const entries = readdirSync(parent, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(parent, name))
    .sort();
}

function checksumOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
