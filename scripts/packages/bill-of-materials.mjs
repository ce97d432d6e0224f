// Writes the software bill of materials (SBOM) in the format CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageDirectories, root } from '../steps.mjs';
import { nodeFor, readLock, runtimePackages } from './locked-packages.mjs';

/**
 * Returns the bill of materials of a release: the packages in the bundle and the pages, which their notices list, the packages that
 * are installed with nf-escrow, and the Node.js of the tarballs.
 */
export function billOfMaterials(version, architectures) {
  const components = new Map();
  for (const part of ['dist/bundle', ...pageDirectories])
    for (const each of packagesInNotices(join(root, part, 'THIRD_PARTY_LICENSES')))
      components.set(each['bom-ref'], each);
  for (const architecture of architectures)
    for (const each of [...runtimePackages(architecture), nodeFor(architecture)].map(component))
      components.set(each['bom-ref'], each);
  const sorted = [...components.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const main = component({ name: 'nf-escrow', version, license: 'Apache-2.0' });
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([main, sorted]))}`,
    version: 1,
    metadata: { component: { ...main, type: 'application' } },
    components: sorted,
    dependencies: [{ ref: main['bom-ref'], dependsOn: sorted.map((each) => each['bom-ref']) }],
  };
}

/** Reads the headings of notices, which scripts/licenses.mjs writes: NAME VERSION (LICENSE). */
function packagesInNotices(path) {
  const headings = readFileSync(path, 'utf8').matchAll(/^((?:@[\w.-]+\/)?[\w.-]+) (\d\S*) \(([\w.-]+)\)$/gm);
  return [...headings].map(([, name, version, license]) =>
    component({ name, version, license, integrity: integrityOf(name, version) }),
  );
}

function component({ name, version, license, integrity }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, digest] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    ...(digest === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }),
    ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
    purl,
  };
}

let lock;

/** Returns the integrity of a package in npm's lock file. */
function integrityOf(name, version) {
  lock ??= readLock();
  return Object.entries(lock).find(
    ([path, entry]) => path.endsWith(`node_modules/${name}`) && entry.version === version,
  )?.[1].integrity;
}

/** Returns a UUID, version 8 of RFC 9562, that depends only on the content. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 32).split('');
  hex[12] = '8';
  hex[16] = '8';
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
