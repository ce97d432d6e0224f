import t from 'tap';
import { concludeOutcome, type Evidence } from '../../../daemon/runs/watch/outcome.ts';

void t.test('how a run ended is concluded from what is nearest to it', async (t) => {
  const nothing: Evidence = { exitStatus: undefined, log: {}, cancelRequested: false };
  const cases: [Partial<Evidence>, string][] = [
    [{}, 'lost'],
    [{ exitStatus: 0, job: 'CANCELLED', jobIsHead: true }, 'succeeded'],
    [{ exitStatus: 3, job: 'COMPLETED', jobIsHead: true }, 'failed'],
    [{ exitStatus: 143 }, 'cancelled'],
    [{ exitStatus: 1, cancelRequested: true }, 'cancelled'],
    [{ log: { completed: true, goodbye: true }, job: 'FAILED', jobIsHead: true }, 'succeeded'],
    [{ job: 'TIMEOUT' }, 'failed'],
    [{ job: 'NODE_FAIL', jobIsHead: true }, 'failed'],
    [{ job: 'CANCELLED' }, 'cancelled'],
    // Only where the job is the head's alone does its end tell how nextflow ended.
    [{ job: 'COMPLETED', jobIsHead: true }, 'succeeded'],
    [{ job: 'COMPLETED', jobIsHead: false }, 'lost'],
    [{ job: 'FAILED', jobIsHead: true }, 'failed'],
    [{ job: 'FAILED' }, 'lost'],
    [{ job: 'DONE', jobIsHead: true }, 'succeeded'],
    [{ job: 'EXIT', jobIsHead: true }, 'failed'],
  ];
  for (const [evidence, outcome] of cases)
    t.equal(concludeOutcome({ ...nothing, ...evidence }).outcome, outcome, JSON.stringify(evidence));
});
