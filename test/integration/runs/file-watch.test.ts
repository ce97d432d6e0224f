import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FileWatch } from '../../../daemon/runs/watch/file-watch.ts';
import { WakeUps } from '../../../daemon/runs/watch/wake-ups.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** A watched file that counts its changes. */
interface Counted {
  readonly watch: FileWatch;
  readonly path: string;
  changes: number;
}

async function watched(t: Test, path: string): Promise<Counted> {
  const counted: Counted = {
    path,
    changes: 0,
    watch: new FileWatch(
      () => path,
      () => (counted.changes += 1),
    ),
  };
  t.teardown(() => counted.watch.stop());
  writeFileSync(path, '');
  counted.watch.follow();
  await until('it is watched', () => counted.watch.isListening);
  return counted;
}

/** Appends until a change is reported. */
async function reportsChanges(t: Test, counted: Counted): Promise<void> {
  const before = counted.changes;
  await until('a change is reported', () => {
    appendFileSync(counted.path, '.');
    return counted.changes > before;
  });
  t.pass('changes are reported');
}

/** Returns when changes that were made before the call have been reported: the kernel keeps their order. */
async function reported(t: Test): Promise<void> {
  await reportsChanges(t, await watched(t, join(temporaryDirectory(t), 'later')));
}

function shell(script: string, cwd: string): number | null {
  return spawnSync('sh', ['-c', script], { cwd, stdio: 'ignore' }).status;
}

void t.test('reports the last of several changes in quick succession', async (t) => {
  const counted = await watched(t, join(temporaryDirectory(t), 'wake'));
  for (let round = 0; round < 20; round += 1) {
    const before = counted.changes;
    appendFileSync(counted.path, '.');
    await until('the first change is reported', () => counted.changes > before);
    appendFileSync(counted.path, '.');
    await until('the second change is reported', () => counted.changes > before + 1);
  }
  t.ok(counted.changes >= 40);
});

void t.test('ignores the variables of chokidar', async (t) => {
  process.env['CHOKIDAR_USEPOLLING'] = '1';
  process.env['CHOKIDAR_INTERVAL'] = '3600000';
  t.teardown(() => {
    delete process.env['CHOKIDAR_USEPOLLING'];
    delete process.env['CHOKIDAR_INTERVAL'];
  });
  await reportsChanges(t, await watched(t, join(temporaryDirectory(t), 'wake')));
});

void t.test('watches a file that is created later', async (t) => {
  const path = join(temporaryDirectory(t), 'events.jsonl');
  let changes = 0;
  const watch = new FileWatch(
    () => path,
    () => (changes += 1),
  );
  t.teardown(() => watch.stop());
  watch.follow();
  t.ok(watch.isMissing);
  writeFileSync(path, '');
  watch.follow();
  await until('the file is reported', () => changes > 0);
  t.ok(watch.isListening && !watch.isMissing);
});

void t.test('watches the file again after it was replaced or its directory was recreated', async (t) => {
  const directory = join(temporaryDirectory(t), 'run');
  mkdirSync(directory);
  const counted = await watched(t, join(directory, 'wake'));
  const changes: readonly (readonly [string, () => void])[] = [
    ['the file is replaced', () => renameSync(temporary('new'), counted.path)],
    [
      'the file is removed and created',
      () => {
        rmSync(counted.path);
        writeFileSync(counted.path, '');
      },
    ],
    [
      'the directory is removed and created',
      () => {
        rmSync(directory, { recursive: true });
        mkdirSync(directory);
        writeFileSync(counted.path, '');
      },
    ],
    [
      'the directory is moved and created',
      () => {
        renameSync(directory, `${directory}.moved`);
        mkdirSync(directory);
        writeFileSync(counted.path, '');
      },
    ],
  ];
  function temporary(name: string): string {
    writeFileSync(join(directory, name), '');
    return join(directory, name);
  }
  for (const [what, change] of changes) {
    change();
    const before = counted.changes;
    counted.watch.follow();
    t.notOk(counted.watch.isListening, what);
    await until(`${what}: it is watched again`, () => counted.watch.isListening && counted.changes > before);
    await reportsChanges(t, counted);
  }
  rmSync(directory, { recursive: true });
  counted.watch.follow();
  t.notOk(counted.watch.isListening);
  t.ok(counted.watch.isMissing);
});

