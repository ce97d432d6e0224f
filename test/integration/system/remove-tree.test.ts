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

/** Any user but root, for whom modes have no effect. */
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

/** Runs `work` in a directory of an unprivileged user, as that user if we are root. */
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

/** Creates a tree with secrets listed before and after the planted entry, in any order of the listing. */
function plant(directory: string): { tree: string; closed: string } {
  const tree = join(directory, 'r1');
  const closed = join(tree, 'm');
  mkdirSync(join(closed, 'within'), { recursive: true, mode: 0o700 });
  for (const name of ['a', 'z', 'm/secret', 'm/within/secret']) writeFileSync(join(tree, name), 'secret');
  return { tree, closed };
}

for (const mode of [0o000, 0o400, 0o500, 0o100])
  void t.test(`removes a planted directory of mode ${mode.toString(8)}`, async (t) => {
    await asNobody(t, async (directory) => {
      const { tree, closed } = plant(directory);
      chmodSync(join(closed, 'within'), mode);
      chmodSync(closed, mode);
      await removeTree(tree, noFaults);
      t.notOk(existsSync(tree));
    });
  });

void t.test('removes a link to a closed directory, and leaves its target closed', async (t) => {
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

void t.test('removes everything else if an entry cannot be removed, and throws its error', async (t) => {
  const directory = temporaryDirectory(t);
  const { tree } = plant(directory);
  let tries = 0;
  const faults: FaultInjector = (point) =>
    point === 'before remove.truncate' && tries++ === 0
      ? Promise.reject(new Error('the first stays'))
      : Promise.resolve();
  await t.rejects(removeTree(tree, faults), { message: 'the first stays' });
  t.equal(tries, 4, 'all removals are tried');
  t.equal(readdirSync(tree, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length, 1);
  await removeTree(tree, noFaults);
  t.notOk(existsSync(tree), 'the next attempt removes the rest');
});

/** Creates nested directories, too deep for a path, with a file in each. */
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
  void t.test(`removes ${String(depth)} nested directories with few descriptors`, async (t) => {
    const directory = temporaryDirectory(t);
    const { tree } = plant(directory);
    dig(tree, depth, name);
    let most = 0;
    await removeTree(tree, (point) => {
      if (point === 'before remove.unlink') most = Math.max(most, readdirSync('/proc/self/fd').length);
      return Promise.resolve();
    });
    t.notOk(existsSync(tree));
    t.same(readdirSync(directory), [], 'nothing else is left');
    t.ok(most < 150, `${String(most)} descriptors`);
  });

void t.test('removes closed directories at any depth', async (t) => {
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

void t.test('removes names that are not valid text', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  const name = Buffer.from([0x61, 0xff, 0xfe, 0x0a]);
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), name]), 'secret');
  mkdirSync(Buffer.concat([Buffer.from(`${tree}/m/`), name]));
  await removeTree(tree, noFaults);
  t.notOk(existsSync(tree));
});

void t.test('removes entries that are added meanwhile, up to a limit', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  let count = 0;
  const addTo = (limit: number): FaultInjector => {
    return (point) => {
      if (point === 'before remove.unlink' && count++ < limit)
        writeFileSync(join(tree, `new${String(count)}`), 'x');
      return Promise.resolve();
    };
  };
  await t.rejects(removeTree(tree, addTo(Infinity)), { code: 'ENOTEMPTY' }, 'gives up on endless additions');
  count = 0;
  await removeTree(tree, addTo(5));
  t.notOk(existsSync(tree));
});

void t.test('does not enter a file system that a task has mounted', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  const mounted = join(tree, 'm');
  if (spawnSync('mount', ['-t', 'tmpfs', 'nf-escrow-test', mounted]).status !== 0) {
    t.pass('skipped', { skip: 'cannot mount a file system here' });
    return;
  }
  t.teardown(() => spawnSync('umount', ['--lazy', mounted]));
  writeFileSync(join(mounted, 'of-others'), 'kept');
  await t.rejects(removeTree(tree, noFaults), { code: 'store-unavailable', message: /mounted/ });
  t.same(readdirSync(tree), ['m'], 'everything else is removed');
  t.ok(existsSync(join(mounted, 'of-others')));
  execFileSync('umount', [mounted]);
  await removeTree(tree, noFaults);
  t.notOk(existsSync(tree));
});

void t.test('does not follow a link that replaces a directory during the removal', async (t) => {
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

void t.test('yields to other work', async (t) => {
  const { tree } = plant(temporaryDirectory(t));
  for (let index = 0; index < 20_000; index++) writeFileSync(join(tree, `file${String(index)}`), 'x');
  const longest = await longestSlice(() => removeTree(tree, noFaults));
  t.ok(longest < 200, `${longest.toFixed(0)} ms without a pause`);
});

/** Returns the longest CPU time without a pause, in milliseconds. The load of the machine has little effect on it. */
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
