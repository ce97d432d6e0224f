import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ChangeDetector } from '../../../daemon/runs/watch/change-detector.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

function create(t: Test, isWatched: boolean): { detector: ChangeDetector; run: string; log: string } {
  const directory = temporaryDirectory(t);
  const run = join(directory, 'run');
  mkdirSync(run);
  return {
    detector: new ChangeDetector(
      () => run,
      () => (isWatched ? 6000 : 0),
    ),
    run,
    log: join(directory, '.nextflow.log'),
  };
}

for (const isWatched of [true, false]) {
  const title = isWatched ? 'while the kernel reports changes' : 'without reports of the kernel';
  void t.test(`detects at the next check that the expected log appears, ${title}`, (t) => {
    const { detector, log } = create(t, isWatched);
    detector.record(true, [log], false);
    t.ok(detector.isUnchanged([log]));
    writeFileSync(log, 'Process: 1@host\n');
    t.notOk(detector.isUnchanged([log]));
    detector.record(true, [log], false);
    t.ok(detector.isUnchanged([log]));
    appendFileSync(log, 'more\n');
    t.notOk(detector.isUnchanged([log]), 'a log that is not identified yet has grown');
    t.end();
  });
}

void t.test('compares a known log less often while the kernel reports changes', (t) => {
  const { detector, run, log } = create(t, true);
  writeFileSync(log, '');
  detector.record(true, [log]);
  appendFileSync(log, 'more\n');
  writeFileSync(join(run, 'exit'), '0');
  t.ok(detector.isUnchanged([log]));
  t.end();
});

void t.test('requests a poll after a poll that was not complete', (t) => {
  const { detector, log } = create(t, true);
  detector.record(false, [log]);
  t.notOk(detector.isUnchanged([log]));
  t.end();
});
