import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findRunFiles } from '../../../daemon/nextflow/logs/run-files.ts';
import { searchFiles } from '../../../daemon/redaction/search-files.ts';
import { searchTerms } from '../../../daemon/redaction/search-terms.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

const value = randomBytes(12).toString('hex');
const { terms } = searchTerms(new Map([['A_KEY', new SecretValue(Buffer.from(value))]]), '');
const LIMITS = { bytes: 64 * 1024 * 1024, ms: 20_000 };

void t.test(
  'searches regular files, and reports links, FIFOs and directories without blocking',
  async (t) => {
    const directory = t.testdir();
    const path = (name: string): string => join(directory, name);
    writeFileSync(path('plain'), `x${value}`);
    writeFileSync(path('other'), 'nothing');
    symlinkSync(path('plain'), path('link'));
    execFileSync('mkfifo', [path('fifo')]);
    mkdirSync(path('directory'));
    const names = ['fifo', 'link', 'directory', 'none', 'other', 'plain'];
    const searched = await searchFiles(names.map(path), terms, LIMITS);
    t.same(searched.found, [{ path: path('plain'), secrets: ['A_KEY'] }]);
    t.same(
      searched.gaps.map(({ path: where, reason }) => [where, reason]),
      [
        [path('fifo'), 'not-plain'],
        [path('link'), 'not-plain'],
        [path('directory'), 'not-plain'],
      ],
    );
    t.equal(searched.bytes, value.length + 1 + 'nothing'.length);
  },
);

void t.test('limits bytes and time, and reports what was found until then', async (t) => {
  const directory = t.testdir();
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('small'), value);
  writeFileSync(path('big'), '');
  truncateSync(path('big'), 4 * 1024 ** 3); // sparse: uses no disk space
  const files = ['small', 'big', 'small'].map(path);
  const short = await searchFiles(files, terms, { bytes: 1024 * 1024, ms: 20_000 });
  t.match(short, { bytes: 1024 * 1024, found: [{ path: path('small') }] });
  t.same(
    short.gaps.map(({ reason }) => reason),
    ['budget', 'budget'],
  );
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 5);
  const quick = await searchFiles(files, terms, { bytes: Infinity, ms: 500 });
  clearInterval(ticking);
  t.ok(ticks > 5, `yields to other work: ${String(ticks)}`);
  t.same(
    quick.gaps.map(({ reason }) => reason),
    ['time', 'time'],
  );
  t.equal(quick.found.length, 1);
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
