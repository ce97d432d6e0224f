import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import { listenOn } from '../../../../daemon/api/listeners/unix-listener.ts';
import { serveSpool } from '../../../../daemon/api/spool-server.ts';
import { locatePaths } from '../../../../daemon/config/paths.ts';
import { loadSettings } from '../../../../daemon/config/settings.ts';
import { asEscrowError } from '../../../../daemon/errors.ts';
import {
  readHostLease,
  removeHostLease,
  secondsSinceHeartbeat,
  writeHostLease,
} from '../../../../daemon/system/host-lease/host-lease.ts';
import { openToAppend } from '../../../../daemon/system/files/owned-file.ts';
import { ensurePrivateDirectory } from '../../../../daemon/system/files/private-directory.ts';
import { identifySelf } from '../../../../daemon/system/processes/process-identity.ts';
import { writeSetting } from '../../../../daemon/cli/io/settings-file.ts';
import { takeLock } from '../../../../daemon/ledger/lock.ts';
import { migrations } from '../../../../daemon/ledger/sqlite/migrations.ts';
import { openLedger } from '../../../../daemon/ledger/sqlite/open.ts';
import { readImport } from '../../../../daemon/cli/io/import-sources.ts';
import { readLocalStore } from '../../../../daemon/nextflow/launcher/local-store.ts';
import { ensurePlugin } from '../../../../daemon/nextflow/plugin/plugin-install.ts';
import { writeShim } from '../../../../daemon/nextflow/launcher/write-shim.ts';
import { revoke } from '../../../../daemon/run-directory/fence.ts';
import { requestCancel } from '../../../../daemon/run-directory/heartbeat.ts';
import { RunDirectories } from '../../../../daemon/run-directory/run-directories.ts';
import { createRing, readRing, writeRing } from '../../../../daemon/vault/keys/key-ring.ts';
import { plantedToo, Victims } from '../../../support/hostile.ts';
import { assemble, placesIn, type DaemonModules } from '../../../support/daemon-modules.ts';
import { writeExit } from '../../../support/placed-run.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

/** A path that nf-escrow uses and at which another file is planted, and the operation on it. */
interface Place {
  readonly path: string;
  /** Whether a link to a directory is accepted. */
  readonly mayBeLink?: boolean;
  /** Prepares the directory. */
  readonly before?: (directory: string) => void | Promise<void>;
  readonly act: (path: string, directory: string) => unknown;
  /** Checks the result if the operation succeeds. The planted file may be unchanged or removed. */
  readonly after?: (t: Test, path: string) => void;
}

const lease = { holder: identifySelf(), epoch: 1 };

function oldLedger(directory: string): void {
  const path = join(directory, 'ledger.db');
  writeFileSync(path, '', { mode: 0o600 });
  const database = new Database(path);
  database.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  for (const statement of migrations[0]?.statements ?? []) database.exec(statement);
  database.exec(
    `INSERT INTO migrations VALUES (1, 'first form', ''); INSERT INTO meta VALUES ('ledger', 'the-id')`,
  );
  database.close();
}

const open = async (_path: string, directory: string): Promise<void> =>
  (await openLedger(join(directory, 'ledger.db'))).close();

