import t from 'tap';
import { concludeOutcome, type Evidence } from '../../../daemon/runs/watch/outcome.ts';
import { readLogLine, type LogFacts } from '../../../daemon/nextflow/logs/log.ts';
import type { JobEnd } from '../../../daemon/schedulers/scheduler.ts';

void t.test('decides the outcome by the evidence closest to the head', async (t) => {
  const nothing: Evidence = { exitStatus: undefined, log: {}, cancelRequested: false };
  const job = (end: JobEnd | null): Evidence['job'] => ({ end, state: 'WORD' });
  const cases: [Partial<Evidence>, string][] = [
    [{}, 'lost'],
    [{ exitStatus: 0, job: job('cancelled'), jobIsHead: true }, 'succeeded'],
    [{ exitStatus: 3, job: job('completed'), jobIsHead: true }, 'failed'],
    [{ exitStatus: 143 }, 'cancelled'],
    [{ exitStatus: 1, cancelRequested: true }, 'cancelled'],
    [{ log: { completed: true, goodbye: true }, job: job('failed'), jobIsHead: true }, 'failed'],
    [{ end: { success: true, error: undefined }, job: job('failed'), jobIsHead: true }, 'succeeded'],
    [{ job: job('terminated') }, 'failed'],
    [{ job: job('terminated'), jobIsHead: true }, 'failed'],
    [{ job: job('node-lost') }, 'failed'],
    [{ job: job('node-lost'), jobIsHead: true }, 'failed'],
    [{ job: job('cancelled') }, 'cancelled'],
    [{ job: job('cancelled'), jobIsHead: true }, 'cancelled'],
    // Only the end of a head job shows how nextflow ended.
    [{ job: job('completed'), jobIsHead: true }, 'succeeded'],
    [{ job: job('completed'), jobIsHead: false }, 'lost'],
    [{ job: job('failed'), jobIsHead: true }, 'failed'],
    [{ job: job('failed') }, 'lost'],
    [{ job: job(null), jobIsHead: true }, 'lost'],
  ];
  for (const [evidence, outcome] of cases)
    t.equal(concludeOutcome({ ...nothing, ...evidence }).outcome, outcome, JSON.stringify(evidence));
});

void t.test("the evidence contains the reason and the scheduler's state name", async (t) => {
  const evidence = { exitStatus: undefined, log: {}, cancelRequested: false };
  t.equal(
    concludeOutcome({ ...evidence, job: { end: 'terminated', state: 'OUT_OF_MEMORY' } }).evidence,
    'no exit status; job: terminated by the scheduler (OUT_OF_MEMORY)',
  );
});

void t.test('quotes the log, escaped and truncated, without effect on the outcome', async (t) => {
  const forged: Evidence['log'][] = [
    { completed: true, goodbye: true },
    { abortCause: 'SIGTERM' },
    { abortCause: 'SIGINT', completed: true, goodbye: true },
  ];
  const facts: Omit<Evidence, 'log'>[] = [0, 1, 137, undefined].flatMap((exitStatus) =>
    [true, false].flatMap((cancelRequested) => [
      { exitStatus, cancelRequested },
      { exitStatus, cancelRequested, end: { success: false, error: 'x' } },
      { exitStatus, cancelRequested, job: { end: 'failed', state: 'FAILED' } as const, jobIsHead: true },
    ]),
  );
  for (const fact of facts)
    for (const log of forged)
      t.equal(concludeOutcome({ ...fact, log }).outcome, concludeOutcome({ ...fact, log: {} }).outcome);
  const facet: LogFacts = {};
  readLogLine(
    facet,
    `Nov-23 12:00:00.000 [main] DEBUG nextflow.Session - Session aborted -- Cause: \u001b[2J${'x'.repeat(90_000)}`,
  );
  const { evidence } = concludeOutcome({ exitStatus: 1, cancelRequested: false, log: facet });
  t.match(evidence, /^exit status 1; the log says: session aborted, cause: "\\u001b\[2Jx+"$/);
  t.ok(evidence.length < 400);
});
