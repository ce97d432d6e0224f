// npm run screenshots: takes the images in docs/images from real runs.
// npm run screenshots -- --references: renews the references with which test/e2e/page/appearance.test.ts compares the page.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import {
  ensureBuilt,
  ensureChromium,
  ensureDependencies,
  ensureInter,
  ensureJava,
  ensureNextflow,
  ensurePlugin,
} from './set-up.mjs';
import { node, root, run, runDriver } from './steps.mjs';

/** Where the place of the screenshots is mounted. Paths below it are in the images. */
const MOUNT = '/srv';
const HOST = 'login1';
const USER = 'ada';

/** Gives the following command a host name, a user name and paths that are not those of this machine. */
const ENTER = `set -e
hostname ${HOST}
mount --bind "$1" ${MOUNT}
mount --bind ${MOUNT}/etc/passwd /etc/passwd
mount --bind ${MOUNT}/etc/hosts /etc/hosts
shift
exec "$@"`;

/** Desktops have such a font as their system font. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  ${['system-ui', 'sans-serif', 'sans'].map((name) => `<alias binding="same"><family>${name}</family><prefer><family>Inter</family></prefer></alias>`).join('\n  ')}
</fontconfig>
`;

runDriver(async () => {
  if (process.argv.includes('--references')) {
    const env = { ...process.env, NF_ESCROW_TEST_RENEW_REFERENCES: '1' };
    run(node, ['scripts/test.mjs', 'e2e/page/appearance'], { env, stdio: 'inherit' });
    return 0;
  }
  if (process.getuid() !== 0)
    throw new Error(
      'npm run screenshots needs root for a mount namespace, which hides the paths of this machine.',
    );
  ensureDependencies();
  ensureBuilt();
  if (!ensurePlugin() || !ensureChromium() || !ensureInter())
    throw new Error('The screenshots need a JDK (17 or later), Maven, Chromium and the font Inter.');
  const nextflow = ensureJava() === undefined ? undefined : ensureNextflow();
  if (nextflow === undefined) throw new Error('The screenshots need Java 17 or later and Nextflow.');
  const place = mkdtempSync('/tmp/nf-escrow-screenshots-');
  try {
    furnish(place, nextflow);
    // A namespace of processes too, so that none of them outlives the script.
    const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const command = ['/bin/sh', '-c', ENTER, 'sh', place, node, 'scripts/screenshots/take.mjs'];
    // What must not be in an image.
    const machine = [hostname(), homedir(), root, place].filter((text) => text !== HOST && text !== '/');
    const options = { cwd: root, env: environment(), stdio: 'inherit' };
    return spawnSync('unshare', [...namespaces, ...command, ...machine], options).status ?? 1;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

function furnish(place, nextflow) {
  const fonts = join(place, 'home', USER, '.config/fontconfig');
  for (const path of [fonts, join(place, 'apps'), join(place, 'etc'), join(place, 'scratch/rnaseq')])
    mkdirSync(path, { recursive: true });
  symlinkSync(dirname(nextflow), join(place, 'apps/nextflow'));
  writeFileSync(join(fonts, 'fonts.conf'), FONTS);
  writeFileSync(join(place, 'etc/passwd'), `${USER}:x:0:0:Ada:${MOUNT}/home/${USER}:/bin/sh\n`);
  writeFileSync(join(place, 'etc/hosts'), `127.0.0.1 localhost ${HOST}\n`);
}

function environment() {
  const { PATH, JAVA_CMD, JAVA_HOME } = process.env;
  return {
    PATH,
    ...(JAVA_CMD === undefined ? {} : { JAVA_CMD }),
    ...(JAVA_HOME === undefined ? {} : { JAVA_HOME }),
    HOME: `${MOUNT}/home/${USER}`,
    USER,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NF_ESCROW_NEXTFLOW: `${MOUNT}/apps/nextflow/nextflow`,
    NF_ESCROW_NODE: node,
    NXF_OFFLINE: 'true',
    NXF_ANSI_LOG: 'false',
    LAUNCH: `${MOUNT}/scratch/rnaseq`,
  };
}
