import t from 'tap';
import { JobStatusCache } from '../../../daemon/schedulers/job-status-cache.ts';
import type { JobStatus, Scheduler } from '../../../daemon/schedulers/scheduler.ts';

/** A scheduler that counts how often it is asked, and tells of what the test puts there. */
function counted(): {
  board: JobStatusCache;
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
    board: new JobStatusCache(
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

void t.test('what is no job id is never asked for, and keeps no other from its answer', async (t) => {
  const { board, jobs, asked } = counted();
  jobs.set('1', running('1'));
  for (const id of ['-u', '1;id', '', '1']) t.equal(board.status('slurm', id), undefined);
  await board.settled();
  t.same(asked, [['1']]);
  t.match(board.status('slurm', '1'), { phase: 'running' });
  t.equal(board.status('slurm', '-u'), undefined, 'it does not even count as forgotten');
});

void t.test('a hundred runs that look every 2 s cost one call every 15 s', async (t) => {
  const { board, jobs, asked, pass } = counted();
  const ids = Array.from({ length: 100 }, (_, index) => String(index));
  for (const id of ids) jobs.set(id, running(id));
  for (let second = 0; second < 60; second += 2) {
    for (const id of ids) board.status('slurm', id);
    await board.settled();
    pass(2000);
  }
  t.equal(asked.length, 4);
  t.ok(
    asked.every((call) => call.length === 100),
    'each for all',
  );
  t.match(board.status('slurm', '99'), { phase: 'running' });
});

void t.test(
  'one answer without a job does not make it forgotten, and no answer makes nothing of it',
  async (t) => {
    const { board, jobs, pass, down } = counted();
    const look = async (): Promise<string | undefined> => {
      board.status('slurm', '1');
      await board.settled();
      const phase = board.status('slurm', '1')?.phase;
      pass(16_000);
      return phase;
    };
    jobs.set('1', running('1'));
    t.equal(await look(), 'running');
    jobs.clear();
    t.equal(await look(), 'running', 'missing once');
    jobs.set('1', running('1'));
    t.equal(await look(), 'running', 'and there again');
    jobs.clear();
    down.is = true;
    for (let count = 0; count < 3; count += 1) await look();
    t.equal(await look(), undefined, 'what was known is too old');
    down.is = false;
    t.equal(await look(), 'running', 'missing once more: still the last word');
    t.equal(await look(), 'forgotten', 'and twice in a row');
  },
);

void t.test('names are looked for in the same turns', async (t) => {
  const { board, jobs, named, asked, pass, down } = counted();
  jobs.set('1', running('1'));
  named.set('nf-escrow-r1', ['7', '8']);
  const names = ['nf-escrow-r1', 'nf-escrow-r2'];
  const look = async (): Promise<(string | null | undefined)[]> => {
    board.status('slurm', '1');
    const found = names.map((name) => board.findByName('slurm', name));
    await board.settled();
    return found;
  };
  t.same(await look(), [undefined, undefined], 'nothing is known yet');
  for (let second = 0; second < 60; second += 2) {
    pass(2000);
    await look();
  }
  t.equal(asked.length, 4, 'one call every 15 s for all');
  t.same(new Set(asked.map(String)), new Set(['1', ...names]), 'each has its turn');
  t.same(await look(), ['8', null], 'the newest of a name, or none');
  down.is = true;
  for (let second = 0; second < 180; second += 2) {
    pass(2000);
    await look();
  }
  t.same(await look(), [undefined, undefined], 'what was known is too old');
});

void t.test('a clock that is set back keeps no answer from being asked for', async (t) => {
  const [date, elapsed] = [Date.now, performance.now.bind(performance)];
  t.teardown(() => {
    Date.now = date;
    performance.now = elapsed;
  });
  const { asked, board: other } = counted();
  const board = new JobStatusCache(() => other.scheduler('slurm'));
  board.status('slurm', '1');
  await board.settled();
  Date.now = () => date() - 24 * 3_600_000;
  performance.now = () => elapsed() + 16_000;
  board.status('slurm', '1');
  await board.settled();
  t.equal(asked.length, 2);
});
