// replay.js DIRECTORY SEED MOST: simulates a power loss after each change of a recorded session, with several choices of
// lost changes, writes the remaining files to the disk and runs the recovery of a daemon. The boot id must differ from the
// session's. DIRECTORY contains `trace`, `marks` and `state`. Prints lines of JSON, the last with totals. SEED chooses
// MOST states; 0 means all.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { userScope } from '../../../daemon/access/scopes.ts';
import type { Receipt } from '../../../daemon/contract/types.ts';
import { asEscrowError } from '../../../daemon/errors.ts';
import { GONE } from '../../../daemon/run-directory/layout.ts';
import type { DirectoryRecord } from '../../../daemon/run-directory/record.ts';
import { lookAt } from '../../../daemon/system/files/open-directory.ts';
import { finishRekey } from '../../../daemon/vault/keys/rekey.ts';
import { randomOf, type Random } from '../fuzz/random.ts';
import { assemble, placesIn, type DaemonModules } from '../../support/daemon-modules.ts';
import { Disk, type Loss, type NameEdit, type Tree } from './disk.ts';
import { readRecording } from './recording.ts';
import { Promises } from './promises.ts';

const [directory = '', seed = '1', most = '0'] = process.argv.slice(2);
const state = join(directory, 'state');
const aside = join(directory, 'runs-aside');

/** Files that a start does not need: locks of other processes, the WAL index, the log, the socket. */
const UNNEEDED = /(-shm|\.lock(-.*)?|daemon\.log|daemon\.sock)$/;
const BY_CHANCE = 3;

function losses(draw: Random): Loss[] {
  const all = (): boolean => true;
  const none = (): boolean => false;
  const isMove = ({ kind }: NameEdit): boolean => kind !== 'create';
  const fixed: Loss[] = [
    { name: 'everything that was not synced', keepsName: none, keepsData: none },
    { name: 'nothing', keepsName: all, keepsData: all },
    { name: 'only data', keepsName: all, keepsData: none },
    { name: 'only names', keepsName: none, keepsData: all },
    { name: 'only renames and removals', keepsName: (edit) => !isMove(edit), keepsData: all },
    { name: 'only created names', keepsName: isMove, keepsData: all },
    { name: 'parts of writes', keepsName: all, keepsData: () => 'torn' },
  ];
  const chances = Array.from({ length: BY_CHANCE }, (_, index): Loss => {
    const one = randomOf(draw(2 ** 31));
    return {
      name: `random ${String(index + 1)}`,
      keepsName: () => one(2) === 0,
      keepsData: () => ([true, false, 'torn'] as const)[one(3)] ?? true,
    };
  });
  return [...fixed, ...chances];
}

interface Case {
  readonly point: number;
  readonly loss: string;
  readonly tree: Tree;
  readonly promises: ReturnType<Promises['now']>;
}

/** Yields each distinct state once: most changes do not alter the disk until they are synced. */
function* cases(): Generator<Case> {
  const random = randomOf(Number(seed));
  const disk = new Disk(directory, random);
  const promises = new Promises();
  const seen = new Set<string>();
  let point = 0;
  for (const change of readRecording(join(directory, 'trace'), directory)) {
    if (change.path === join(directory, 'marks')) {
      if (change.kind === 'write') promises.read(change.data.toString());
      continue;
    }
    if (!isOurs(change.path)) continue;
    disk.apply(change);
    point += 1;
    for (const loss of losses(random)) {
      const tree = disk.after(loss);
      const key = keyOf(tree, promises);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { point, loss: loss.name, tree, promises: promises.now() };
    }
  }
}

function keyOf(tree: Tree, promises: Promises): string {
  const hash = createHash('sha256').update(JSON.stringify(promises.now()));
  for (const [path, data] of tree)
    if (!UNNEEDED.test(path))
      hash.update(`\0${path}\0${data === undefined ? 'd' : data === null ? 'f' : hashOf(data)}\0`);
  return hash.digest('hex');
}

/** Most files are the same in many states, and then have the same buffer. */
const hashes = new WeakMap<Buffer, string>();

function hashOf(data: Buffer): string {
  const known = hashes.get(data) ?? createHash('sha256').update(data).digest('hex');
  hashes.set(data, known);
  return known;
}

function isOurs(path: string): boolean {
  return path === directory || path === state || path.startsWith(`${state}/`);
}

/** Asserts that the model without a power loss equals the session's real files. */
function assertModel(): void {
  const disk = new Disk(directory, randomOf(0));
  for (const change of readRecording(join(directory, 'trace'), directory))
    if (isOurs(change.path)) disk.apply(change);
  assertSame(disk.after({ name: 'nothing', keepsName: () => true, keepsData: () => true }));
}

/** Asserts that a tree equals the files on the disk. */
function assertSame(tree: Tree): void {
  const found = readdirSync(state, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => !UNNEEDED.test(path));
  const modelled = [...tree.keys()].filter((path) => path !== 'state' && !UNNEEDED.test(path));
  const missing = [
    ...found.filter((path) => !tree.has(path)),
    ...modelled.filter((path) => !found.includes(path)),
  ];
  if (missing.length > 0) throw new Error(`the model differs: ${missing.join(', ')}`);
  for (const path of found) {
    const data = tree.get(path);
    if (data instanceof Buffer && !data.equals(readFileSync(join(directory, path))))
      throw new Error(`the model differs in ${path}`);
  }
}

