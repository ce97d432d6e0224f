import t from 'tap';
import { SustainedLoad } from '../../../daemon/system/processes/sustained-load.ts';

/** Returns how many samples it took until the load was reported, or undefined if it never was. */
async function samplesUntilLoad(utilizations: readonly number[]): Promise<number | undefined> {
  let taken = 0;
  return new Promise((resolve) => {
    const load = new SustainedLoad(
      () => {
        resolve(taken);
      },
      {
        sampleMs: 1,
        measure: (since) => {
          if (since === undefined) return { idle: 0, active: 0, utilization: 0 };
          const utilization = utilizations[taken];
          taken += 1;
          if (utilization === undefined) {
            load.stop();
            resolve(undefined);
          }
          return { idle: 0, active: 0, utilization: utilization ?? 0 };
        },
      },
    );
    load.start();
    const keepAlive = setInterval(() => undefined, 1000);
    t.teardown(() => {
      clearInterval(keepAlive);
    });
  });
}

void t.test('reports an event loop that is busy in three samples in a row', async (t) => {
  t.equal(await samplesUntilLoad([0.1, 0.9, 0.9, 0.9]), 4);
  t.equal(await samplesUntilLoad([0.9, 0.9, 0.2, 0.9, 0.1, 0.9, 0.26, 0.26]), 8);
});

void t.test('ignores short and moderate load', async (t) => {
  t.equal(await samplesUntilLoad([0.9, 0.9, 0.1, 0.9, 0.9]), undefined);
  t.equal(await samplesUntilLoad([0.2, 0.25, 0.2, 0.25]), undefined);
});

void t.test('measures the event loop of this process', { timeout: 60_000 }, async (t) => {
  // Each turn of the event loop is busy for 20 ms.
  const work = setInterval(() => {
    const end = performance.now() + 20;
    while (performance.now() < end);
  }, 1);
  await new Promise<void>((resolve) => {
    const load = new SustainedLoad(resolve);
    load.start();
  });
  clearInterval(work);
  t.pass('the load is reported');
});
