import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { firstNames } from '../../../daemon/runs/watch/first-names.ts';
import { PollRate } from '../../../daemon/runs/watch/poll-rate.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('polls a run at once, but at a limited rate', async (t) => {
  let polls = 0;
  const rate = new PollRate(() => (polls += 1), { burst: 10, intervalMs: () => 500 });
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

void t.test('lists a limited number of names', async (t) => {
  const directory = temporaryDirectory(t);
  for (let index = 0; index < 1000; index += 1) writeFileSync(join(directory, String(index)), '');
  t.equal(firstNames(directory).length, 256);
  mkdirSync(join(directory, 'few'));
  writeFileSync(join(directory, 'few', 'one'), '');
  t.same(firstNames(join(directory, 'few')), ['one']);
});