void t.test('does not list the directory of the file while others flood it', async (t) => {
  const directory = temporaryDirectory(t);
  const counted = await watched(t, join(directory, 'wake'));
  t.equal(shell('seq 20000 | xargs touch', directory), 0);
  t.equal(readdirSync(directory).length, 20_001);
  const rss = process.memoryUsage.rss();
  const start = process.cpuUsage();
  const before = counted.changes;
  // The removal of the last watched file of a directory makes chokidar list it.
  const flood = 'seq 20000 | xargs rm -f; seq 20000 | xargs touch; mkdir d; mv [0-9]?? d; rm wake; : >wake';
  const [status] = (await once(spawn('sh', ['-c', flood], { cwd: directory }), 'exit')) as [number];
  t.equal(status, 0);
  counted.watch.follow();
  await until('it is watched again', () => counted.watch.isListening);
  t.ok(counted.changes <= before + 3, `${String(counted.changes - before)} changes`);
  await reportsChanges(t, counted);
  const { user, system } = process.cpuUsage(start);
  t.ok((user + system) / 1000 < 300, `${String((user + system) / 1000)} ms of processor time`);
  t.ok(process.memoryUsage.rss() - rss < 16 * 1024 * 1024, 'no list of names is kept');
});

void t.test('pauses while the file itself is flooded', async (t) => {
  const counted = await watched(t, join(temporaryDirectory(t), 'wake'));
  await until('the watch pauses', () => {
    // The kernel merges equal changes that follow each other.
    for (let index = 0; index < 1000; index += 1) {
      appendFileSync(counted.path, '.');
      chmodSync(counted.path, index % 2 === 0 ? 0o600 : 0o640);
    }
    return !counted.watch.isListening;
  });
  t.ok(counted.changes <= 2000 * 4, `${String(counted.changes)} reported changes`);
  counted.watch.follow();
  await reported(t);
  t.notOk(counted.watch.isListening, 'the pause continues');
});

void t.test('watches no other file, whatever replaces the file', async (t) => {
  const directory = temporaryDirectory(t);
  const counted = await watched(t, join(directory, 'wake'));
  const other = join(directory, 'other');
  mkdirSync(other);
  const kinds: readonly (readonly [string, () => void])[] = [
    ['a link to a directory', () => symlinkSync(other, counted.path)],
    ['a link to a file', () => symlinkSync(join(other, 'file'), counted.path)],
    ['a directory', () => mkdirSync(counted.path)],
    ['a FIFO', () => execFileSync('mkfifo', [counted.path])],
    ['nothing', () => undefined],
  ];
  writeFileSync(join(other, 'file'), '');
  for (const [what, make] of kinds) {
    rmSync(counted.path, { recursive: true, force: true });
    make();
    counted.watch.follow();
    t.notOk(counted.watch.isListening, what);
    const before = counted.changes;
    appendFileSync(join(other, 'file'), '.');
    writeFileSync(join(other, 'new'), '');
    rmSync(join(other, 'new'));
    await reported(t);
    t.equal(counted.changes, before, what);
  }
  rmSync(counted.path, { force: true });
  linkSync(join(other, 'file'), counted.path);
  counted.watch.follow();
  await until('a file of ours is watched again', () => counted.watch.isListening);
});

void t.test('reports only content that was written after the last read', async (t) => {
  const path = join(temporaryDirectory(t), 'events');
  writeFileSync(path, 'read\n');
  let changes = 0;
  const watch = new FileWatch(
    () => path,
    () => (changes += 1),
  );
  t.teardown(() => watch.stop());
  const restart = async (): Promise<void> => {
    watch.stop();
    watch.follow();
    await until('it is watched', () => watch.isListening);
  };
  watch.markSeen();
  await restart();
  t.equal(changes, 0);
  watch.stop();
  appendFileSync(path, 'written while nothing watches\n');
  await restart();
  t.equal(changes, 1);
});

void t.test('many event lines wake the daemon a few times, and the last one is read', async (t) => {
  const directory = temporaryDirectory(t);
  for (const name of ['wake', 'events.jsonl']) writeFileSync(join(directory, name), '');
  const events = join(directory, 'events.jsonl');
  let [polls, size] = [0, 0];
  const wakeUps = new WakeUps(
    () => directory,
    () => {
      polls += 1;
      wakeUps.beforePoll();
      size = statSync(events).size;
      wakeUps.afterQuietPoll(true, []);
    },
    {
      watching: 1,
      isObserved: true,
      takeTurn: (work: () => void): void => {
        work();
      },
    },
  );
  t.teardown(() => wakeUps.stop());
  wakeUps.start(() => []);
  await until('events are watched', () => {
    appendFileSync(events, '.');
    return polls > 2;
  });
  for (let line = 0; line < 1000; line += 1) appendFileSync(events, '.');
  await until('all lines are read', () => size === statSync(events).size);
  t.ok(polls < 20, `${String(polls)} polls`);
});
