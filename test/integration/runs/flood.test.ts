import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import { rowLimits } from '../../../daemon/runs/records/reading/row-limit.ts';
import type { FaultInjector } from '../../../daemon/system/steps.ts';
import { overHead, placeRun, type Placed } from '../../support/placed-run.ts';

const PAGE = { limit: 1000 };
const NOW = { force: false, asked: true };
const END = '{"type":"run.end","success":true}\n';

function eventOf(task: number | string): string {
  return `${JSON.stringify({ type: 'task.submit', task: String(task), process: 'P', name: `P (${String(task)})` })}\n`;
}

function eventsOf(count: number): string {
  return Array.from({ length: count }, (_, index) => eventOf(index)).join('');
}

/** Ends the head of a run before the daemon polls it. */
async function overRun(placed: Placed, events: string): Promise<void> {
  await placed.modules.runs.stop();
  placed.start();
  writeFileSync(join(placed.directory, 'events.jsonl'), events);
  writeFileSync(join(placed.directory, 'process'), JSON.stringify(overHead));
  await placed.modules.runs.adopt();
}

void t.test('yields between the batches of a flood, and reads its end', async (t) => {
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  turn();
  const between: number[] = [];
  let last = 0;
  const faults: FaultInjector = (point) => {
    if (point === 'before records.write') {
      between.push(turns - last);
      last = turns;
    }
    return Promise.resolve();
  };
  const placed = await placeRun(t, { faults });
  const { modules, id } = placed;
  // More lines than the daemon reads of an ended run.
  await overRun(placed, `${eventsOf(400_000)}${END}`);
  t.match(await modules.runs.purge(id, NOW), {
    state: 'purged',
    outcome: 'succeeded',
    outcomeEvidence: /plugin: ended without error/,
  });
  isOver = true;
  t.ok(between.length > 80, 'reads in batches');
  const without = between.filter((count) => count === 0).length;
  t.ok(without < 10, 'yields between batches; a few writes belong to no batch');
  const { tasks, counts, next } = await modules.runs.tasks(id, PAGE);
  t.equal(tasks.length, PAGE.limit);
  t.ok(next !== undefined && counts.SUBMITTED > PAGE.limit && counts.SUBMITTED <= rowLimits.tasks);
  t.same((await modules.runs.receipt(id)).dropped, ['events'], 'the receipt reports skipped lines');
});

void t.test('limits the tasks of a run, and updates recorded ones beyond the limit', async (t) => {
  const placed = await placeRun(t);
  const { modules, id, directory } = placed;
  await modules.ledger.write((db) =>
    sql`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rowLimits.tasks - 1})
      INSERT INTO tasks (run_id, task_id, status) SELECT ${id}, 'old ' || i, 'SUBMITTED' FROM n`.execute(db),
  );
  placed.start();
  const known = '{"type":"task.end","task":"old 7","status":"COMPLETED","exit":"0"}\n';
  const bad = 'no event\n'.repeat(2000);
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeFileSync(join(directory, 'events.jsonl'), `${eventsOf(500)}${known}${eventsOf(500)}${bad}${END}`);
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'succeeded' });
  const { counts, traceErrors } = await modules.runs.tasks(id, PAGE);
  t.match(counts, { SUBMITTED: rowLimits.tasks - 1, COMPLETED: 1 });
  const { tasks } = await modules.runs.tasks(id, { ...PAGE, status: 'COMPLETED' });
  t.match(tasks, [{ taskId: 'old 7', exit: '0' }]);
  t.equal(traceErrors, rowLimits['trace-errors']);
  t.same((await modules.runs.receipt(id)).dropped?.sort(), ['tasks', 'trace-errors']);
});

void t.test('limits the size of a task row', async (t) => {
  const placed = await placeRun(t);
  const { modules, id } = placed;
  const long = 'n'.repeat(10_000);
  const event = { type: 'task.submit', task: long, process: long, name: long, hash: long, native: long };
  await overRun(placed, `${JSON.stringify(event)}\n${END}`);
  await modules.runs.purge(id, NOW);
  const [task] = (await modules.runs.tasks(id, PAGE)).tasks;
  t.ok(JSON.stringify(task).length < 2500);
});

void t.test('purges a run whatever replaces its events file', async (t) => {
  const kinds: readonly (readonly [string, (path: string) => void])[] = [
    ['a FIFO', (path) => execFileSync('mkfifo', [path])],
    ['a directory', (path) => mkdirSync(path)],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
    [
      'a link to a file',
      (path) => {
        writeFileSync(`${path}.other`, END);
        symlinkSync(`${path}.other`, path);
      },
    ],
    ['an endless line', (path) => execFileSync('truncate', ['--size', '1G', path])],
  ];
  for (const [what, make] of kinds) {
    const { modules, id, directory, start } = await placeRun(t);
    make(join(directory, 'events.jsonl'));
    start();
    writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
    t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'lost' }, what);
  }
});

void t.test('reads events after their file was replaced', async (t) => {
  const { modules, id, directory, start } = await placeRun(t);
  const events = join(directory, 'events.jsonl');
  writeFileSync(events, eventOf(1));
  start();
  writeFileSync(
    join(directory, 'process'),
    JSON.stringify({ ...overHead, host: 'elsewhere', bootId: '4711' }),
  );
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
  writeFileSync(`${events}.new`, eventOf(2));
  renameSync(`${events}.new`, events);
  appendFileSync(events, eventOf(3));
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
  t.same(
    (await modules.runs.tasks(id, PAGE)).tasks.map(({ taskId }) => taskId),
    ['1', '2', '3'],
  );
});

void t.test('ends a run whose events cannot be recorded', async (t) => {
  const faults: FaultInjector = (point) =>
    point === 'before records.write' ? Promise.reject(new Error('write failed')) : Promise.resolve();
  const placed = await placeRun(t, { faults });
  const { modules, id } = placed;
  await overRun(placed, `${eventOf(1)}${END}`);
  for (let looks = 0; looks < 12; looks += 1) await modules.runs.purge(id, NOW).catch(() => undefined);
  t.match(await modules.runs.find(id), { state: 'purged' });
});
