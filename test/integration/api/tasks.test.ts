// Tasks of a run: pages, filters and counts in the API, and `nf-escrow runs tasks`.
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import type { RunList, RunProgress, TaskList } from '../../../daemon/contract/types.ts';
import { readDuration } from '../../../daemon/nextflow/logs/duration.ts';
import { readEvent } from '../../../daemon/nextflow/logs/events.ts';
import { TraceReader } from '../../../daemon/nextflow/logs/trace.ts';
import { codeOf } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';

/** Records a run with 1,205 tasks: 1,200 completed, 2 failed, 1 running, 2 with a forged status. */
async function withTasks(t: Test): Promise<{ readonly box: Sandbox; readonly run: string }> {
  const box = new Sandbox(t);
  await box.escrow(['run', 'true']);
  const run = (await box.json<RunList>(['runs', 'list'])).runs[0]?.id ?? '';
  const database = new Database(join(box.state, 'ledger.db'));
  const insert = database.prepare(
    'INSERT INTO tasks (run_id, task_id, name, status, exit, process, attempt, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  database.exec('BEGIN');
  // In another order than that of their ids.
  for (let id = 1200; id > 0; id -= 1)
    insert.run([run, String(id), `ALIGN (${String(id)})`, 'COMPLETED', '0', 'ALIGN', 1, 62_500]);
  for (const id of ['1201', '1202']) insert.run([run, id, 'SORT', 'FAILED', '137', 'QC:SORT', 2, 2103]);
  insert.run([run, '1203', 'SORT', 'RUNNING', null, 'QC:SORT', 3, null]);
  insert.run([run, 'row 9', '\x1b[2Jgone', 'OTHER', null, null, null, null]);
  insert.run([run, 'row 10', 'forged', '__proto__', null, null, null, null]);
  database.exec('COMMIT');
  database.close();
  return { box, run };
}

void t.test('returns tasks by page in the order of their ids, with counts by status', async (t) => {
  const { box, run } = await withTasks(t);
  const get = async (query: string): Promise<TaskList> =>
    JSON.parse((await box.http('GET', `/v1/runs/${run}/tasks?${query}`)).text) as TaskList;
  const seen: string[] = [];
  for (let cursor = '', more = true; more;) {
    const { tasks, counts, next } = await get(`limit=500${cursor}`);
    t.match(counts, { COMPLETED: 1200, FAILED: 2, RUNNING: 1, CACHED: 0, OTHER: 2 });
    seen.push(...tasks.map(({ taskId }) => taskId));
    cursor = `&cursor=${next ?? ''}`;
    more = next !== undefined;
  }
  t.same(seen, [...Array.from({ length: 1203 }, (_, index) => String(index + 1)), 'row 9', 'row 10']);
  t.equal((await get('')).tasks.length, 100, 'the default page');
  const idsOf = async (query: string): Promise<string[]> =>
    (await get(query)).tasks.map(({ taskId }) => taskId);
  t.same(await idsOf('status=FAILED'), ['1201', '1202']);
  t.same(await idsOf('process=QC:SORT'), ['1201', '1202', '1203']);
  t.same(await idsOf('process=QC:SORT&status=RUNNING'), ['1203']);
  t.same(await idsOf('process=SORT'), []);
  t.same(await idsOf('limit=2&offset=1199'), ['1200', '1201']);
  t.same(await idsOf('limit=2&offset=1&status=FAILED'), ['1202']);
  t.same(await idsOf('offset=100000'), []);
  const { next = '' } = await get('limit=1&status=FAILED');
  const both = await box.http('GET', `/v1/runs/${run}/tasks?offset=1&cursor=${next}`);
  t.equal(codeOf(both), 'request-unprocessable', 'either a cursor or an offset');
  t.same(await idsOf(`limit=1&status=FAILED&cursor=${next}`), ['1202']);
  await box.escrow(['run', 'true']);
  const other = (await box.json<RunList>(['runs', 'list'])).runs[0]?.id ?? '';
  const wrong = await box.http('GET', `/v1/runs/${other}/tasks?cursor=${next}`);
  t.equal(codeOf(wrong), 'cursor-invalid', 'the cursor of another run');
  t.equal((await box.http('GET', `/v1/runs/${run}/tasks?status=failed`)).status, 400);
});

void t.test('counts tasks by process in the order of their first tasks', async (t) => {
  const { box, run } = await withTasks(t);
  const progress = async (): Promise<RunProgress> =>
    JSON.parse((await box.http('GET', `/v1/runs/${run}/progress`)).text) as RunProgress;
  const none = { waiting: 0, running: 0, completed: 0, cached: 0, failed: 0, aborted: 0 };
  t.match(await progress(), {
    tasks: { ...none, running: 1, completed: 1200, failed: 2 },
    processes: [
      { name: 'ALIGN', tasks: { ...none, completed: 1200 } },
      { name: 'QC:SORT', tasks: { ...none, running: 1, failed: 2 } },
    ],
    hasMoreProcesses: false,
  });
  const database = new Database(join(box.state, 'ledger.db'));
  const insert = database.prepare('INSERT INTO tasks (run_id, task_id, status, process) VALUES (?, ?, ?, ?)');
  // Sorted as text, 1204 would be before 9.
  insert.run([run, '9999', 'SUBMITTED', 'A_LATE']);
  insert.run([run, '1204', 'NEW', 'Z_EARLY']);
  insert.run([run, '1205', 'ABORTED', null]);
  const names = async (): Promise<(string | null)[]> => (await progress()).processes.map(({ name }) => name);
  t.same(await names(), ['ALIGN', 'QC:SORT', 'Z_EARLY', 'A_LATE', null]);
  // Names that a task forged, each with several statuses.
  database.exec('BEGIN');
  for (let id = 0; id < 500; id += 1)
    for (const status of ['RUNNING', 'FAILED', 'CACHED', 'forged'])
      insert.run([run, `x${status}${String(id)}`, status, `FORGED_${String(id).padStart(3, '0')}`]);
  database.exec('COMMIT');
  database.close();
  const { processes, hasMoreProcesses } = await progress();
  t.equal(processes.length, 200);
  t.ok(hasMoreProcesses);
  t.same(
    processes.find(({ name }) => name === 'FORGED_100'),
    { name: 'FORGED_100', tasks: { ...none, running: 1, failed: 1, cached: 1 } },
  );
});

void t.test('lists tasks on the command line', async (t) => {
  const { box, run } = await withTasks(t);
  const failed = await box.escrow(['runs', 'tasks', run, '--status', 'failed']);
  t.equal(failed.status, 0, failed.stderr);
  t.match(failed.stdout, /^1201\tfailed\tQC:SORT\tSORT\t2\t137\t2\.1s$/m);
  t.match(failed.stderr, 'All tasks of the run: 1205 (1 running, 1200 completed, 2 failed, 2 other).');
  t.notMatch(failed.stdout, 'ALIGN');
  t.match(await box.escrow(['runs', 'tasks', run, '--limit', '1']), { stdout: /1m 2s/, stderr: /--limit N/ });
  t.equal((await box.json<TaskList>(['runs', 'tasks', run, '--limit', '1100'])).tasks.length, 1100);
  const all = await box.escrow(['runs', 'tasks', run, '--limit', '5000']);
  t.notMatch(all.stdout, '\x1b', 'escapes names');
  t.match(all.stdout, 'row 10');
  for (const limit of ['0', 'x', '-1', '1e3'])
    t.match(
      await box.escrow(['runs', 'tasks', run, '--limit', limit]),
      { status: 64, stderr: /--limit/ },
      limit,
    );
  t.match(await box.escrow(['runs', 'tasks', run, '--status', 'nonsense']), { status: 64 });
  t.match(await box.escrow(['runs', 'tasks', 'r0000']), { status: 1, stderr: /r0000/ });
});

void t.test('reads durations from trace and events', (t) => {
  const durations: readonly (readonly [string | null, number | null])[] = [
    ['450ms', 450],
    ['2.1s', 2100],
    ['1m 3s', 63_000],
    ['1h 2m 3s', 3_723_000],
    ['2d 1h', 176_400_000],
    ['2103', 2103],
    ['0', 0],
    ...['', '-', 's', '1x', '1m3s', '-5s', '1..2s', '9'.repeat(40), '1s '.repeat(50)].map(
      (text) => [text, null] as const,
    ),
    [null, null],
  ];
  for (const [text, ms] of durations) t.equal(readDuration(text), ms, String(text));
  const reader = new TraceReader();
  reader.read('task_id\tname\tduration');
  t.match(reader.read('7\tP (1)\t1m 3s'), { task: { taskId: '7', durationMs: 63_000 } });
  const line = (duration: unknown): string => JSON.stringify({ type: 'task.end', task: '1', duration });
  t.match(readEvent(line('2103')), { task: { durationMs: 2103 } });
  for (const forged of [2103, 'soon', null, {}])
    t.match(readEvent(line(forged)), { task: { durationMs: null } });
  t.end();
});
