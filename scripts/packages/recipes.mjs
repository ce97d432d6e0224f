import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../steps.mjs';

/** Recipes of other package systems, by their path in a release. */
const RECIPES = {
  'spack/package.py': 'package.py',
  'easybuild/nf-escrow-@VERSION@.eb': 'nf-escrow.eb',
  'apptainer/nf-escrow.def': 'apptainer.def',
  'bioconda/meta.yaml': 'meta.yaml',
};

/** Writes the recipes for a version to a directory. `checksums`: SHA-256 of the packages by name: NPM, X64, ARM64. */
export function writeRecipes(directory, version, checksums) {
  const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const fill = (text) =>
    text
      .replaceAll('@VERSION@', version)
      .replaceAll('@HOMEPAGE@', homepage.replace(/#.*/, ''))
      .replaceAll(/@SHA256_(\w+)@/g, (_, name) => checksums[name] ?? '');
  for (const [path, template] of Object.entries(RECIPES)) {
    const target = join(directory, fill(path));
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, fill(readFileSync(join(root, 'templates/site', template), 'utf8')));
  }
}
