import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DirectoryWatch, firstNames } from '../../../daemon/runs/watch/directory-watch.ts';
import { PollRate } from '../../../daemon/runs/watch/poll-rate.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('polls a run at once, but at a limited rate', async (t) => {
  let polls = 0;
  const rate = new PollRate(() => (polls += 1));
  t.teardown(() => {
    rate.stop();
  });
  rate.request();
  t.equal(polls, 1, 'at once');
  for (let index = 0; index < 100_000; index += 1) rate.request();
  t.ok(polls <= 11, `${String(polls)} polls`);
  const before = polls;
  await until('the last request is not forgotten', () => polls > before);
});

void t.test('pauses the watch of a directory with too many changes', async (t) => {
  const directory = temporaryDirectory(t);
  let changes = 0;
  const watch = new DirectoryWatch(directory, () => (changes += 1));
  t.teardown(() => {
    watch.stop();
  });
  watch.start();
  t.ok(watch.isListening);
  await until('it is given up', () => {
    for (let index = 0; index < 5000; index += 1) writeFileSync(join(directory, String(index % 2)), ''); // the kernel tells the same once
    return !watch.isListening;
  });
  t.ok(changes <= 5000 * 4, `${String(changes)} reported changes`);
});

void t.test('lists a limited number of names', async (t) => {
  const directory = temporaryDirectory(t);
  for (let index = 0; index < 1000; index += 1) writeFileSync(join(directory, String(index)), '');
  t.equal(firstNames(directory).length, 256);
  mkdirSync(join(directory, 'few'));
  writeFileSync(join(directory, 'few', 'one'), '');
  t.same(firstNames(join(directory, 'few')), ['one']);
});
