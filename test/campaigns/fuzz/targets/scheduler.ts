import { constantFrom, tuple } from 'fast-check';
import type { CommandResult } from '../../../../daemon/schedulers/command.ts';
import { createScheduler } from '../../../../daemon/schedulers/create-scheduler.ts';
import { isJobId } from '../../../../daemon/schedulers/job-id.ts';
import { executors } from '../../../../daemon/schedulers/registry.ts';
import type { JobOrigin, JobStatus, Scheduler } from '../../../../daemon/schedulers/scheduler.ts';
import { schedulerSamples } from '../../../support/scheduler-samples.ts';
import { hold, textOf, type Target } from '../target.ts';
import { lines } from './lines.ts';

const submission = { name: 'nf-escrow-r1', script: '/r/head', output: '/r/out', requeue: false, options: [] };
const ACTS: Readonly<Record<string, (scheduler: Scheduler) => Promise<unknown>>> = {
  submit: (scheduler) => scheduler.submit(submission),
  jobs: (scheduler) => scheduler.jobs(idsOf(scheduler)),
  find: (scheduler) => scheduler.find('nf-escrow-r1'),
  origin: (scheduler) => scheduler.origin(idsOf(scheduler)[0] ?? ''),
  cancel: (scheduler) => scheduler.cancel(idsOf(scheduler)[0] ?? ''),
};

function idsOf({ executor }: Scheduler): string[] {
  return ['1', '2', '3.pbs', ...schedulerSamples[executor].ids].filter((id) => isJobId(executor, id));
}

const head = tuple(
  constantFrom(...executors),
  constantFrom(...Object.keys(ACTS)),
  constantFrom('0', '0', '1', '255'),
).map((words) => words.join(' '));
const output = lines(
  '1',
  '2',
  '3.pbs',
  '   ',
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'NODE_FAIL',
  'Submitted',
  ';cluster',
  '<job_list state="running">',
  '<JB_job_number>',
  '</JB_job_number>',
  '<JB_name>nf-escrow-r1</JB_name>',
  '<state>r</state>',
  '</job_list>',
  '</job_info>',
  'Job Id: ',
  '    job_state = R',
  '    run_count = 2',
  '1|0|2026-01-05T10:00:00|/w',
  '1|0|2026-13-45T10:00:00|/w',
  'Job <1> is submitted to ',
  'RUN',
  'EXIT',
);
const complaint = lines(
  'slurm_load_jobs error: Invalid job id specified',
  'qstat: Unknown Job Id 1',
  'Job <1> is not found',
  'commlib error',
  'timed out',
);

/** Output of a scheduler's commands: `SCHEDULER OPERATION STATUS`, a newline, standard output, a NUL, standard error. */
export const scheduler: Target = {
  name: 'scheduler',
  share: 100,
  arbitrary: tuple(head, output, complaint).map(([first, out, err]) =>
    Buffer.concat([
      Buffer.from(`${first}\n`),
      Buffer.from(out as string),
      Buffer.from('\0'),
      Buffer.from(err as string),
    ]),
  ),
  open: ({ needle }) => ({
    run: async (input) => {
      const [first = '', rest = ''] = textOf(input, needle).split(/\n(.*)/s, 2);
      const [kind = '', act = '', status = ''] = first.split(' ');
      const [stdout = '', stderr = ''] = rest.split(/\0(.*)/s, 2);
      const answer: CommandResult = { status: Number(status) || 0, stdout, stderr };
      const executor = executors.find((name) => name === kind) ?? 'slurm';
      const found = await (
        Object.entries(ACTS).find(([name]) => name === act)?.[1] ?? ((one: Scheduler) => one.jobs(idsOf(one)))
      )(createScheduler(executor, async () => answer));
      if (typeof found === 'string') hold(isJobId(executor, found), 'a submitted job has a valid id');
      if (Array.isArray(found))
        hold(
          found.every((id) => isJobId(executor, String(id))),
          'found jobs have valid ids',
        );
      if (found instanceof Map)
        for (const { phase, end } of found.values() as Iterable<Record<keyof JobStatus, unknown>>) {
          hold(['waiting', 'running', 'ended'].includes(String(phase)), 'a job has a phase');
          hold(end === null || phase === 'ended', 'only an ended job has an end reason');
        }
      if (act === 'origin' && found !== undefined) {
        const { submittedAt } = found as JobOrigin;
        hold(submittedAt === null || Number.isFinite(submittedAt), 'a submit time is a time');
      }
    },
  }),
};
