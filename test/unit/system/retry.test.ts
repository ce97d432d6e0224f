import fc from 'fast-check';
import t from 'tap';
import { Backoff } from '../../../daemon/system/time/backoff.ts';
import { systemClock, type Clock } from '../../../daemon/system/time/clock.ts';
import { poll, retry } from '../../../daemon/system/time/retry.ts';

/** Returns a clock that only sleeping moves forward, and its pauses. */
function fakeClock(): { clock: Clock; pauses: number[] } {
  const pauses: number[] = [];
  const passed = (): number => pauses.reduce((sum, one) => sum + one, 0);
  const sleep = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  return { clock: { now: passed, monotonic: passed, sleep }, pauses };
}

/** Returns work that fails `failures` times, and the number of its calls. */
function failing(failures: number): { work: () => Promise<string>; calls: () => number } {
  let count = 0;
  const work = (): Promise<string> =>
    (count += 1) <= failures
      ? Promise.reject(new Error(`failure ${String(count)}`))
      : Promise.resolve('done');
  return { work, calls: () => count };
}

const always = (): boolean => true;
const PAUSES = { first: 100, longest: 1000 };

void t.test('doubles the pauses up to the longest, with jitter', (t) => {
  const first = new Set<number>();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e4 }), fc.integer({ min: 1, max: 1e6 }), (one, more) => {
      const pauses = { first: one, longest: one + more };
      const backoff = new Backoff(pauses);
      for (let attempt = 0; attempt < 30; attempt += 1) {
        const bound = Math.min(one * 2 ** attempt, pauses.longest);
        const pause = backoff.next();
        t.ok(pause >= bound / 2 && pause <= bound, `attempt ${String(attempt)}: ${String(pause)}`);
      }
      backoff.reset();
      const again = backoff.next();
      t.ok(again <= one);
      first.add(again / one);
    }),
    { numRuns: 30 },
  );
  t.ok(first.size > 1, 'the pauses differ');
  t.end();
});

void t.test('retries until success', async (t) => {
  const { clock, pauses } = fakeClock();
  const { work, calls } = failing(6);
  t.equal(await retry(work, always, { pauses: PAUSES, forMs: 60_000, clock }), 'done');
  t.equal(calls(), 7);
  t.equal(pauses.length, 6);
  t.ok((pauses[5] ?? 0) >= 500, String(pauses));
});

void t.test('throws the last error at the time limit, without a pause that exceeds it', async (t) => {
  const { clock, pauses } = fakeClock();
  const { work, calls } = failing(Infinity);
  await t.rejects(retry(work, always, { pauses: PAUSES, forMs: 5000, clock }), {
    message: /^failure (?:[7-9]|1\d)$/,
  });
  t.ok(clock.monotonic() <= 5000, String(pauses));
  t.ok(clock.monotonic() > 5000 - PAUSES.longest, String(pauses));
  t.equal(calls(), pauses.length + 1);
});

void t.test('does not retry an error that is not retryable', async (t) => {
  const { clock, pauses } = fakeClock();
  const { work } = failing(3);
  const isRetryable = (error: unknown): boolean => (error as Error).message !== 'failure 2';
  await t.rejects(retry(work, isRetryable, { pauses: PAUSES, forMs: 60_000, clock }), {
    message: 'failure 2',
  });
  t.equal(pauses.length, 1);
});

void t.test('an abort ends the pause and throws the last error', async (t) => {
  const pauses = { first: 3_600_000, longest: 3_600_000 };
  const aborting = new AbortController();
  const { work, calls } = failing(Infinity);
  const repetition = { pauses, forMs: Infinity, clock: systemClock, signal: aborting.signal };
  const ended = retry(work, always, repetition);
  setImmediate(() => {
    aborting.abort();
  });
  await t.rejects(ended, { message: 'failure 1' });
  await t.rejects(retry(work, always, repetition), { message: 'failure 2' }, 'one attempt after an abort');
  t.equal(calls(), 2);
});

void t.test(
  'polls until a result is accepted, or returns the last one at the limit or an abort',
  async (t) => {
    const look = (): (() => Promise<number>) => {
      let count = 0;
      return () => Promise.resolve((count += 1));
    };
    const from = { pauses: PAUSES, forMs: 5000 };
    t.equal(await poll(look(), (count) => count === 4, { ...from, clock: fakeClock().clock }), 4);
    t.ok((await poll(look(), () => false, { ...from, clock: fakeClock().clock })) > 5);
    t.equal(await poll(look(), () => false, { ...from, clock: systemClock, signal: AbortSignal.abort() }), 1);
    await t.rejects(
      poll(() => Promise.reject(new Error('broken')), always, { ...from, clock: fakeClock().clock }),
      { message: 'broken' },
      'a failed look is no result',
    );
  },
);
