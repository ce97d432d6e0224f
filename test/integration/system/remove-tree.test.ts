import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
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
