// npm run release -- VERSION [--dry-run] [--skip-checks] [--skip-packages]: makes a release in this checkout. Runs the checks of CI,
// sets the version, moves the entries of the changelog, builds the packages, commits and tags. Pushes nothing: the push of the tag
// starts .github/workflows/release.yml, which builds again and publishes.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isNewer, parseVersion, releaseChangelog } from './packages/changelog.mjs';
import { architectures } from './packages/locked-packages.mjs';
import { root, run, runDriver, say } from './steps.mjs';

const CHANGED = ['package.json', 'package-lock.json', 'CHANGELOG.md'];

runDriver(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      'skip-checks': { type: 'boolean', default: false },
      'skip-packages': { type: 'boolean', default: false },
    },
  });
  const [version = ''] = positionals;
  if (parseVersion(version) === undefined || positionals.length !== 1)
    throw new Error('Usage: npm run release -- X.Y.Z [--dry-run] [--skip-checks] [--skip-packages]');
  assertReleasable(version);
  const { repository } = read('package.json');
  const changelog = releaseChangelog(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), {
    version,
    date: new Date().toISOString().slice(0, 10),
    repository: repository.url.replace(/^git\+|\.git$/g, ''),
  });
  if (values['dry-run']) {
    process.stdout.write(`${changelog.entries}\n\n${plan(version, values).join('\n')}\n`);
    return;
  }
  if (!values['skip-checks']) run('bash', ['.ci/run']);
  setVersion(version);
  writeFileSync(join(root, 'CHANGELOG.md'), changelog.text);
  if (!values['skip-packages'])
    run(process.execPath, ['scripts/package.mjs', ...architectures.flatMap((each) => ['--arch', each])]);
  run('git', ['commit', '--quiet', '-m', `Release ${version}`, '--', ...CHANGED]);
  run('git', ['tag', '--annotate', `v${version}`, '-m', `nf-escrow ${version}`]);
  say(`tagged v${version}. To publish: git push --follow-tags`);
});

function plan(version, values) {
  return [
    ...(values['skip-checks'] ? [] : ['Would run: bash .ci/run']),
    `Would change: ${CHANGED.join(', ')}`,
    ...(values['skip-packages'] ? [] : [`Would build: packages for ${architectures.join(', ')}`]),
    `Would commit: Release ${version}`,
    `Would tag: v${version}`,
  ];
}

/** Throws if there are uncommitted changes, or if the version was released or is not newer than all released ones. */
function assertReleasable(version) {
  if (git('status', '--porcelain') !== '') throw new Error('The checkout has uncommitted changes.');
  const released = git('tag', '--list', 'v*')
    .split('\n')
    .map((tag) => tag.slice(1))
    .filter((tag) => parseVersion(tag) !== undefined);
  const newer = released.find((each) => !isNewer(version, each));
  if (newer !== undefined) throw new Error(`${version} is not newer than ${newer}, which was released.`);
}

/** The plugins take their version from package.json when they are built. */
function setVersion(version) {
  for (const path of ['package.json', 'package-lock.json']) {
    const content = read(path);
    content.version = version;
    if (content.packages !== undefined) content.packages[''].version = version;
    writeFileSync(join(root, path), `${JSON.stringify(content, null, 2)}\n`);
  }
}

function read(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr.trim()}`);
  return stdout.trim();
}
