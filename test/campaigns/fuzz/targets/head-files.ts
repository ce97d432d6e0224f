import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tail } from '../../../../daemon/system/files/tail.ts';
import { readEvent } from '../../../../daemon/nextflow/logs/events.ts';
import { readTaskJobEvent } from '../../../../daemon/nextflow/logs/task-jobs.ts';
import { findLog, readLogLine, type LogFacts } from '../../../../daemon/nextflow/logs/log.ts';
import { TraceReader } from '../../../../daemon/nextflow/logs/trace.ts';
import { isSecretName } from '../../../../daemon/contract/secret-name.ts';
import { validate } from '../../../../daemon/contract/validate.ts';
import { bytesOf, hold, type Ground, type Target } from '../target.ts';
import { lines } from './lines.ts';

function readAll(tail: Tail): string[] {
  const lines = tail.read();
  while (tail.behind) lines.push(...tail.read());
  return lines;
}

/** Writes an input to a file in two parts, reads each part with Tail, and returns all lines. */
function tailed({ directory, needle }: Ground, name: string, input: Buffer): string[] {
  const path = join(directory, name);
  const bytes = bytesOf(input, needle);
  const half = bytes.length >> 1;
  writeFileSync(path, bytes.subarray(0, half));
  const tail = new Tail(path);
  try {
    const first = readAll(tail);
    writeFileSync(path, bytes.subarray(half), { flag: 'a' });
    const all = [...first, ...readAll(tail)];
    hold(
      all.every((line) => !line.includes('\n')),
      'a line contains no newline',
    );
    hold(all.length === bytes.toString('latin1').split('\n').length - 1, 'every complete line is read once');
    return all;
  } finally {
    tail.close();
  }
}

/** A trace file. */
export const trace: Target = {
  name: 'trace',
  share: 80,
  arbitrary: lines(
    'task_id',
    'hash',
    'native_id',
    'name',
    'status',
    'exit',
    '\t',
    '\t',
    '\t',
    '1',
    '-',
    'COMPLETED',
    'ab/cdef01',
    'foo (1)',
  ),
  open: (ground) => ({
    run: (input) => {
      const reader = new TraceReader();
      const rows = tailed(ground, 'trace.txt', input).map((line) => reader.read(line));
      for (const row of rows)
        hold(row === undefined || 'malformed' in row || row.task.taskId !== '', 'a task has an id');
    },
  }),
};

/** A log of Nextflow. */
export const log: Target = {
  name: 'nextflow-log',
  share: 70,
  arbitrary: lines(
    'Nov-23 12:00:00.000 [main] DEBUG ',
    'nextflow.Session - ',
    'n.t.TraceFileObserver - ',
    'n.executor.GridTaskHandler - ',
    'Run name: ',
    'Session UUID: ',
    'Session aborted -- Cause: ',
    'Workflow started -- trace file: ',
    'Workflow completed > ',
    '> Execution complete -- Goodbye',
    '[SLURM] submitted process ',
    ' > jobId: ',
    '; workDir: /w',
    'Task completed > TaskHandler[jobId: ',
    '; ',
    '  Process: 4242@host',
    '/dev/zero',
    '\0',
  ),
  open: (ground) => ({
    run: (input) => {
      const facts: LogFacts = {};
      for (const line of tailed(ground, 'nextflow.log', input)) {
        readLogLine(facts, line);
        const job = readTaskJobEvent(line);
        if (job !== undefined && 'submitted' in job)
          hold(
            /^[A-Za-z0-9._[\]-]+$/.test(job.submitted.id) && job.submitted.name.length <= 200,
            'a job has an id and a short name',
          );
      }
      findLog(join(ground.directory, 'nextflow.log'), 4242, 0);
    },
  }),
};

/** events.jsonl, which tasks can write to. */
export const events: Target = {
  name: 'events',
  share: 80,
  arbitrary: lines(
    '{"type":"task.submit",',
    '{"type":"task.end",',
    '{"type":"run.begin",',
    '{"type":"run.end",',
    '{"type":"job-definition.registered",',
    '{"type":"exposure","file":"ab/cd/.command.run",',
    '{"type":"search","complete":true,',
    '"secrets":["FOO_KEY","no name"]',
    ',"gaps":[{"reason":"budget","count":1e99,"example":"x"},7]',
    '"task":"1"',
    ',"secrets":["FOO_KEY"]',
    ',"attempt":1',
    '"definition":"nf-x:3","at":"2026-01-01T00:00:00Z"',
    '"success":true',
    '"name":"x"',
    '}',
    '[',
    ']',
    'null',
  ),
  open: (ground) => ({
    run: (input) => {
      for (const line of tailed(ground, 'events.jsonl', input)) {
        let event;
        try {
          event = readEvent(line);
        } catch (error) {
          hold(error instanceof Error, 'an invalid event throws an Error');
          continue;
        }
        if (event !== undefined && 'exposure' in event) {
          hold(event.exposure.secrets.every(isSecretName), 'exposed secrets have valid names');
          hold(event.exposure.file.length <= 4096, 'paths are truncated');
        }
        if (event !== undefined && 'searched' in event)
          validate<'ExposureSearch'>('exposure-search.json', event.searched);
        if (event === undefined || !('task' in event)) continue;
        const { task } = event;
        hold([...task.secrets, ...task.exposed].every(isSecretName), "a task's secrets have valid names");
        hold(
          [task.taskId, task.name ?? '', task.hash ?? ''].every((text) => text.length <= 1000),
          'texts are truncated',
        );
      }
    },
  }),
};
