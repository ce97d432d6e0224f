// Run directories, or their parent, that were moved or replaced. The receipt never claims that nothing is left while values
// exist, whether a daemon held a descriptor of the directory or another daemon has to find it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt } from '../../../daemon/contract/types.ts';
import { DeliveredRun, exchange, moveAside } from '../../support/delivered-run.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Moves the directory and possibly replaces it. Returns the new path of the run directory. */
type Attack = (run: DeliveredRun) => string;

const attacksOnRuns: Readonly<Record<string, Attack>> = {
  'a link instead of the runs directory': (run) => {
    const aside = moveAside(run.runs);
    const other = join(dirname(run.runs), 'other');
    mkdirSync(other, { mode: 0o700 });
    symlinkSync(other, run.runs);
    return join(aside, run.id);
  },
  'another directory instead of the runs directory': (run) => {
    const aside = moveAside(run.runs);
    mkdirSync(run.runs, { mode: 0o700 });
    return join(aside, run.id);
  },
  'an exchange of the runs directory': (run) => {
    const other = join(dirname(run.runs), 'other');
    mkdirSync(other, { mode: 0o700 });
    exchange(run.runs, other);
    return join(other, run.id);
  },
};

const attacksOnRun: Readonly<Record<string, Attack>> = {
  'a moved run directory': (run) => moveAside(run.directory),
  'a link to the moved run directory': (run) => {
    const aside = join(run.base, 'aside');
    renameSync(run.directory, aside);
    symlinkSync(aside, run.directory);
    return aside;
  },
  'a copy with the marker, without the secrets, instead of the run directory': (run) => {
    const aside = join(run.base, 'aside');
    renameSync(run.directory, aside);
    execFileSync('cp', ['-a', aside, run.directory]);
    rmSync(join(run.directory, 'secrets'), { recursive: true });
    rmSync(join(run.directory, 'store.json'));
    return aside;
  },
  'an exchange of the run directory': (run) => {
    const other = join(run.base, 'other');
    mkdirSync(other, { mode: 0o700 });
    exchange(run.directory, other);
    return other;
  },
};

function assertRemoved(t: Test, run: DeliveredRun, receipt: Receipt, moved: string): void {
  t.notOk(existsSync(moved), 'the moved directory is removed');
  t.same(run.filesWithValue(), [], 'no file contains a value');
  t.match(receipt, { complete: true, run: { state: 'purged' } });
  const [lease] = receipt.leases;
  t.match(lease?.verification, /is deleted: the open directory no longer has a path/);
  t.ok(
    lease?.removal?.notes.some((note) => note.includes(`was moved to ${moved}`)),
    JSON.stringify(lease?.removal),
  );
}

for (const [name, attack] of Object.entries({ ...attacksOnRuns, ...attacksOnRun }))
  void t.test(`${name}, while the daemon runs`, async (t) => {
    const run = await DeliveredRun.place(t);
    const moved = attack(run);
    assertRemoved(t, run, await run.purge(), moved);
  });

for (const [name, attack] of Object.entries(attacksOnRuns))
  void t.test(`${name}, before another daemon starts`, async (t) => {
    const run = await DeliveredRun.place(t);
    await run.close();
    const moved = attack(run);
    await run.open();
    const { directory } = run;
    const pending = await run.purge();
    t.match(pending, { complete: false, conclusion: 'pending' });
    t.match(pending.leases[0]?.lastError, /is a different directory now \(it has inode \d+ instead of \d+\)/);
    t.ok(existsSync(moved), 'an unverified directory is kept');
    rmSync(run.runs, { recursive: true, force: true });
    renameSync(dirname(moved), run.runs);
    await run.purge();
    t.notOk(existsSync(directory), 'the restored directory is removed');
    t.same(run.filesWithValue(), []);
  });

