import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that a package under Apache-2.0 may contain. The build fails if a bundled package has another one. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** Returns the name, version and licence text of each package in rolldown's output. */
export function licensesOf(output) {
  const modules = output.flatMap(({ moduleIds }) => moduleIds ?? []);
  const directories = modules.flatMap(
    (module) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1] ?? [],
  );
  return licensesIn(directories);
}

/** Returns the name, version and licence text of the packages in directories. */
export function licensesIn(directories) {
  const sections = [...new Set(directories)].map((directory) => describe(directory).trimEnd()).sort();
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `nf-escrow contains these packages:${rule}${sections.join(rule)}\n`;
}

function describe(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!PERMISSIVE.includes(license))
    throw new Error(
      `Cannot bundle ${name} ${version}: its license, ${license}, is not in PERMISSIVE in scripts/licenses.mjs.`,
    );
  const file = readdirSync(directory).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(directory, file), 'utf8').trim()}`;
  return `${name} ${version} (${license})${text}`;
}
