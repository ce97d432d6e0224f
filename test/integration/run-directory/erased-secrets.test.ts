// Tasks that link, move or replace the files with their secrets. Hard links elsewhere are empty after the run, moved files
// are emptied at their new path, and missing files are reported as not verified.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { LeaseRemoval, Receipt } from '../../../daemon/contract/types.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { DeliveredRun } from '../../support/delivered-run.ts';
import { untapped } from '../../support/sandbox.ts';

type File = LeaseRemoval['files'][number];

function fileOf({ leases }: Receipt, name = 'secrets/FOO_KEY'): File | undefined {
  return leases[0]?.removal?.files.find(({ file }) => file === name);
}

function notesOf({ leases }: Receipt): string {
  return leases[0]?.removal?.notes.join('\n') ?? '';
}

/** Runs the shim of a run, with a shell command instead of nextflow. */
function shim(run: DeliveredRun, task: string): void {
  const args = [run.directory, 'fg', '/bin/sh', '-c', task];
  const { status } = spawnSync(...untapped('/bin/sh', [join(run.directory, 'shim'), ...args]));
  if (status !== 0) throw new Error(`the shim ended with ${String(status)}`);
}

for (const names of [['secrets/FOO_KEY'], ['secrets/FOO_KEY', 'store.json']])
  void t.test(`empties hard links that a task created elsewhere: ${names.join(', ')}`, async (t) => {
    const run = await DeliveredRun.place(t);
    const links = names.map((name, index) => {
      const link = join(run.base, `link${String(index)}`);
      linkSync(join(run.directory, name), link);
      return link;
    });
    const receipt = await run.purge();
    for (const link of links) t.equal(statSync(link).size, 0);
    t.same(run.filesWithValue(), []);
    for (const name of names) t.match(fileOf(receipt, name), { result: 'erased', links: 1, replaced: false });
    t.match(
      notesOf(receipt),
      /^FOO_KEY: secrets\/FOO_KEY had 1 further hard link outside the run directory/m,
    );
    t.match(receipt, { complete: true, conclusion: 'nothing-left' });
  });

void t.test('does not count names within the run directory as further links', async (t) => {
  const run = await DeliveredRun.place(t);
  linkSync(join(run.directory, 'secrets/FOO_KEY'), join(run.directory, 'secrets/OTHER'));
  linkSync(join(run.directory, 'secrets/FOO_KEY'), join(run.directory, 'beside'));
  const receipt = await run.purge();
  t.match(fileOf(receipt), { result: 'erased', links: 0 });
  t.equal(notesOf(receipt), '');
});

void t.test('keeps a file of the user that a task linked into the run directory', async (t) => {
  const run = await DeliveredRun.place(t);
  const mine = join(run.base, 'mine');
  writeFileSync(mine, 'of the user');
  linkSync(mine, join(run.directory, 'secrets/MINE'));
  await run.purge();
  t.equal(readFileSync(mine, 'utf8'), 'of the user');
});

for (const alive of [true, false])
  void t.test(`the shim empties links ${alive ? 'while a daemon runs' : 'without a daemon'}`, async (t) => {
    const run = await DeliveredRun.place(t, { launcher: identifySelf() });
    const link = join(run.base, 'link');
    const { directory } = run;
    if (!alive) await run.close();
    const mine = join(run.base, 'mine');
    writeFileSync(mine, 'of the user');
    shim(
      run,
      `ln '${directory}/secrets/FOO_KEY' '${link}' && ln '${mine}' '${directory}/secrets/MINE' && mkdir -p '${directory}/secrets/deep' && ln '${mine}' '${directory}/secrets/deep/MINE'`,
    );
    t.equal(statSync(link).size, 0, 'as soon as nextflow has ended');
    t.equal(readFileSync(mine, 'utf8'), 'of the user');
    t.notOk(existsSync(join(directory, 'secrets')));
    if (!alive) await run.open();
    const receipt = await run.purge();
    t.match(fileOf(receipt, 'secrets/BAR_KEY'), { result: alive ? 'deleted' : 'reported' });
    t.match(fileOf(receipt), alive ? { result: 'erased', links: 1 } : { result: 'reported' });
    t.match(receipt, { complete: true });
  });

