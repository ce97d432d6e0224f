// The log of a run by byte range: RFC 9110, section 14.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { readRange } from '../../../daemon/api/byte-range.ts';
import type { RunList } from '../../../daemon/contract/types.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { Sandbox, until, type Ended } from '../../support/sandbox.ts';

interface WithLog {
  readonly box: Sandbox;
  /** The file with the output of the run. */
  readonly path: string;
  readonly get: (headers?: Record<string, string>, method?: string) => Promise<Answer>;
}

/** Starts a detached run that has ended, and replaces its output by `content`. `secret`: a value that the run gets. */
async function withLog(t: Test, content: string, { secret = '' } = {}): Promise<WithLog> {
  const box = new Sandbox(t);
  if (secret !== '') t.equal((await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: secret })).status, 0);
  t.equal((await box.escrow(['run', '--detach', 'true'])).status, 0);
  const run = await until('the run is purged', async () => {
    const { runs } = JSON.parse((await box.http('GET', '/v1/runs')).text) as RunList;
    return runs[0]?.state === 'purged' ? runs[0] : undefined;
  });
  const path = run.outputFile ?? '';
  writeFileSync(path, content);
  const get = (headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    box.http(method, `/v1/runs/${run.id}/log`, undefined, headers);
  return { box, path, get };
}

void t.test('parses a range', (t) => {
  const cases: readonly (readonly [string | undefined, ReturnType<typeof readRange>])[] = [
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=2-5', { first: 2, last: 5 }],
    ['BYTES=2-', { first: 2, last: 9 }],
    ['bytes=2-99', { first: 2, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-99', { first: 0, last: 9 }],
    ['bytes=9-9', { first: 9, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=10-11', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ...[
      undefined,
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=5-2',
      'bytes=0-1,3-4',
      'lines=0-1',
      'bytes=a-b',
      'bytes=1 - 2',
    ].map((header) => [header, 'whole'] as const),
    [`bytes=${'9'.repeat(16)}-`, 'whole'],
  ];
  for (const [header, range] of cases) t.same(readRange(header, 10), range, String(header));
  t.equal(readRange('bytes=0-', 0), 'unsatisfiable');
  t.equal(readRange('bytes=-5', 0), 'unsatisfiable');
  t.end();
});

void t.test('returns the log, or a range of it', async (t) => {
  const { path, get } = await withLog(t, '0123456789');
  t.match(await get(), {
    status: 200,
    text: '0123456789',
    type: /^text\/plain/,
    headers: { 'accept-ranges': 'bytes', 'content-length': '10' },
  });
  t.match(await get({ range: 'bytes=2-4' }), {
    status: 206,
    text: '234',
    headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3' },
  });
  t.match(await get({ range: 'bytes=-2' }), { status: 206, text: '89' });
  t.match(await get({ range: 'bytes=0-1,3-4' }), { status: 200, text: '0123456789' });
  t.match(await get({ range: 'bytes=2-4', 'if-range': '"x"' }), { status: 200, text: '0123456789' });
  t.match(await get({ range: 'bytes=2-4' }, 'HEAD'), {
    status: 206,
    text: '',
    headers: { 'content-length': '3' },
  });
  const over = await get({ range: 'bytes=10-' });
  t.match(over, { status: 416, headers: { 'content-range': 'bytes */10' } });
  t.equal(codeOf(over), 'range-not-satisfiable');
  appendFileSync(path, 'more');
  t.match(await get({ range: 'bytes=10-' }), { status: 206, text: 'more' }, 'follows a log that grows');
  truncateSync(path);
  t.match(await get(), { status: 200, text: '' });
});

void t.test('says whether the log was searched for values, and `runs logs` prints a note', async (t) => {
  const { box, path, get } = await withLog(t, 'text of another time', { secret: 'a-value' });
  const logs = (): Promise<Ended> => box.escrow(['runs', 'logs', '-']);
  t.match(await get(), { headers: { 'nf-escrow-redaction': 'partial' } }, 'the searched file has changed');
  t.match(await logs(), {
    stdout: 'text of another time',
    stderr: /not completely masked: it may contain values/,
  });
  renameSync(path, `${path}.searched`);
  writeFileSync(path, 'a file that was never searched');
  t.match(await get(), { headers: { 'nf-escrow-redaction': 'none' } });
  t.match(await get({}, 'HEAD'), { headers: { 'nf-escrow-redaction': 'none' } });
  t.match(await get({ range: 'bytes=2-5' }), { status: 206, headers: { 'nf-escrow-redaction': 'none' } });
  t.match(await logs(), {
    stdout: 'a file that was never searched',
    stderr: /not masked: it was not searched/,
  });
  const searched = new Sandbox(t);
  t.equal((await searched.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a-value' })).status, 0);
  t.equal((await searched.escrow(['run', '--detach', 'echo output'])).status, 0);
  await searched.escrow(['runs', 'wait', '-']);
  const { stdout, stderr } = await searched.escrow(['runs', 'logs', '-']);
  t.match(stdout, 'output');
  t.notMatch(stderr, 'masked', 'no note for a file that was searched');
});

void t.test('sends a large log in ranges that fit together', async (t) => {
  const line = 'a line of the log, number';
  const content = Array.from({ length: 300_000 }, (_, index) => `${line} ${String(index)}\n`).join('');
  const { get } = await withLog(t, content);
  t.ok((await get()).text === content, 'whole');
  let received = '';
  for (;;) {
    const from = received.length;
    const { status, text } = await get({ range: `bytes=${String(from)}-${String(from + 3_999_999)}` });
    if (status === 416) break;
    received += text;
  }
  t.ok(received === content, 'in ranges');
});

void t.test('reads no other file than the log', async (t) => {
  const { box, path, get } = await withLog(t, 'x');
  const private_ = `${box.directory}/private`;
  writeFileSync(private_, 'private');
  const kinds: readonly (readonly [string, () => void])[] = [
    ['a link', () => symlinkSync(private_, path)],
    ['a FIFO', () => execFileSync('mkfifo', [path])],
    ['a device', () => execFileSync('mknod', [path, 'c', '1', '5'])],
    ['a directory', () => execFileSync('mkdir', [path])],
    [
      "another user's file",
      () => {
        writeFileSync(path, '');
        chownSync(path, 12_345, 12_345);
      },
    ],
    ['nothing', () => undefined],
  ];
  for (const [what, make] of kinds) {
    rmSync(path, { recursive: true, force: true });
    make();
    const answer = await get();
    t.equal(answer.status, 404, what);
    t.match(JSON.parse(answer.text), { code: 'log-not-found' }, what);
  }
  t.match(await box.http('GET', '/v1/runs/r0/log'), { status: 404, text: /run-not-found/ });
});
