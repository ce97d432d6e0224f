import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Tail } from '../../../daemon/system/files/tail.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('follows a log that is rotated, removed or truncated, and joins split characters', async (t) => {
  const path = join(temporaryDirectory(t), '.nextflow.log');
  writeFileSync(path, 'first\nsec');
  const tail = new Tail(path);
  t.teardown(() => {
    tail.close();
  });
  t.same(tail.read(), ['first'], 'waits for the end of a line');
  const letter = Buffer.from('ü');
  appendFileSync(path, Buffer.concat([Buffer.from('ond '), letter.subarray(0, 1)]));
  t.same(tail.read(), []);
  appendFileSync(path, Buffer.concat([letter.subarray(1), Buffer.from('\n')]));
  t.same(tail.read(), ['second ü']);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'of the next head\n');
  appendFileSync(`${path}.1`, 'third\n');
  t.ok(tail.isReplaced);
  t.same(tail.read(), ['third'], "reads the renamed file, not the next head's");
  truncateSync(`${path}.1`);
  appendFileSync(`${path}.1`, 'anew\n');
  t.same(tail.read(), ['anew'], 'reads a truncated file from the start');
  rmSync(`${path}.1`);
  t.same(tail.read(), [], 'keeps an unlinked file open');
});

void t.test('truncates an endless line and opens only regular files', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'log');
  writeFileSync(path, 'x'.repeat(200_000));
  const tail = new Tail(path);
  t.same(tail.read(), []);
  appendFileSync(path, 'y\nnext\n');
  t.match(tail.read(), [/^x{65536}$/, 'next']);
  tail.close();
  mkdirSync(join(directory, 'directory'));
  t.throws(() => new Tail(join(directory, 'directory')), /not a regular file/);
});

void t.test('limits the lines and bytes of a read, and continues there', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  for (const [line, count] of [
    ['', 100_000],
    ['a line', 10_000],
    ['x'.repeat(50_000), 20],
  ] as const) {
    writeFileSync(path, `${line}\n`.repeat(count));
    const tail = new Tail(path);
    let [lines, reads] = [0, 0];
    do {
      const read = tail.read();
      t.ok(read.length <= 250 && tail.consumed <= 256 * 1024);
      t.ok(read.every((one) => one === line));
      lines += read.length;
      reads += 1;
    } while (tail.behind);
    tail.close();
    t.equal(lines, count);
    t.ok(reads > 1);
  }
});

void t.test('skips to a whole line near the end of a file', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  const lines = Array.from({ length: 10_000 }, (_, index) => `line ${String(index)}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  for (let bytes = 1; bytes < 60; bytes += 1) {
    const tail = new Tail(path);
    tail.read();
    t.ok(tail.skipToLast(bytes) > 0);
    const last = tail.read();
    t.same(last, lines.slice(lines.length - last.length));
    t.ok(last.join('\n').length < bytes);
    t.equal(tail.skipToLast(bytes), 0, 'never skips backwards');
    tail.close();
  }
});
