import t from 'tap';
import { JobStatusCache } from '../../../daemon/schedulers/job-status-cache.ts';
import type { JobStatus, Scheduler } from '../../../daemon/schedulers/scheduler.ts';

/** A scheduler that records queries and reports the jobs of the test. */
function counted(): {
  cache: JobStatusCache;
  jobs: Map<string, JobStatus>;
  named: Map<string, string[]>;
  asked: string[][];
  pass: (ms: number) => void;
  down: { is: boolean };
} {
  const jobs = new Map<string, JobStatus>();
  const named = new Map<string, string[]>();
  const asked: string[][] = [];
  const down = { is: false };
  let now = 0;
  const scheduler: Scheduler = {
    executor: 'slurm',
    submit: async () => '1',
    jobs: async (ids) => {
      asked.push([...ids]);
      if (down.is) throw new Error('down');
      return new Map([...jobs].filter(([id]) => ids.includes(id)));
    },
    find: async (name) => {
      asked.push([name]);
      if (down.is) throw new Error('down');
      return named.get(name) ?? [];
    },
    origin: async () => undefined,
    cancel: async () => undefined,
  };
  return {
    cache: new JobStatusCache(
      () => scheduler,
      () => now,
    ),
    jobs,
    named,
    asked,
    pass: (ms) => (now += ms),
    down,
  };
}

const running = (id: string): JobStatus => ({
  id,
  phase: 'running',
  end: null,
  state: 'RUNNING',
  restarts: 0,
});

void t.test('never queries invalid job ids, and still answers for valid ones', async (t) => {
  const { cache, jobs, asked } = counted();
  jobs.set('1', running('1'));
  for (const id of ['-u', '1;id', '', '1']) t.equal(cache.status('slurm', id), undefined);
  await cache.settled();
  t.same(asked, [['1']]);
  t.match(cache.status('slurm', '1'), { phase: 'running' });
  t.equal(cache.status('slurm', '-u'), undefined, 'an invalid id does not count as forgotten');
});

void t.test('a hundred runs that poll every 2 s cause one query every 15 s', async (t) => {
  const { cache, jobs, asked, pass } = counted();
  const ids = Array.from({ length: 100 }, (_, index) => String(index));
  for (const id of ids) jobs.set(id, running(id));
  for (let second = 0; second < 60; second += 2) {
    for (const id of ids) cache.status('slurm', id);
    await cache.settled();
    pass(2000);
  }
  t.equal(asked.length, 4);
  t.ok(
    asked.every((call) => call.length === 100),
    'each for all jobs',
  );
  t.match(cache.status('slurm', '99'), { phase: 'running' });
});

void t.test('a job is forgotten after two answers without it, not after failed queries', async (t) => {
  const { cache, jobs, pass, down } = counted();
  const look = async (): Promise<string | undefined> => {
    cache.status('slurm', '1');
    await cache.settled();
    const phase = cache.status('slurm', '1')?.phase;
    pass(16_000);
    return phase;
  };
  jobs.set('1', running('1'));
  t.equal(await look(), 'running');
  jobs.clear();
  t.equal(await look(), 'running', 'missing in one answer');
  jobs.set('1', running('1'));
  t.equal(await look(), 'running', 'present again');
  jobs.clear();
  down.is = true;
  for (let count = 0; count < 3; count += 1) await look();
  t.equal(await look(), undefined, 'the answer has expired');
  down.is = false;
  t.equal(await look(), 'running', 'missing in one answer after the failures');
  t.equal(await look(), 'forgotten', 'missing twice in a row');
});

void t.test('queries for names and ids alternate', async (t) => {
  const { cache, jobs, named, asked, pass, down } = counted();
  jobs.set('1', running('1'));
  named.set('nf-escrow-r1', ['7', '8']);
  const names = ['nf-escrow-r1', 'nf-escrow-r2'];
  const look = async (): Promise<(string | null | undefined)[]> => {
    cache.status('slurm', '1');
    const found = names.map((name) => cache.findByName('slurm', name));
    await cache.settled();
    return found;
  };
  t.same(await look(), [undefined, undefined], 'no answer yet');
  for (let second = 0; second < 60; second += 2) {
    pass(2000);
    await look();
  }
  t.equal(asked.length, 4, 'one query every 15 s in total');
  t.same(new Set(asked.map(String)), new Set(['1', ...names]), 'each is queried');
  t.same(await look(), ['8', null], 'the newest job of a name, or none');
  down.is = true;
  for (let second = 0; second < 180; second += 2) {
    pass(2000);
    await look();
  }
  t.same(await look(), [undefined, undefined], 'the answer has expired');
});

void t.test('queries again after the wall clock was set back', async (t) => {
  const [date, elapsed] = [Date.now, performance.now.bind(performance)];
  t.teardown(() => {
    Date.now = date;
    performance.now = elapsed;
  });
  const { asked, cache: other } = counted();
  const cache = new JobStatusCache(() => other.scheduler('slurm'));
  cache.status('slurm', '1');
  await cache.settled();
  Date.now = () => date() - 24 * 3_600_000;
  performance.now = () => elapsed() + 16_000;
  cache.status('slurm', '1');
  await cache.settled();
  t.equal(asked.length, 2);
});
