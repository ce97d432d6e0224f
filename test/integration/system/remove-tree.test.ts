import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { openDirectory } from '../../../daemon/system/files/open-directory.ts';
import { emptyDirectory, removeEmpty } from '../../../daemon/system/files/remove-tree.ts';
import { noFaults, type FaultInjector } from '../../../daemon/system/steps.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Any user but root, whom no mode keeps out. */
const NOBODY = 65_534;

async function removeTree(tree: string, faults: FaultInjector): Promise<void> {
  const directory = openDirectory(tree);
  try {
    await emptyDirectory(directory, { faults });
    await removeEmpty(directory, basename(tree), faults);
  } finally {
    directory.close();
  }
}

/** As someone who is not root, in a directory of theirs; where we are not root we are that already. */
async function asNobody(t: Test, work: (directory: string) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory(t);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) chownSync(directory, NOBODY, NOBODY);
  try {
    if (isRoot) process.seteuid?.(NOBODY);
    await work(directory);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** A tree with secrets before and behind what is planted, in whatever order it is listed. */
function plant(directory: string): { tree: string; closed: string } {
  const tree = join(directory, 'r1');
  const closed = join(tree, 'm');
  mkdirSync(join(closed, 'within'), { recursive: true, mode: 0o700 });
  for (const name of ['a', 'z', 'm/secret', 'm/within/secret']) writeFileSync(join(tree, name), 'secret');
  return { tree, closed };
}

for (const mode of [0o000, 0o400, 0o500, 0o100])
  void t.test(`a directory of mode ${mode.toString(8)} that was planted goes with all else`, async (t) => {
    await asNobody(t, async (directory) => {
      const { tree, closed } = plant(directory);
      chmodSync(join(closed, 'within'), mode);
      chmodSync(closed, mode);
      await removeTree(tree, noFaults);
      t.notOk(existsSync(tree));
    });
  });

void t.test('a link to a closed directory is removed, and what it leads to stays closed', async (t) => {
  await asNobody(t, async (directory) => {
    const { tree } = plant(directory);
    const other = join(directory, 'other');
    mkdirSync(other, { mode: 0o700 });
    chmodSync(other, 0o000);
    symlinkSync(other, join(tree, 'link'));
    await removeTree(tree, noFaults);
    t.notOk(existsSync(tree));
    t.equal(statSync(other).mode & 0o777, 0);
    chmodSync(other, 0o700);
  });
});

void t.test('what cannot be removed keeps nothing beside it, and is told', async (t) => {
  const directory = temporaryDirectory(t);
  const { tree } = plant(directory);
  let tries = 0;
  const faults: FaultInjector = (point) =>
    point === 'before remove.truncate' && tries++ === 0
      ? Promise.reject(new Error('the first stays'))
      : Promise.resolve();
  await t.rejects(removeTree(tree, faults), { message: 'the first stays' });
  t.equal(tries, 4, 'all were tried');
  t.equal(readdirSync(tree, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length, 1);
  await removeTree(tree, noFaults);
  t.notOk(existsSync(tree), 'the next try finishes');
});

/** Digs so deep that no path leads there, with a file in each directory. */
function dig(tree: string, depth: number, name = 'd'): void {
  const program = `import os, sys
depth, name = int(sys.argv[2]), sys.argv[3]
os.chdir(sys.argv[1])
for _ in range(depth):
    open("file", "w").write("secret")
    os.mkdir(name)
    os.chdir(name)`;
  execFileSync('python3', ['-c', program, tree, String(depth), name]);
}

for (const [depth, name] of [
  [40, 'd'.repeat(250)],
  [10_000, 'd'],
] as const)
  void t.test(`${String(depth)} directories one in another are removed, with few descriptors`, async (t) => {
    const directory = temporaryDirectory(t);
    const { tree } = plant(directory);
    dig(tree, depth, name);
    let most = 0;
    await removeTree(tree, (point) => {
      if (point === 'before remove.unlink') most = Math.max(most, readdirSync('/proc/self/fd').length);
      return Promise.resolve();
    });
    t.notOk(existsSync(tree));
    t.same(readdirSync(directory), [], 'and nothing is left beside it');
    t.ok(most < 150, `${String(most)} descriptors`);
  });

void t.test('closed directories are removed also where they are deep', async (t) => {
  await asNobody(t, async (directory) => {
    const { tree } = plant(directory);
    dig(tree, 100);
    let path = tree;
    const paths = Array.from({ length: 100 }, () => (path = join(path, 'd')));
    for (const each of paths.reverse()) chmodSync(each, 0);
    await removeTree(tree, noFaults);
    t.notOk(existsSync(tree));
  });
});

void t.test('names that are no text are removed', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  const name = Buffer.from([0x61, 0xff, 0xfe, 0x0a]);
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), name]), 'secret');
  mkdirSync(Buffer.concat([Buffer.from(`${tree}/m/`), name]));
  await removeTree(tree, noFaults);
  t.notOk(existsSync(tree));
});

void t.test('what is added meanwhile is removed too, and more than that is an error', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  let count = 0;
  const addTo = (limit: number): FaultInjector => {
    return (point) => {
      if (point === 'before remove.unlink' && count++ < limit)
        writeFileSync(join(tree, `new${String(count)}`), 'x');
      return Promise.resolve();
    };
  };
  await t.rejects(
    removeTree(tree, addTo(Infinity)),
    { code: 'ENOTEMPTY' },
    'one that never ends is not waited for',
  );
  count = 0;
  await removeTree(tree, addTo(5));
  t.notOk(existsSync(tree));
});

void t.test('a file system that a task has mounted is not entered', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  const mounted = join(tree, 'm');
  if (spawnSync('mount', ['-t', 'tmpfs', 'nf-escrow-test', mounted]).status !== 0) {
    t.pass('skipped', { skip: 'only root may mount a disk, and not everywhere' });
    return;
  }
  t.teardown(() => spawnSync('umount', ['--lazy', mounted]));
  writeFileSync(join(mounted, 'of-others'), 'kept');
  await t.rejects(removeTree(tree, noFaults), { code: 'store-unavailable', message: /mounted/ });
  t.same(readdirSync(tree), ['m'], 'all else is removed');
  t.ok(existsSync(join(mounted, 'of-others')));
  execFileSync('umount', [mounted]);
  await removeTree(tree, noFaults);
  t.notOk(existsSync(tree));
});

void t.test('a directory that is exchanged for a link while it is emptied leads nowhere', async (t) => {
  const directory = temporaryDirectory(t);
  const { tree, closed } = plant(directory);
  const other = join(directory, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'kept'), 'kept');
  let isDone = false;
  await removeTree(tree, (point) => {
    if (point === 'before remove.unlink' && !isDone && existsSync(closed)) {
      isDone = true;
      renameSync(closed, join(directory, 'aside'));
      symlinkSync(other, closed);
    }
    return Promise.resolve();
  }).catch(() => undefined);
  t.same(readdirSync(other), ['kept']);
});

void t.test('other work has its turn', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  for (let index = 0; index < 20_000; index++) writeFileSync(join(tree, `file${String(index)}`), 'x');
  const longest = await longestSlice(() => removeTree(tree, noFaults));
  t.ok(longest < 200, `${longest.toFixed(0)} ms without it`);
});

/** The longest time of a processor for which nothing else of this process could run, in milliseconds: load changes it little. */
async function longestSlice(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = process.cpuUsage();
  let isOver = false;
  const measure = (): void => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.cpuUsage();
    if (!isOver) setImmediate(measure);
  };
  measure();
  await work();
  isOver = true;
  measure();
  return longest;
}
