import t from 'tap';
import { retry } from '../../../daemon/aws/retry.ts';
import type { Clock } from '../../../daemon/system/time/clock.ts';

/** Time that passes by sleeping alone. */
function paceOf(): Clock {
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

/** What is refused so often, as signed at a wrong time, and how often it was tried. */
async function tries(refusals: number): Promise<number> {
  let count = 0;
  const work = (): Promise<number> =>
    (count += 1) > refusals
      ? Promise.resolve(count)
      : Promise.reject(Object.assign(new Error('Signature expired'), { name: 'RequestExpired' }));
  return retry(work, { forMs: 60_000, clock: paceOf() }).catch((error: unknown) => {
    t.match(error, { name: 'RequestExpired' });
    return -count;
  });
}

void t.test('a clock that is set again and again is put right again, and a wrong one is told', async (t) => {
  t.equal(await tries(0), 1);
  t.equal(await tries(1), 2);
  t.equal(await tries(3), 4);
  t.equal(await tries(100), -4);
});
