import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fifoState, whenReleased } from '../../../daemon/system/files/fifo.ts';
import { findFifoHolders, programHolding } from '../../../daemon/system/processes/fifo-holders.ts';
import { hold } from '../../support/held-fifo.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
}

void t.test('detects whether a process holds a FIFO, whatever it contains', async (t) => {
  const path = join(temporaryDirectory(t), 'alive');
  t.equal(fifoState(path), 'absent');
  execFileSync('mkfifo', [path]);
  t.equal(fifoState(path), 'free');
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.equal(fifoState(path), 'held');
  writeSync(fd, 'x'.repeat(60_000));
  t.equal(fifoState(path), 'held', 'its content does not matter');
  closeSync(fd);
  t.equal(fifoState(path), 'free');
});

void t.test('does not read forever from a FIFO that is written without end', async (t) => {
  const path = join(temporaryDirectory(t), 'alive');
  execFileSync('mkfifo', [path]);
  const writer = spawn('bash', ['-c', 'exec 9<>"$0"; exec yes >&9', path], { stdio: 'ignore' });
  const ended = new Promise((resolve) => writer.on('exit', resolve));
  t.teardown(() => writer.kill('SIGKILL'));
  await until('the writer writes', () => fifoState(path) === 'held');
  t.equal(fifoState(path), 'held');
  let released = 0;
  const stop = whenReleased(path, () => (released += 1));
  t.teardown(stop);
  await until('the FIFO is closed', () => !openFiles().includes(path));
  writer.kill('SIGKILL');
  await ended;
  t.equal(released, 0);
  t.equal(fifoState(path), 'free');
});

void t.test('finds the holders of a FIFO that was renamed or unlinked, but not its readers', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'alive');
  execFileSync('mkfifo', [path]);
  const holder = await hold(t, path, 'holder');
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  const found = async (): Promise<number[]> => (await findFifoHolders(path)).map(({ pid }) => pid);
  t.same(await found(), [holder.identity.pid]);
  t.match(await findFifoHolders(path), [{ program: /\/holder$/, command: /holder 600$/ }]);
  t.match(programHolding(holder.identity.pid, path), /\/holder$/);
  t.equal(programHolding(process.pid, path), undefined);
  renameSync(path, `${path}.other`);
  t.same(await found(), [holder.identity.pid], 'renamed');
  renameSync(`${path}.other`, path);
  rmSync(path);
  t.same(await found(), [holder.identity.pid]);
  execFileSync('mkfifo', [path]);
  t.same(await found(), [holder.identity.pid], 'replaced');
  await holder.kill();
  t.same(await found(), []);
});