const places: readonly Place[] = [
  { path: 'ledger.db', act: open },
  { path: 'ledger.db.form-1', before: oldLedger, act: open },
  { path: 'ledger.db.form-1.unfinished', before: oldLedger, act: open },
  { path: 'daemon.lock', act: (path) => takeLock(path)?.release() },
  { path: 'daemon.log', act: (path) => closeSync(openToAppend(path)) },
  { path: 'vault.key', act: (path) => readRing(path) ?? createRing(path) },
  { path: 'vault.key', act: (path) => writeRing(path, createRing(`${path}.other`)) },
  { path: 'config.yaml', act: (_path, directory) => loadSettings({ NF_ESCROW_HOME: directory }) },
  {
    path: 'config.yaml',
    act: async (path, directory) => {
      await loadSettings({ NF_ESCROW_HOME: directory });
      writeSetting(path, 'workspace', 'lab/rna');
    },
  },
  { path: 'sockets', act: (path) => ensurePrivateDirectory(path) },
  { path: 'daemon.sock', act: async (path) => (await listenOn(() => undefined, path)).close() },
  {
    path: 'daemon.host',
    act: (path) => {
      readHostLease(path);
      secondsSinceHeartbeat(path);
      writeHostLease(path, lease);
      removeHostLease(path, 1);
    },
  },
  {
    path: 'daemon.host.beat',
    act: (path) => {
      secondsSinceHeartbeat(path.replace('.beat', ''));
      writeHostLease(path.replace('.beat', ''), lease);
      removeHostLease(path.replace('.beat', ''), 1);
    },
  },
  { path: 'spool', act: (_path, directory) => serveSpool(locatePaths({ NF_ESCROW_HOME: directory }))() },
  {
    path: `spool/${'a'.repeat(24)}.request`,
    before: (directory) => mkdirSync(join(directory, 'spool'), { mode: 0o700 }),
    act: (_path, directory) => serveSpool(locatePaths({ NF_ESCROW_HOME: directory }))(),
    after: (t, path) => t.notOk(existsSync(path), 'removes the file in the spool'),
  },
  {
    path: 'cancel',
    act: (_path, directory) => requestCancel(directory),
    after: (t, path) => t.ok(existsSync(path), 'requests the end'),
  },
  {
    path: 'revoked',
    before: (directory) => writeFileSync(join(directory, 'armed'), ''),
    act: (_path, directory) =>
      revoke(new RunDirectories(directory), { target: directory, locator: null, sentAt: null }),
    after: (t, path) =>
      t.ok(existsSync(path) && !existsSync(path.replace('revoked', 'armed')), 'the fence is closed'),
  },
  // Nextflow's own directory, which a user may have linked to another disk.
  { path: 'plugins', mayBeLink: true, act: (path) => ensurePlugin(path) },
  {
    path: 'plugins/nf-escrow-0.1.0',
    before: (directory) => mkdirSync(join(directory, 'plugins'), { mode: 0o700 }),
    act: (path) => ensurePlugin(join(path, '..')),
  },
  { path: 'nextflow', act: (path) => writeShim(join(path, '..'), ['/nf-escrow']) },
  { path: 'store.json', act: (path) => readLocalStore(path) },
  { path: 'import', act: (path) => readImport('json', path, {}) },
];

void t.test(
  'follows no link and never waits, whatever file exists where nf-escrow writes or removes',
  async (t) => {
    const kinds = plantedToo.filter((kind) => kind !== 'device' || process.geteuid?.() === 0);
    for (const { path, mayBeLink, before, act, after } of places)
      for (const kind of kinds) {
        if (mayBeLink === true && kind.startsWith('link')) continue;
        const what = `${kind} as ${path}`;
        const directory = temporaryDirectory(t);
        const victims = new Victims(t);
        await before?.(directory);
        victims.plant(kind, join(directory, path));
        const untouched = victims.all;
        try {
          await act(join(directory, path), directory);
          after?.(t, join(directory, path));
        } catch (error) {
          t.not(
            asEscrowError(error).code,
            'internal',
            `${what}: ${error instanceof Error ? String(error.stack) : ''}`,
          );
        }
        t.equal(victims.all, untouched, `${what}: changes no other file`);
      }
  },
);

const NAMES = [
  'exit',
  'process',
  'alive',
  'armed',
  'started',
  'revoked',
  'heartbeat',
  'cancel',
  'requeue',
  'events.jsonl',
  'run.json',
  'head.json',
  'store.json',
  'secrets',
  'shim',
  '.gone',
  '.gone-000000000000',
  'on-lost',
  'expires',
  'environment',
  'access.json',
  'overlay.config',
  'references.json',
];

