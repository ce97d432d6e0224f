import t from 'tap';
import { retryRequest } from '../../../daemon/aws/retry.ts';
import type { Clock } from '../../../daemon/system/time/clock.ts';

/** Returns a clock that only sleeping moves forward. */
function fakeClock(): Clock {
  let passed = 0;
  return {
    now: () => passed,
    monotonic: () => passed,
    sleep: (ms) => {
      passed += ms;
      return Promise.resolve();
    },
  };
}

/** Returns the number of attempts when the first `refusals` fail with an expired signature; negative if all fail. */
async function attempts(refusals: number): Promise<number> {
  let count = 0;
  const work = (): Promise<number> =>
    (count += 1) > refusals
      ? Promise.resolve(count)
      : Promise.reject(Object.assign(new Error('Signature expired'), { name: 'RequestExpired' }));
  return retryRequest(work, { forMs: 60_000, clock: fakeClock() }).catch((error: unknown) => {
    t.match(error, { name: 'RequestExpired' });
    return -count;
  });
}

void t.test('retries three times after a clock error, then reports it', async (t) => {
  t.equal(await attempts(0), 1);
  t.equal(await attempts(1), 2);
  t.equal(await attempts(3), 4);
  t.equal(await attempts(100), -4);
});
