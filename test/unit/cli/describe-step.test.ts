import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { JournalEvent, RunProgress } from '../../../daemon/contract/types.ts';
import { describeProgress } from '../../../daemon/cli/commands/runs/describe-progress.ts';
import { describeStep } from '../../../daemon/cli/commands/runs/describe-step.ts';
import { leaseMoves, runMoves } from '../../../daemon/runs/records/states.ts';
import { root } from '../../support/sandbox.ts';

const step = (type: string, data: JournalEvent['data'] = {}, by: string | null = null): string =>
  describeStep({ seq: 1, run: 'r1', at: '2026-01-05T10:00:00.000Z', type, data, by });

/** Returns the types of events that the sources record for a run. */
function recordedTypes(): string[] {
  const sources = readdirSync(join(root, 'daemon/runs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'daemon/runs', name), 'utf8'));
  const literal = /\b(?:type: |TYPE = )'((?:run|lease)\.[a-z-]+)'/g;
  const moved = [
    ...Object.values(runMoves)
      .flat()
      .map((state) => `run.${state}`),
    ...Object.values(leaseMoves)
      .flat()
      .map((state) => `lease.${state}`),
  ];
  return [
    ...new Set([
      ...sources.flatMap((text) => [...text.matchAll(literal)].map(([, type = '']) => type)),
      ...moved,
    ]),
  ];
}

void t.test('describes every event that a run can have, in words', async (t) => {
  const types = recordedTypes();
  for (const known of ['run.created', 'run.examined', 'lease.removal-failed', 'lease.gone'])
    t.ok(types.includes(known), `finds ${known} in the sources`);
  for (const type of types) {
    t.notMatch(step(type), /^(?:run|lease)\./, type);
    t.notMatch(step(type), /undefined|null|NaN/, type);
  }
  t.equal(step('run.new-in-a-later-version'), 'run.new-in-a-later-version');
  t.equal(step('constructor'), 'constructor');
});

void t.test('names what a step is about', async (t) => {
  t.equal(step('run.created', { secrets: [{}, {}] }), 'Planned the run with 2 secrets');
  t.equal(step('run.cancel-requested', {}, 'ann'), 'Cancellation requested by ann');
  t.equal(
    step('run.ended', { outcome: 'failed', evidence: 'exit status 5' }),
    'Nextflow ended: failed (exit status 5)',
  );
  t.equal(step('run.head-job', { executor: 'slurm', id: '4711' }), 'Nextflow is slurm job 4711');
  t.equal(
    step('lease.removal-failed', { target: '/runs/r1', reason: 'EPERM' }),
    'Could not remove /runs/r1, will retry: EPERM',
  );
  t.equal(step('run.created', { secrets: 'forged' }), 'Planned the run with 0 secrets');
});

void t.test('describes the progress in one line', async (t) => {
  const none = { waiting: 0, running: 0, completed: 0, cached: 0, failed: 0, aborted: 0 };
  const startedAt = '2026-01-05T10:00:00.000Z';
  const at = (seconds: number, progress: Partial<RunProgress>): string =>
    describeProgress(
      { state: 'running', startedAt, tasks: none, processes: [], hasMoreProcesses: false, ...progress },
      Date.parse(startedAt) + seconds * 1000,
    );
  t.equal(at(0, { state: 'created', startedAt: null }), 'Delivering secrets');
  t.equal(at(0, { state: 'materialized', startedAt: null }), 'Waiting for Nextflow to start');
  t.equal(at(5, {}), 'Running for 5 s');
  t.equal(at(-5, {}), 'Running for 0 s', 'a clock that was set back');
  t.equal(
    at(65, { tasks: { ...none, completed: 16, cached: 2, running: 3, failed: 1 } }),
    'Running for 1 min 5 s; tasks: 18 done, 3 running, 1 failed',
  );
  t.equal(at(7325, { tasks: { ...none, waiting: 4 } }), 'Running for 2 h 2 min; tasks: 4 waiting');
  t.equal(at(9, { state: 'ended' }), 'Removing secrets');
});
