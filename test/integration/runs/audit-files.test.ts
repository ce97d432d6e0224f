import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findRunFiles } from '../../../daemon/nextflow/logs/run-files.ts';
import { taskFiles, type KnownTask } from '../../../daemon/nextflow/logs/task-files.ts';
import { auditInWorker, type AuditResult } from '../../../daemon/runs/audit/audit-worker.ts';
import {
  FileAudit,
  type AuditedFile,
  type AuditFinding,
  type AuditLimits,
  type ShownFile,
} from '../../../daemon/redaction/audit/audit-files.ts';
import { NeedleSet } from '../../../daemon/redaction/needles/needle-set.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

const value = randomBytes(12).toString('hex');
const set = await NeedleSet.of(new Map([['A_KEY', new SecretValue(Buffer.from(value))]]));
const LIMITS: AuditLimits = { bytes: 64 * 1024 * 1024, ms: 20_000, findings: 100, ranges: 100 };
const all = (): boolean => true;

async function auditFiles(
  files: readonly AuditedFile[],
  set: NeedleSet,
  counts: (needle: number) => boolean,
  limits: AuditLimits,
): Promise<Omit<AuditResult, 'listed'>> {
  const [findings, shown]: [AuditFinding[], ShownFile[]] = [[], []];
  const sink = { finding: findings.push.bind(findings), shown: shown.push.bind(shown) };
  const summary = await new FileAudit(set, counts, limits, sink).search(files);
  return { ...summary, findings, shown };
}

void t.test('audits regular files, and reports links, FIFOs and directories without blocking', async (t) => {
  const directory = t.testdir();
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('plain'), `x${value}`);
  writeFileSync(path('encoded'), Buffer.from(`y${value}`).toString('base64'));
  writeFileSync(path('other'), 'nothing');
  symlinkSync(path('plain'), path('link'));
  execFileSync('mkfifo', [path('fifo')]);
  mkdirSync(path('directory'));
  const names = ['fifo', 'link', 'directory', 'none', 'other', 'plain', 'encoded'];
  const files = names.map((name) => ({ path: path(name), task: '7', process: 'P' }));
  const audited = await auditFiles(files, set, all, LIMITS);
  t.match(
    [...audited.findings].sort((a, b) => (a.file.path < b.file.path ? 1 : -1)),
    [
      { file: { path: path('plain'), task: '7', process: 'P' }, secret: 'A_KEY', encodings: ['plain'] },
      { file: { path: path('encoded') }, secret: 'A_KEY', encodings: ['base64'] },
    ],
  );
  t.match(audited.gaps, [{ reason: 'not-plain', count: 3 }]);
  t.equal(audited.files, 6);
  t.notOk(JSON.stringify(audited).includes(value), 'reports no value');
});

void t.test('records where values are in files that are shown', async (t) => {
  const path = join(t.testdir(), 'log');
  writeFileSync(path, `first ${value}\n${'x'.repeat(200_000)}${value}${value}`);
  const { shown } = await auditFiles([{ path, isShown: true }], set, all, LIMITS);
  const { ino, size } = statSync(path);
  const second = size - 2 * value.length;
  t.match(shown, [{ inode: ino, size }]);
  t.same(shown[0]?.ranges, [
    { start: 6, end: 6 + value.length, secret: 'A_KEY' },
    { start: second, end: size, secret: 'A_KEY' },
  ]);
});

void t.test('ignores values that the filter excludes, and limits findings', async (t) => {
  const directory = t.testdir({ a: value, b: value });
  const files = ['a', 'b'].map((name) => ({ path: join(directory, name) }));
  t.same((await auditFiles(files, set, () => false, LIMITS)).findings, []);
  t.match(await auditFiles(files, set, all, { ...LIMITS, findings: 1 }), {
    findings: { length: 1 },
    omitted: 1,
  });
});

