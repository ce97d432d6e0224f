import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SecretDelivery } from '../../../daemon/contract/types.ts';
import { checkPlugin } from '../../../daemon/doctor/checks/plugin.ts';
import type { Launch } from '../../../daemon/nextflow/launcher/launch.ts';
import { shippedPlugin } from '../../../daemon/nextflow/plugin/plugin-files.ts';
import { chooseSecretDelivery } from '../../../daemon/nextflow/plugin/secret-delivery.ts';
import { accounts } from '../../support/accounts.ts';
import { only, subjectIn } from '../../support/doctor-context.ts';
import { root } from '../../support/sandbox.ts';
import { asAccount, must } from '../../support/shared-group.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const OURS = `nf-escrow-${shippedPlugin()?.version ?? 'not built'}`;
/** A group that may have members other than root. */
const SHARED = 65_534;

interface Place {
  readonly launch: Launch;
  readonly plugins: string;
  /** Our private plugins directory. */
  readonly own: string;
  readonly choose: (env?: Record<string, string>) => SecretDelivery;
  readonly make: (name: string, mode?: number) => string;
}

/** Returns a home that other users can enter, with a plugins directory. */
function placeOf(t: Test): Place | undefined {
  if (process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'only root may give a directory to any group' });
    return undefined;
  }
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  const nextflow = join(directory, 'nextflow-25.10.0');
  writeFileSync(nextflow, '#!/bin/sh\n', { mode: 0o755 });
  const plugins = join(directory, 'home/plugins');
  const launch: Launch = {
    nextflow,
    arguments: ['run', 'x'],
    directory,
    state: join(directory, 'state'),
    env: { NXF_HOME: join(directory, 'home') },
  };
  const make = (name: string, mode = 0o755): string => {
    const path = join(plugins, name);
    mkdirSync(join(path, 'classes/META-INF'), { recursive: true });
    writeFileSync(join(path, 'classes/META-INF/MANIFEST.MF'), `Plugin-Id: ${name}\n`);
    chownSync(path, 0, SHARED);
    chmodSync(path, mode);
    return path;
  };
  return {
    launch,
    plugins,
    own: join(launch.state, 'plugins'),
    choose: (env = {}) => chooseSecretDelivery({ ...launch, env: { ...launch.env, ...env } }),
    make,
  };
}

function share(path: string): void {
  chownSync(path, 0, SHARED);
  chmodSync(path, 0o775);
}

void t.test('creates a private plugins directory and uses it, even with umask 002', async (t) => {
  const place = placeOf(t);
  if (place === undefined) return;
  const before = process.umask(0o002);
  t.teardown(() => process.umask(before));
  t.match(place.choose(), { reason: null });
  t.same(readdirSync(place.plugins), [OURS]);
  for (const path of [join(place.plugins, '..'), place.plugins])
    t.equal(lstatSync(path).mode & 0o777, 0o700, path);
  for (const entry of readdirSync(place.plugins, { recursive: true, encoding: 'utf8' }))
    t.equal(lstatSync(join(place.plugins, entry)).mode & 0o022, 0, entry);
});

