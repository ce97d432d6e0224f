import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts, planted, purged, refuses, soon, Victims } from '../../../support/hostile.ts';
import { launcher, Sandbox } from '../../../support/sandbox.ts';

const VALUE = 'the-value-behind-hostile-paths';
const NOBODY = 65_534;

/** The tests wait for processes most of the time, and each has its own sandbox. */
t.jobs = 5;

/** Returns a sandbox with a secret and all directories, but no daemon. Starts the bundle, which loads much faster. */
async function used(t: Test): Promise<Sandbox> {
  const box = new Sandbox(t);
  box.command = [launcher];
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  await accepts(t, box, ['run', '--detach', 'true']);
  await purged(t, box, VALUE);
  await accepts(t, box, ['daemon', 'stop']);
  return box;
}

/** Moves a path aside, plants something in its place, runs `check`, and restores the path. */
async function whileReplaced(path: string, plant: () => void, check: () => Promise<void>): Promise<void> {
  const aside = `${path}.aside`;
  renameSync(path, aside);
  plant();
  await check();
  rmSync(path, { recursive: true, force: true });
  renameSync(aside, path);
}

void t.test(
  'refuses planted objects in place of its files, without following links or blocking',
  async (t) => {
    const box = await used(t);
    const victims = new Victims(t);
    const before = victims.all;
    const at = (name: string): string => join(box.state, name);
    const lock = `daemon.${hostname()}`;
    const files = ['ledger.db', 'vault.key', 'daemon.log', `${lock}.lock`, `${lock}.start.lock`];
    for (const name of files)
      for (const kind of planted)
        await whileReplaced(
          at(name),
          () => victims.plant(kind, at(name)),
          async () => {
            const input = name === 'vault.key' ? 'x' : '';
            const command = name === 'vault.key' ? ['secrets', 'set', 'BAR_KEY'] : ['run', 'touch ran'];
            await refuses(t, box, command, [78, new RegExp(`Cannot use ".*${name}": `)], {
              input,
            });
            if (name === 'vault.key') await accepts(t, box, ['daemon', 'stop']);
          },
        );
    t.equal(victims.all, before, 'does not follow links');
    await accepts(t, box, ['run', 'true']);
  },
);

void t.test('refuses planted objects in place of its socket', async (t) => {
  const box = await used(t);
  const victims = new Victims(t);
  const before = victims.all;
  mkdirSync(join(box.state, hostname()), { recursive: true, mode: 0o700 });
  for (const kind of planted) {
    victims.plant(kind, box.socket);
    const message = /daemon\.sock": (it is a symbolic link|a file that is not a socket)/;
    await refuses(t, box, ['secrets', 'list'], [78, message]);
    rmSync(box.socket, { recursive: true });
  }
  t.equal(victims.all, before);
});

void t.test('refuses directories that are files, links or accessible to others', async (t) => {
  const box = await used(t);
  const victims = new Victims(t);
  const before = victims.all;
  mkdirSync(join(box.state, hostname()), { recursive: true, mode: 0o700 });
  const directories: [string, string[]][] = [
    [box.state, ['run', 'touch ran']],
    [join(box.state, 'runs'), ['run', 'touch ran']],
    [join(box.state, hostname()), ['run', 'touch ran']],
    [join(box.state, 'output'), ['run', '--detach', 'touch ran']],
  ];
  for (const [path, command] of directories) {
    const name = basename(path);
    const replacements: [() => void, number, RegExp][] = [
      [() => writeFileSync(path, ''), 78, /it is not a directory|ENOTDIR/],
      [() => victims.plant('dangling link', path), 78, /it is not a directory/],
      [() => victims.plant('link to a directory', path), 78, /it is not a directory/],
      [() => mkdirSync(path, { mode: 0o750 }), 77, /has mode 0750, so others can access it/],
    ];
    for (const [plant, status, message] of replacements)
      await whileReplaced(path, plant, () => refuses(t, box, command, [status, message]));
    t.equal(victims.all, before, name);
  }
  t.match(await purged(t, box, VALUE), { outcome: 'aborted' }, 'purges the refused run');
});

void t.test('refuses files of another user', async (t) => {
  if (process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'changing the owner of a file needs root' });
    return;
  }
  const box = await used(t);
  writeFileSync(join(box.state, 'config.yaml'), 'keepRunsDays: 30\n', { mode: 0o600 });
  for (const name of ['ledger.db', 'vault.key', 'daemon.log', 'runs', 'config.yaml', '.']) {
    const path = join(box.state, name);
    chownSync(path, NOBODY, NOBODY);
    await refuses(t, box, ['run', 'touch ran'], [77, /belongs to user 65534 \(nobody\), not to you/]);
    chownSync(path, 0, 0);
    await soon(t, box, ['daemon', 'stop']);
  }
  await accepts(t, box, ['run', 'true']);
});

void t.test('refuses files that others can change or read', async (t) => {
  const box = await used(t);
  writeFileSync(join(box.state, 'config.yaml'), 'keepRunsDays: 30\n', { mode: 0o644 });
  await accepts(t, box, ['daemon', 'status']);
  const cases: [string, number, RegExp][] = [
    ['config.yaml', 0o646, /every user of this machine can write to it/],
    ['vault.key', 0o640, /mode 0640, so others can access it/],
    ['ledger.db', 0o604, /mode 0604, so others can access it/],
  ];
  for (const [name, mode, message] of cases) {
    chmodSync(join(box.state, name), mode);
    await refuses(t, box, ['run', 'touch ran'], [77, message]);
    await soon(t, box, ['daemon', 'stop']);
    chmodSync(join(box.state, name), 0o600);
  }
});