/** Writes a tree to the disk. Keeps the original directory of runs, because leases contain its inode. */
function restore(tree: Tree): void {
  const runs = join(state, 'runs');
  if (existsSync(runs)) renameSync(runs, aside);
  rmSync(state, { recursive: true, force: true });
  for (const name of readdirSync(aside)) rmSync(join(aside, name), { recursive: true, force: true });
  for (const [path, data] of tree) {
    const where = join(directory, path);
    if (UNNEEDED.test(path)) continue;
    if (path === 'state/runs') renameSync(aside, where);
    else if (data === undefined) mkdirSync(where, { mode: 0o700 });
    else if (data === null) execFileSync('mkfifo', ['-m', '600', where]);
    else writeFileSync(where, data, { mode: 0o600 });
  }
}

/** Updates the recorded inodes: restored files have new ones, whereas files on a disk that lost power keep theirs. */
async function adoptInodes({ ledger }: DaemonModules): Promise<void> {
  const leases = await ledger.db.selectFrom('leases').selectAll().where('record', 'is not', null).execute();
  for (const { id, target, record } of leases) {
    const known = JSON.parse(record ?? '') as DirectoryRecord;
    const directory = lookAt(target);
    if (directory === undefined) continue;
    const files = known.files.map((file) => {
      // The shim moves a file, or the directory of all, to .gone first.
      const names = [file.file, join(GONE, basename(file.file)), ...(file.file.includes('/') ? [] : [GONE])];
      const found = names.map((name) => lookAt(join(target, name))).find((stats) => stats?.isFile() === true);
      return found === undefined
        ? file
        : { ...file, inode: String(found.ino), born: String(found.birthtimeNs) };
    });
    const adopted = { ...known, directory: { ...known.directory, inode: String(directory.ino) }, files };
    await ledger.write((db) =>
      db
        .updateTable('leases')
        .set({ record: JSON.stringify(adopted) })
        .where('id', '=', id)
        .execute(),
    );
  }
}

/** Returns what is wrong with a receipt. If a power loss destroyed evidence of a removal, the receipt has to say so. */
function judgeReceipt({ run, complete, conclusion, leases }: Receipt): string[] {
  if (complete) return [];
  const open = leases.filter(({ state }) => state !== 'gone');
  const isSaid =
    conclusion === 'not-verified' &&
    open.every(
      ({ state, removal }) =>
        state === 'unverified' && removal?.files.some(({ result }) => result === 'not-verified'),
    );
  return isSaid ? [] : [`the receipt of ${run.id} is incomplete`];
}

/** Runs the recovery of a daemon and returns violated promises. */
async function recover({ promises }: Case): Promise<string[]> {
  const wrong: string[] = [];
  mkdirSync(state, { recursive: true, mode: 0o700 }); // like every start
  const modules = await assemble(placesIn(state));
  try {
    await adoptInodes(modules);
    await modules.runs.recover();
    await finishRekey(modules.ledger, modules.vault);
    const { items: open } = await modules.runs.list({ limit: 100, state: 'open' });
    for (const { id } of open)
      await modules.runs
        .purge(id, { force: false, asked: true })
        .catch((error: unknown) => wrong.push(`run ${id}: ${asEscrowError(error).message}`));
    for (const run of (await modules.runs.list({ limit: 100 })).items) {
      if (run.state !== 'purged') wrong.push(`run ${run.id} is ${run.state}: ${run.removalError ?? ''}`);
      else wrong.push(...judgeReceipt(await modules.runs.receipt(run.id)));
      if (run.outcome === 'succeeded') wrong.push(`run ${run.id} failed but is reported as succeeded`);
    }
    const scope = await userScope(modules.ledger.db, modules.deps.user);
    const versions = await modules.vault.versions(modules.ledger.db, scope);
    for (const [name, allowed] of Object.entries(promises.secrets)) {
      const found = versions.find((version) => version.name === name);
      const value =
        found === undefined
          ? null
          : (await modules.vault.open(found.secretId, found.version)).open().toString();
      if (!allowed.includes(value))
        wrong.push(`${name} ${value === null ? 'is lost' : 'has a wrong or removed value'}`);
    }
    if ((modules.vault.keys.ring()?.length ?? 1) !== 1) wrong.push('the vault has more than one key');
    const runs = join(state, 'runs');
    if (existsSync(runs)) wrong.push(...readdirSync(runs).map((name) => `run directory ${name} remains`));
  } finally {
    await modules.close();
  }
  for (const entry of readdirSync(state, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && promises.values.some((value) => readFileSync(path).includes(value)))
      wrong.push(`${path} contains an unencrypted value`);
  }
  return wrong;
}

/** Returns the number of cases, and some of them, uniformly chosen. */
function sample(most: number): [count: number, Case[]] {
  const some: Case[] = [];
  let count = 0;
  for (const one of cases()) {
    const place = count < most ? count : draw(count + 1);
    if (place < most) some[place] = one;
    count += 1;
  }
  return [count, some];
}

if (!statSync(join(state, 'runs')).isDirectory()) throw new Error('the session started no run');
assertModel();
const draw = randomOf(Number(seed) + 1);
const [states, chosen] = Number(most) === 0 ? [0, cases()] : sample(Number(most));
let [tried, failed, slowestMs] = [0, 0, 0];
for (const one of chosen) {
  const begun = performance.now();
  restore(one.tree);
  const wrong = await recover(one).catch((error: unknown) => [
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  ]);
  tried += 1;
  slowestMs = Math.max(slowestMs, performance.now() - begun);
  if (wrong.length === 0) continue;
  failed += 1;
  process.stdout.write(
    `${JSON.stringify({ point: one.point, loss: one.loss, wrong, promises: one.promises })}\n`,
  );
}
process.stdout.write(
  `${JSON.stringify({ states: Math.max(states, tried), tried, failed, slowestMs: Math.round(slowestMs) })}\n`,
);
process.exit();
