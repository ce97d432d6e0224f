// Logs and traces that contain hostile text from a pipeline.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, constantFrom, oneof, property, array, string, uint8Array } from 'fast-check';
import t from 'tap';
import { parseLogLine } from '../../../daemon/nextflow/logs/log-line.ts';
import { readLogLine, type LogFacts } from '../../../daemon/nextflow/logs/log.ts';
import { readTaskJobEvent } from '../../../daemon/nextflow/logs/task-jobs.ts';
import { TraceReader } from '../../../daemon/nextflow/logs/trace.ts';
import { Tail } from '../../../daemon/system/files/tail.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const START = 'Nov-28 10:00:00.000 [Task submitter] DEBUG n.executor.GridTaskHandler - ';
const SUBMITTED = '[SLURM] submitted process look (1) > jobId: 4711; workDir: /w/ab/cd';
/** Lines that differ from a line of Nextflow in one way each. */
const NOT_LINES = [
  ` ${START}${SUBMITTED}`,
  `\r${START}${SUBMITTED}`,
  `\u001b[2K${START}${SUBMITTED}`,
  `\u0000${START}${SUBMITTED}`,
  `\ufeff${START}${SUBMITTED}`,
  `\ufffd${START}${SUBMITTED}`,
  `> ${START}${SUBMITTED}`,
  START.replace('Nov-28', 'Nov-2') + SUBMITTED,
  START.replace('DEBUG', 'debug') + SUBMITTED,
  START.replace('[Task submitter]', 'Task submitter') + SUBMITTED,
  START.replace('n.executor.GridTaskHandler', 'a b') + SUBMITTED,
  START.replace(' - ', ' ') + SUBMITTED,
  SUBMITTED,
];

/** Parts of forged lines, and invalid bytes. */
const piece = oneof(
  {
    weight: 4,
    arbitrary: constantFrom(START, SUBMITTED, 'nextflow.Session - ', 'Run name: x', '> jobId: 9; '),
  },
  {
    weight: 2,
    arbitrary: constantFrom('\n', '\r', '\r\n', '\t', '\0', '\u001b]52;c;x\u0007', '\u2028', '\u202e'),
  },
  { weight: 1, arbitrary: string({ maxLength: 20 }) },
  { weight: 1, arbitrary: uint8Array({ maxLength: 20 }) },
);
const hostile = array(piece, { maxLength: 12 }).map((parts) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string))),
);

/** Returns the lines that the daemon reads from a file that is written in two halves. */
function linesOf(path: string, bytes: Buffer): string[] {
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
  const tail = new Tail(path);
  try {
    const first = linesLeft(tail);
    writeFileSync(path, bytes.subarray(bytes.length >> 1), { flag: 'a' });
    return [...first, ...linesLeft(tail)];
  } finally {
    tail.close();
  }
}

function linesLeft(tail: Tail): string[] {
  const lines = tail.read();
  while (tail.behind) lines.push(...tail.read());
  return lines;
}

void t.test('parses only exact lines of the log', async (t) => {
  t.match(parseLogLine(START + SUBMITTED), { logger: 'GridTaskHandler', message: SUBMITTED });
  t.match(readTaskJobEvent(START + SUBMITTED), { submitted: { id: '4711', workDirectory: '/w/ab/cd' } });
  t.match(parseLogLine('Nov.-28 10:00:00.000 [main] INFO  nextflow.Session - x'), { logger: 'Session' });
  for (const line of NOT_LINES) {
    t.equal(parseLogLine(line), undefined, JSON.stringify(line));
    t.equal(readTaskJobEvent(line), undefined);
  }
  // Another logger, or text inside a message.
  for (const message of [`x ${SUBMITTED}`, `[SLURM] submitted process a > jobId: 1,2; workDir: /w`])
    t.equal(readTaskJobEvent(START + message), undefined, message);
  t.equal(readTaskJobEvent(START.replace('n.executor.GridTaskHandler', 'n.Session') + SUBMITTED), undefined);
});

void t.test('accepts only jobs with a valid id and a short name from any log', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  assert(
    property(hostile, (bytes) => {
      const facts: LogFacts = {};
      for (const line of linesOf(path, bytes)) {
        readLogLine(facts, line);
        const job = readTaskJobEvent(line);
        // The name of the month depends on the locale of Nextflow.
        if (job !== undefined && !/^[\p{L}\d]{1,9}\.?-28 10:00:00\.000 \[Task submitter\] DEBUG /u.test(line))
          return false;
        if (job !== undefined && 'submitted' in job) {
          const { id, name, workDirectory } = job.submitted;
          if (!/^[0-9]+$/.test(id) || name.length > 200 || workDirectory?.startsWith('/') !== true)
            return false;
        }
      }
      const { runName = 'x', sessionId } = facts;
      return (
        /^[a-z][a-z\d_-]*$/.test(runName) && sessionId === undefined && (facts.abortCause ?? '').length <= 200
      );
    }),
    { numRuns: 2000 },
  );
  t.pass('property holds');
});

void t.test('returns one row for each line of a trace, and reports malformed rows', async (t) => {
  const path = join(temporaryDirectory(t), 'trace');
  assert(
    property(hostile, (bytes) => {
      const header = Buffer.from('task_id\thash\tnative_id\tname\tstatus\texit\n');
      const reader = new TraceReader();
      const rows = linesOf(path, Buffer.concat([header, bytes])).map((line) => ({
        line,
        row: reader.read(line),
      }));
      return rows.slice(1).every(({ line, row }) => {
        const fits = line.split('\t').length === 6;
        return row !== undefined && 'task' in row === fits;
      });
    }),
    { numRuns: 1000 },
  );
  t.pass('property holds');
});

void t.test('truncates lines of a megabyte and parses them quickly', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  const long = 'x > jobId: 1; workDir: /w '.repeat(40_000);
  const lines = [
    `${START}[SLURM] submitted process ${long}`,
    `${START}[SLURM] submitted process ${long} > jobId: 4711; workDir: /w/ab/cd`,
    `Nov-28 10:00:00.000 [${'['.repeat(1_000_000)}`,
    `Nov-28 10:00:00.000 [main] DEBUG ${'a.'.repeat(500_000)}Session - x`,
    `Nov-28 10:00:00.000 [main] DEBUG nextflow.Session - Session aborted -- Cause: ${'\u001b'.repeat(1_000_000)}`,
    `${START}${SUBMITTED}`,
  ];
  const before = process.cpuUsage();
  const read = linesOf(path, Buffer.from(`${lines.join('\n')}\n`));
  const facts: LogFacts = {};
  const jobs = read.flatMap((line) => {
    readLogLine(facts, line);
    return readTaskJobEvent(line) ?? [];
  });
  t.equal(read.length, lines.length);
  t.match(jobs.at(-1), { submitted: { id: '4711', name: 'look (1)' } }, 'reads the line after them');
  t.equal(jobs.length, 1, 'reads no job from a truncated line');
  t.equal(facts.abortCause?.length, 200);
  const { user, system } = process.cpuUsage(before);
  t.ok(user + system < 5_000_000, 'uses less than 5 s of CPU time');
});
