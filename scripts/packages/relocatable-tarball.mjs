// Builds the relocatable tarball: nf-escrow with its Node.js, for systems without Node.js and without internet.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { licensesIn } from '../licenses.mjs';
import { pageDirectories, root, run } from '../steps.mjs';
import { nodeFor, runtimePackages } from './locked-packages.mjs';
import { manualPage } from './manual-page.mjs';
import { packageVersion } from './npm-tarball.mjs';

/** Maximum size of the compressed tarball. */
const BYTES_MAX = 60_000_000;
/** Directories with pages for users. */
const USER_DOCUMENTS = [
  'docs',
  ...['coming-from', 'how-to', 'reference', 'team-server', 'tutorial'].map((name) => `docs/${name}`),
];

/** Writes the tarball for an architecture to a directory, from the npm tarball, and returns its path. */
export function writeRelocatableTarball(architecture, npmTarball, directory) {
  const name = `nf-escrow-${packageVersion()}-linux-${architecture}`;
  const work = mkdtempSync(join(directory, '.work-'));
  try {
    const tree = join(work, name);
    mkdirSync(tree);
    run('tar', ['-xzf', npmTarball, '-C', tree, '--strip-components=1', '--no-same-owner']);
    addNode(tree, architecture);
    addRuntimePackages(tree, architecture);
    addDocuments(tree);
    addModulefile(tree);
    run('chmod', ['-R', 'u=rwX,go=rX', tree]);
    return archive(work, name, join(directory, `${name}.tar.gz`));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** bin/nf-escrow looks for node/bin/node. */
function addNode(tree, architecture) {
  const { version, directory } = nodeFor(architecture);
  mkdirSync(join(tree, 'node/bin'), { recursive: true });
  copyFileSync(join(directory, 'bin/node'), join(tree, 'node/bin/node'));
  chmodSync(join(tree, 'node/bin/node'), 0o755);
  copyFileSync(join(directory, 'LICENSE'), join(tree, 'node/LICENSE'));
  const caches = join(tree, 'dist/bundle/code-cache');
  if (!existsSync(caches)) return;
  for (const entry of readdirSync(caches))
    if (entry !== `v${version}-${architecture}`) rmSync(join(caches, entry), { recursive: true });
}

/** Adds the packages, and the notices for everything in the tarball but Node, which has its own. */
function addRuntimePackages(tree, architecture) {
  const packages = runtimePackages(architecture);
  for (const { name, directory } of packages)
    cpSync(directory, join(tree, 'node_modules', name), { recursive: true, dereference: true });
  const notices = [
    ...['dist/bundle', ...pageDirectories].map((part) =>
      readFileSync(join(tree, part, 'THIRD_PARTY_LICENSES'), 'utf8'),
    ),
    licensesIn(packages.map(({ directory }) => directory)),
  ];
  writeFileSync(join(tree, 'THIRD_PARTY_LICENSES'), notices.join('\n'));
}

function addModulefile(tree) {
  const template = readFileSync(join(tree, 'templates/site/modulefile'), 'utf8');
  const directory = join(tree, 'share/modulefiles/nf-escrow');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, packageVersion()), template.replaceAll('@VERSION@', packageVersion()));
}

function addDocuments(tree) {
  for (const directory of USER_DOCUMENTS)
    for (const entry of readdirSync(join(root, directory)).filter((file) => file.endsWith('.md')))
      cpSync(join(root, directory, entry), join(tree, directory, entry));
  copyFileSync(join(root, 'SECURITY.md'), join(tree, 'SECURITY.md'));
  const commands = JSON.parse(readFileSync(join(tree, 'dist/bundle/command-tree.json'), 'utf8'));
  mkdirSync(join(tree, 'share/man/man1'), { recursive: true });
  writeFileSync(join(tree, 'share/man/man1/nf-escrow.1'), manualPage(commands, packageVersion()));
}

/** Sorted, with fixed owners and times, so that two tarballs differ only where their files differ. */
function archive(work, name, path) {
  const tar = ['tar', '--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '-cf', '-'];
  run('bash', ['-o', 'pipefail', '-c', `${tar.join(' ')} "$1" | gzip -n >"$2"`, 'bash', name, path], {
    cwd: work,
  });
  const { length } = readFileSync(path);
  if (length > BYTES_MAX) throw new Error(`${path} has ${length} bytes, and the maximum is ${BYTES_MAX}.`);
  return path;
}