/** Creates a run of this process that is delivered but not started, and returns its id. */
async function placed(modules: DaemonModules, launchDirectory: string, detach = false): Promise<string> {
  const request = {
    selection: {},
    detach,
    launchDirectory,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: identifySelf(),
  };
  return (await modules.runs.create(request)).run?.id ?? '';
}

void t.test('cancels and purges a run, whatever is planted in its directory or instead of it', async (t) => {
  const directory = temporaryDirectory(t);
  const modules = await assemble(placesIn(directory));
  t.teardown(() => modules.close());
  await modules.runs.recover();
  for (const kind of plantedToo.filter((one) => one !== 'device' || process.geteuid?.() === 0)) {
    const victims = new Victims(t);
    const id = await placed(modules, directory);
    const place = join(directory, 'runs', id);
    for (const name of NAMES.filter((one) => !['armed', 'started'].includes(one))) {
      rmSync(join(place, name), { recursive: true, force: true });
      victims.plant(kind, join(place, name));
    }
    const untouched = victims.all;
    await modules.runs.cancel(id);
    t.match(
      await modules.runs.purge(id, { force: false, asked: true }),
      { state: 'purged', outcome: 'cancelled' },
      `${kind} within`,
    );
    t.notOk(existsSync(place), `${kind}: removes everything`);
    t.equal(victims.all, untouched, `${kind}: changes no other file`);

    // Instead of the directory itself: the run ends because there is nothing to start, and the planted file is removed.
    const other = await placed(modules, directory);
    renameSync(join(directory, 'runs', other), join(directory, 'aside'));
    victims.plant(kind, join(directory, 'runs', other));
    const still = victims.all;
    await modules.runs.cancel(other);
    await modules.runs.purge(other, { force: true, asked: true });
    t.equal(victims.all, still, `${kind} instead of a run directory: changes no other file`);
    t.notOk(existsSync(join(directory, 'aside')), 'removes the moved directory');
    rmSync(join(directory, 'runs', other), { recursive: true, force: true });
    await modules.runs.purge(other, { force: true, asked: true });
  }
  t.same(readdirSync(join(directory, 'runs')), []);
});

void t.test('files larger than the disk neither exhaust memory nor hide the end of the run', async (t) => {
  const directory = temporaryDirectory(t);
  const modules = await assemble(placesIn(directory));
  t.teardown(() => modules.close());
  const id = await placed(modules, directory);
  const place = join(directory, 'runs', id);
  execFileSync('mkfifo', [join(place, 'alive')]);
  for (const name of ['events.jsonl', 'process', 'heartbeat', 'exit.new'])
    execFileSync('truncate', ['--size', '1T', join(place, name)]);
  writeExit(place, 0);
  renameSync(join(place, 'armed'), join(place, 'started'));
  const before = process.memoryUsage().rss;
  t.match(await modules.runs.purge(id, { force: false, asked: true }), { state: 'purged', exitStatus: 0 });
  t.ok(process.memoryUsage().rss - before < 512 * 1024 * 1024, 'memory is bounded');
});

void t.test('prunes runs whatever is planted at the path of their output', async (t) => {
  const directory = temporaryDirectory(t);
  const modules = await assemble(placesIn(directory));
  t.teardown(() => modules.close());
  mkdirSync(join(directory, 'output'), { mode: 0o700 });
  for (const kind of plantedToo.filter((one) => one !== 'device' || process.geteuid?.() === 0)) {
    const victims = new Victims(t);
    const id = await placed(modules, directory, true);
    await modules.runs.cancel(id);
    await modules.runs.purge(id, { force: false, asked: true });
    victims.plant(kind, join(directory, 'output', `${id}.log`));
    const untouched = victims.all;
    t.equal(await modules.runs.prune(0), 1, kind);
    t.equal(victims.all, untouched, `${kind}: changes no other file`);
  }
});