for (const [name, attack] of Object.entries(attacksOnRun))
  void t.test(`${name}, before another daemon starts`, async (t) => {
    const run = await DeliveredRun.place(t);
    await run.close();
    attack(run);
    await run.open();
    const receipt = await run.purge();
    t.match(receipt, { complete: false, conclusion: 'not-verified', run: { pendingRemovals: 0 } });
    const [lease] = receipt.leases;
    t.match(lease, { state: 'unverified', verification: /not verified/ });
    t.same(
      lease?.removal?.files.map(({ result }) => result),
      ['not-verified', 'not-verified', 'not-verified'],
    );
    t.ok(lease?.removal?.notes.some((note) => /^FOO_KEY: not verified/.test(note)));
  });

/** Returns two file systems of one type, whose first directories have the same inode number. */
function twins(t: Test, base: string): readonly [string, string] | undefined {
  const disks = [join(base, 'a'), join(base, 'b')] as const;
  for (const path of disks) {
    mkdirSync(path);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=700', 'nf-escrow-test', path]).status !== 0) {
      t.pass('skipped', { skip: 'only root may mount a disk, and not everywhere' });
      return undefined;
    }
    t.teardown(() => execFileSync('umount', ['--lazy', path]));
  }
  return disks;
}

for (const alive of [true, false])
  void t.test(
    `a link to a directory with the same inode number, ${alive ? 'while the daemon runs' : 'before another daemon starts'}`,
    async (t) => {
      const base = temporaryDirectory(t);
      const disks = twins(t, base);
      if (disks === undefined) return;
      const [first, second] = disks;
      symlinkSync(first, join(base, 'shared'));
      const run = await DeliveredRun.place(t, { base });
      mkdirSync(join(second, 'runs'), { mode: 0o700 });
      t.equal(
        statSync(join(first, 'runs')).ino,
        statSync(join(second, 'runs')).ino,
        'the inode numbers are equal',
      );
      if (!alive) await run.close();
      rmSync(join(base, 'shared'));
      symlinkSync(second, join(base, 'shared'));
      if (!alive) await run.open();
      const moved = join(first, 'runs', run.id);
      const receipt = await run.purge();
      if (alive) {
        assertRemoved(t, run, receipt, moved);
        return;
      }
      t.match(receipt, { complete: false, conclusion: 'pending' });
      t.match(receipt.leases[0]?.lastError, /different directory now \(it is on another file system/);
      t.ok(existsSync(moved));
    },
  );

void t.test('does not accept a copy of a moved run directory as evidence', async (t) => {
  const run = await DeliveredRun.place(t);
  const aside = join(run.base, 'aside');
  renameSync(run.directory, aside);
  cpSync(aside, run.directory, { recursive: true, filter: (path) => !path.endsWith('/alive') });
  const receipt = await run.purge();
  assertRemoved(t, run, receipt, aside);
  t.match(receipt.leases[0]?.removal?.notes.join(), /Another directory had replaced the run directory/);
  t.same(readdirSync(run.runs), [], 'the copy has the name of the run and is removed too');
});

void t.test('keeps a directory of the user that others put in place of the runs directory', async (t) => {
  const run = await DeliveredRun.place(t);
  chmodSync(dirname(run.runs), 0o777);
  moveAside(run.runs);
  const precious = join(run.directory, 'precious');
  mkdirSync(run.directory, { recursive: true, mode: 0o700 });
  writeFileSync(precious, 'of the user');
  await run.purge();
  t.ok(existsSync(precious), 'while the daemon runs');
  await run.open();
  await run.modules.runs.recover();
  t.match(run.modules.logged(), /cannot inspect run directory/);
  await run.purge().catch(() => undefined);
  t.ok(existsSync(precious), 'it does not count as a reappeared run directory');
});

void t.test('distinguishes a deleted directory from a moved one', async (t) => {
  const run = await DeliveredRun.place(t);
  rmSync(run.directory, { recursive: true });
  const { leases, complete } = await run.purge();
  t.ok(complete);
  t.match(
    leases[0]?.removal?.files.map(({ result }) => result),
    ['deleted', 'deleted', 'deleted'],
  );
});
