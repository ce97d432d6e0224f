// Measures complete runs on AWS: number of calls and duration of the removal. NF_ESCROW_TEST_RUNS sets the number of runs.
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { awsWaits } from '../../../daemon/stores/aws/waits.ts';
import { runsOnBatch, type RunsOnBatch } from '../../support/aws/aws-runs.ts';
import { settingsFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until } from '../../support/sandbox.ts';
import { startShim } from '../../support/start-shim.ts';

const RUNS = Number(process.env['NF_ESCROW_TEST_RUNS'] ?? 12);
const AT_ONCE = 4;
const LAUNCHES = 100;

/** Runs a script until the run is purged. Returns the seconds from its end until its absence is verified. */
async function runThrough({ runs, request, launchDirectory }: RunsOnBatch, script: string): Promise<number> {
  const { run, start } = await runs.create(request(script));
  if (run === undefined || start === undefined) throw new Error('the run was not created');
  const child = startShim(start, launchDirectory);
  await once(child, 'exit');
  const { endedAt, purgedAt } = await until('purged', async () => {
    const found = await runs.find(run.id);
    return found.state === 'purged' ? found : undefined;
  });
  return (Date.parse(purgedAt ?? '') - Date.parse(endedAt ?? '')) / 1000;
}

withAws('a run needs the same calls for 1, 10 and 100 secrets', async (t, aws) => {
  const counts: Record<string, number>[] = [];
  for (const count of [1, 10, 100]) {
    const names = Array.from({ length: count }, (_, index) => `K_${String(index)}`);
    const secrets = Object.fromEntries(names.map((name) => [name, randomBytes(30).toString('hex')]));
    const daemon = await runsOnBatch(t, settingsFor(aws), { secrets });
    aws.calls.length = 0;
    await runThrough(daemon, 'true');
    counts.push(aws.counts);
    t.comment(`${String(count)} secrets: ${JSON.stringify(aws.counts)}`);
  }
  const [one, ...others] = counts;
  t.match(one, { 'secretsmanager:CreateSecret': 1, 'secretsmanager:DeleteSecret': 1 });
  for (const other of others) t.same(other, one);
});

withAws('verifies absence within 30 s of the end of a run, with realistic delays', async (t, aws) => {
  const daemon = await runsOnBatch(t, settingsFor(aws), { waits: awsWaits });
  const seconds: number[] = [];
  Object.assign(aws.rules, { latencyMs: 50, blindMs: 300 });
  let left = RUNS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      aws.rules.deletionMs = randomInt(200, 3000); // duration of the next deletion
      seconds.push(await runThrough(daemon, 'true'));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  seconds.sort((a, b) => a - b);
  const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
  t.comment(
    `${String(seconds.length)} runs, ${String(AT_ONCE)} at once: median ${median.toFixed(1)} s, longest ${(seconds.at(-1) ?? 0).toFixed(1)} s`,
  );
  await aws.quiet();
  t.same(await aws.secrets(), []);
  t.ok((seconds.at(-1) ?? 0) < 30, 'the slowest removal');
});

withAws(
  'creates the secrets of 100 simultaneous launches under a quota of 50 requests per second',
  async (t, aws) => {
    const { runs, request } = await runsOnBatch(t, settingsFor(aws), { waits: awsWaits });
    aws.rules.perSecond = 50;
    aws.calls.length = 0;
    const began = performance.now();
    const placed = await Promise.all(
      Array.from({ length: LAUNCHES }, async () => {
        const { run } = await runs.create(request('true'));
        return { id: run?.id ?? '', after: (performance.now() - began) / 1000 };
      }),
    );
    const seconds = placed.map(({ after }) => after).sort((a, b) => a - b);
    t.comment(
      `${String(LAUNCHES)} simultaneous launches: half created after ${(seconds[LAUNCHES / 2] ?? 0).toFixed(1)} s, all after ${(seconds.at(-1) ?? 0).toFixed(1)} s; ${JSON.stringify(aws.counts)}`,
    );
    const names = (await aws.secrets()).map((name) => name.split('/').at(-1));
    t.same(names.sort(), placed.map(({ id }) => id).sort());
  },
);