void t.test('the shim empties further links despite a path that is too long for a program', async (t) => {
  const run = await DeliveredRun.place(t, { launcher: identifySelf() });
  const link = join(run.base, 'link');
  const dig = `import os
os.chdir("${run.directory}/secrets")
for _ in range(40):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
open("a", "w").write("x")
os.link("a", "b")`;
  shim(run, `ln '${run.directory}/secrets/FOO_KEY' '${link}' && python3 -c '${dig}'`);
  t.equal(statSync(link).size, 0);
  t.notOk(existsSync(join(run.directory, 'secrets')));
  t.match(await run.purge(), { complete: true });
});

void t.test('empties a file that was moved out of the run directory', async (t) => {
  const run = await DeliveredRun.place(t);
  const moved = join(run.base, 'moved');
  renameSync(join(run.directory, 'secrets/FOO_KEY'), moved);
  const receipt = await run.purge();
  t.equal(statSync(moved).size, 0);
  t.match(fileOf(receipt), { result: 'erased', movedTo: moved });
  t.match(notesOf(receipt), /FOO_KEY: secrets\/FOO_KEY was moved to .*moved\. Its content is erased/);
});

void t.test(
  'finds a file that was moved within the run directory, even deep and by another daemon',
  async (t) => {
    const run = await DeliveredRun.place(t);
    await run.close();
    const deep = join(run.directory, 'a/b/c');
    const link = join(run.base, 'link');
    mkdirSync(deep, { recursive: true });
    renameSync(join(run.directory, 'secrets/FOO_KEY'), join(deep, 'x'));
    linkSync(join(deep, 'x'), link);
    chmodSync(join(deep, 'x'), 0);
    await run.open();
    const receipt = await run.purge();
    t.match(fileOf(receipt), { result: 'erased' });
    t.equal(statSync(link).size, 0);
    t.match(receipt, { complete: true });
  },
);

for (const alive of [true, false])
  void t.test(
    `reports a replaced file, and ${alive ? 'empties the recorded one' : 'the recorded one as not verified'}`,
    async (t) => {
      const run = await DeliveredRun.place(t);
      if (!alive) await run.close();
      const path = join(run.directory, 'secrets/FOO_KEY');
      const moved = join(run.base, 'moved');
      renameSync(path, moved);
      writeFileSync(path, run.value, { mode: 0o600 });
      if (!alive) await run.open();
      const receipt = await run.purge();
      t.match(notesOf(receipt), /FOO_KEY: another file had replaced secrets\/FOO_KEY/);
      t.notOk(existsSync(run.directory));
      t.match(fileOf(receipt, 'secrets/BAR_KEY'), { result: 'erased', replaced: false });
      if (alive) {
        t.match(fileOf(receipt), { result: 'erased', replaced: true, movedTo: moved });
        t.equal(statSync(moved).size, 0);
        return;
      }
      t.match(fileOf(receipt), { result: 'not-verified', replaced: true });
      t.match(notesOf(receipt), /FOO_KEY: not verified: the delivered file/);
      t.match(receipt, { complete: false, conclusion: 'not-verified', leases: [{ state: 'unverified' }] });
      t.same(run.filesWithValue(), [moved], 'the value still exists');
    },
  );

void t.test('does not mistake a reused inode number for the deleted file', async (t) => {
  const run = await DeliveredRun.place(t);
  await run.close();
  const path = join(run.directory, 'secrets/FOO_KEY');
  const { ino } = statSync(path);
  rmSync(path);
  const taken = Array.from({ length: 200 }, (_, index) => {
    const other = join(run.directory, `other${String(index)}`);
    writeFileSync(other, 'x');
    return statSync(other).ino;
  });
  if (!taken.includes(ino)) {
    t.pass('skipped', { skip: 'this file system does not reuse the inode number' });
    return;
  }
  await run.open();
  t.match(fileOf(await run.purge()), { result: 'not-verified' });
});