void t.test('limits bytes and time, and reports what was found until then', async (t) => {
  const directory = t.testdir();
  const path = (name: string): { path: string } => ({ path: join(directory, name) });
  writeFileSync(path('small').path, value);
  writeFileSync(path('big').path, '');
  truncateSync(path('big').path, 64 * 1024 ** 3); // sparse: uses no disk space
  const files = ['small', 'big', 'small'].map(path);
  const short = await auditFiles(files, set, all, { ...LIMITS, bytes: 1024 * 1024 });
  t.equal(short.bytes, 1024 * 1024);
  t.equal(short.gaps[0]?.reason, 'budget');
  t.ok(short.findings.length > 0);
  const quick = await auditFiles(files, set, all, { ...LIMITS, bytes: Infinity, ms: 500 });
  t.ok(quick.gaps.some(({ reason }) => reason === 'time'));
  t.ok(quick.findings.length > 0);
});

void t.test("finds the files of a run's tasks, and of no other run", async (t) => {
  const rest = 'cdef01'.padEnd(30, '0');
  const work = t.testdir({
    ab: { [rest]: { '.command.run': '' }, ['aaaaaa'.padEnd(30, '1')]: { '.command.run': '' } },
    cd: { [rest]: { '.command.run': '' } },
    stage: { x: '' },
  });
  const list = (tasks: readonly KnownTask[], since = 0): string[] => {
    const found = [];
    const listed = { tasks: 0, isComplete: false };
    for (const { path, task } of taskFiles(work, { tasks, knowsTasks: tasks.length > 0, since }, listed))
      if (path.endsWith('.command.run')) found.push(`${task} ${path.slice(work.length + 1)}`);
    return found.sort();
  };
  const known = [{ id: '1', process: 'P', hash: 'ab/cdef01' }];
  t.same(list(known), [`1 ab/${rest}/.command.run`]);
  t.equal(list([]).length, 3, 'all of them if no task is known');
  utimesSync(join(work, 'cd', rest), 1, 1);
  t.equal(list([], Date.now() - 60_000).length, 2, 'that are newer than the run');
});

void t.test('audits in a thread', async (t) => {
  const launchDirectory = t.testdir({ log: `x ${value}`, work: {} });
  const log = join(launchDirectory, 'log');
  const files = {
    ...{ launchDirectory, arguments: [], logFile: log, since: 0, shown: [log] },
    ...{ workDirectory: join(launchDirectory, 'work'), tasks: [], knowsTasks: false },
  };
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const audited = await auditInWorker(
    set,
    set.needles.map(() => true),
    LIMITS,
    files,
  );
  clearInterval(turning);
  t.match(audited.findings, [{ file: { path: log }, secret: 'A_KEY', encodings: ['plain'] }]);
  t.match(audited.shown, [{ ranges: [{ start: 2, end: 2 + value.length, secret: 'A_KEY' }] }]);
  t.match(audited, { listed: { tasks: 0, isComplete: true }, gaps: [] });
  t.ok(turns > 1, 'other work is done meanwhile');
});

void t.test("finds a run's files in their usual places, except older ones", async (t) => {
  const session = '00000000-0000-4000-8000-000000000000';
  const launchDirectory = t.testdir({
    '.nextflow.log': '',
    'report.html': '',
    'trace-20260105-12345678.txt': '',
    'timeline-20260105-12345678.html': '',
    'report-of-mine.html': '',
    '.lineage': { ab: { cd: { '.data.json': '' } } },
    '.nextflow': { history: '', cache: { [session]: { db: { '000003.log': '' } } } },
    elsewhere: { '.data.json': '' },
  });
  symlinkSync(join(launchDirectory, 'elsewhere'), join(launchDirectory, '.lineage/link'));
  const run = {
    launchDirectory,
    arguments: [
      'run',
      'main.nf',
      '-with-report',
      'report.html',
      '-with-trace',
      '-resume',
      '--x',
      '-with-dag',
    ],
    logFile: join(launchDirectory, '.nextflow.log'),
    since: Date.now() - 1000,
  };
  const names = async (traces: typeof run): Promise<string[]> =>
    (await findRunFiles(traces)).map((path) => path.slice(launchDirectory.length + 1)).sort();
  t.same(await names(run), [
    '.lineage/ab/cd/.data.json',
    '.nextflow.log',
    `.nextflow/cache/${session}/db/000003.log`,
    '.nextflow/history',
    'report.html',
    'timeline-20260105-12345678.html',
    'trace-20260105-12345678.txt',
  ]);
  t.same(await names({ ...run, since: Date.now() + 60_000 }), [
    '.nextflow.log',
    '.nextflow/history',
    'report.html',
  ]);
});