void t.test('uses a private directory if other users can write to the plugins directory', async (t) => {
  const place = placeOf(t);
  if (place === undefined) return;
  const { plugins, own, choose, make } = place;
  const planted = make('nf-planted-1.0.0');
  make(OURS);
  share(plugins);
  const elsewhere = join(place.launch.directory, 'elsewhere');
  mkdirSync(join(elsewhere, 'nf-mine-1.0.0/lib'), { recursive: true });
  symlinkSync(join(elsewhere, 'nf-mine-1.0.0'), join(plugins, 'nf-mine-1.0.0'));
  symlinkSync(planted, join(plugins, 'nf-loop-1.0.0'));
  symlinkSync(join(elsewhere, 'nf-mine-1.0.0'), join(plugins, 'nf-theirs-1.0.0'));
  lchownSync(join(plugins, 'nf-theirs-1.0.0'), SHARED, SHARED);
  const delivery = choose({ NXF_PLUGINS_DIR: '' });
  t.match(delivery, {
    reason: null,
    environment: { NXF_PLUGINS_DIR: own },
    restore: { NXF_PLUGINS_DIR: '' },
    note: new RegExp(
      `^plugins are loaded from ${own}: Cannot use the plugins directory "${plugins}": it can be changed`,
    ),
  });
  t.match(delivery.note, /members of group 65534 \(nogroup\) can write to it\. Remedy: chmod -R go-w \//);
  t.same(
    readdirSync(own).sort(),
    [OURS, 'nf-mine-1.0.0'].sort(),
    'links only plugins outside the writable directory',
  );
  t.equal(readlinkSync(join(own, 'nf-mine-1.0.0')), join(elsewhere, 'nf-mine-1.0.0'));
  t.equal(lstatSync(own).mode & 0o777, 0o700);
  // Plugins that Nextflow downloads are kept, and preferred to the user's.
  mkdirSync(join(own, 'nf-fetched-1.0.0'));
  make('nf-fetched-1.0.0');
  share(join(elsewhere, 'nf-mine-1.0.0'));
  t.equal(choose().reason, null);
  t.same(
    readdirSync(own).sort(),
    [OURS, 'nf-fetched-1.0.0'].sort(),
    'removes a link when other users can change its target',
  );
  chmodSync(plugins, 0o755);
  rmSync(join(plugins, 'nf-mine-1.0.0'));
  rmSync(join(plugins, 'nf-theirs-1.0.0'));
  t.same(
    choose().environment,
    { NXF_PLUGINS_DEFAULT: OURS.replace(/-(?=\d)/, '@') },
    'uses the directory again after the remedy',
  );
});

void t.test('links the other plugins if other users can write to one of them', async (t) => {
  const place = placeOf(t);
  if (place === undefined) return;
  const { plugins, own, choose, make } = place;
  make('nf-good-1.0.0');
  make('nf-open-1.0.0', 0o775);
  const library = join(make('nf-library-1.0.0'), 'lib');
  mkdirSync(library);
  share(library);
  t.match(choose(), {
    reason: null,
    environment: { NXF_PLUGINS_DIR: own },
    note: /nf-(open|library)-1\.0\.0/,
  });
  t.same(readdirSync(own).sort(), [OURS, 'nf-good-1.0.0'].sort());
  t.equal(readlinkSync(join(own, 'nf-good-1.0.0')), join(plugins, 'nf-good-1.0.0'));
  t.match(
    choose({ NXF_OFFLINE: 'true' }),
    {
      plugin: null,
      reason: /nf-open-1\.0\.0.* cannot be downloaded again, because NXF_OFFLINE is true/,
      environment: {},
    },
    'the run may need a plugin that is not linked',
  );
  for (const name of ['nf-open-1.0.0', 'nf-library-1.0.0']) mkdirSync(join(own, name));
  t.match(choose({ NXF_OFFLINE: 'true' }), { reason: null }, 'the plugins have been downloaded');
});

void t.test('doctor reports the same problem and remedy as the launch', async (t) => {
  const place = placeOf(t);
  if (place === undefined) return;
  const { plugins, own, choose, make, launch } = place;
  const subject = subjectIn(launch.directory, {
    nextflow: launch.nextflow,
    env: { ...launch.env, NF_ESCROW_HOME: launch.state },
  });
  const faults: Readonly<Record<string, readonly [() => void, () => void]>> = {
    'the directory': [() => share(plugins), () => chmodSync(plugins, 0o755)],
    'a directory above': [() => share(join(plugins, '..')), () => chmodSync(join(plugins, '..'), 0o755)],
    'a plugin': [
      () => make('nf-open-1.0.0', 0o775),
      () => rmSync(join(plugins, 'nf-open-1.0.0'), { recursive: true }),
    ],
    'a sticky directory': [() => chmodSync(plugins, 0o1777), () => chmodSync(plugins, 0o755)],
  };
  mkdirSync(plugins, { recursive: true });
  for (const [what, [damage, repair]] of Object.entries(faults)) {
    damage();
    const check = only(checkPlugin(subject));
    t.match(check, { state: 'warning' }, what);
    const { note = '' } = choose();
    const reason = check.found.slice(check.found.indexOf('. ') + 2);
    t.ok(note.includes(reason) && note.endsWith(check.remedy ?? '-'), `${what}: ${check.found} / ${note}`);
    t.ok(check.found.startsWith(join(own, OURS)), 'names the directory that is used');
    repair();
    t.match(
      only(checkPlugin(subject)),
      { state: 'ok', found: new RegExp(`^${plugins}/`) },
      `${what}: repaired`,
    );
  }
});

void t.test("a user's own group is not private if it has another member", async (t) => {
  const [victim, attacker] = accounts(t, 2) ?? [];
  if (victim === undefined || attacker === undefined) return;
  chmodSync(victim.home, 0o755);
  must('usermod', ['-aG', victim.name, attacker.name]);
  const plugins = join(victim.home, '.nextflow/plugins');
  const umask = ['sh', '-c', 'umask 002; exec "$@"', 'sh'];
  t.equal(asAccount(victim, [...umask, 'mkdir', '-p', plugins]).status, 0);
  t.equal(lstatSync(plugins).mode & 0o777, 0o775);
  const env = {
    NF_ESCROW_HOME: join(victim.home, 'escrow'),
    NF_ESCROW_NEXTFLOW: join(root, 'test/support/bin/nextflow'),
    NF_ESCROW_IDLE_SECONDS: '1',
  };
  const explain = [process.execPath, join(root, 'dist/daemon/main.js'), 'run', '--explain', 'x'];
  const { status, stderr } = asAccount(victim, [...umask, ...explain], { env });
  t.equal(status, 0, stderr);
  t.same(readdirSync(plugins), []);
  t.same(readdirSync(join(victim.home, 'escrow/plugins')), [OURS]);
});

void t.test('links the plugins of a shared directory, which may be read-only', async (t) => {
  const place = placeOf(t);
  if (place === undefined) return;
  const { launch, plugins, own, make } = place;
  const shared = join(launch.directory, 'shared');
  for (const name of ['nf-site-1.0.0', 'nf-both-1.0.0'])
    mkdirSync(join(shared, name, 'classes'), { recursive: true });
  make('nf-both-1.0.0');
  make('nf-own-1.0.0');
  chmodSync(shared, 0o555);
  const offline = { ...launch, sharedPlugins: shared, env: { ...launch.env, NXF_OFFLINE: 'true' } };
  const delivery = chooseSecretDelivery(offline);
  t.match(delivery, { reason: null, environment: { NXF_PLUGINS_DIR: own } });
  t.notOk('note' in delivery, 'this is no exception');
  t.same(readdirSync(own).sort(), [OURS, 'nf-both-1.0.0', 'nf-own-1.0.0', 'nf-site-1.0.0'].sort());
  t.equal(readlinkSync(join(own, 'nf-site-1.0.0')), join(shared, 'nf-site-1.0.0'));
  t.equal(readlinkSync(join(own, 'nf-both-1.0.0')), join(plugins, 'nf-both-1.0.0'), "the user's come first");

  chmodSync(shared, 0o755);
  share(shared);
  const warned = chooseSecretDelivery(offline);
  t.match(warned.note, `plugins are loaded from ${plugins}: Cannot use the plugins directory "${shared}"`);
  t.notOk('NXF_PLUGINS_DIR' in warned.environment, 'other users could replace its plugins');
  const missing = chooseSecretDelivery({ ...offline, sharedPlugins: join(launch.directory, 'missing') });
  t.match(missing.note, /missing": it does not exist\. Remedy: Correct the setting pluginsDir/);
});
