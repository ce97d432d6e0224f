import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HeadJob } from '../../../daemon/contract/types.ts';
import { HeadLiveness } from '../../../daemon/runs/watch/head-liveness.ts';
import type { JobEnd } from '../../../daemon/schedulers/scheduler.ts';
import type { CachedJobStatus } from '../../../daemon/schedulers/job-status-cache.ts';

/** A head on another host, visible through its heartbeat and its scheduler. */
function faraway(directory: string): {
  life: HeadLiveness;
  pass: (ms: number) => void;
  beat: () => void;
  says: (word: CachedJobStatus | undefined) => void;
} {
  let now = 0;
  let count = 0;
  let word: CachedJobStatus | undefined;
  const jobs = { status: () => word } as never;
  return {
    life: new HeadLiveness(
      { jobStatus: jobs },
      () => directory,
      () => now,
    ),
    pass: (ms) => (now += ms),
    beat: () => {
      writeFileSync(join(directory, 'heartbeat'), `${String((count += 1))}\n`);
    },
    says: (said) => (word = said),
  };
}

const head = { host: 'elsewhere', bootId: 'other', pidNamespace: 'x', pid: 1, startTime: '1' };
const ended = (end: JobEnd): CachedJobStatus => ({ phase: 'ended', end, state: 'X', restarts: 0 });
const jobOf = (isHead: boolean): HeadJob => ({
  executor: 'slurm',
  id: '4',
  restarts: 0,
  head: isHead,
  name: isHead ? 'nf-escrow-r1' : null,
});

void t.test('a head on a lost node may be alive', async (t) => {
  const { life, pass, beat, says } = faraway(t.testdir());
  const look = () => life.of({ head, job: jobOf(true), launcher: undefined });
  beat();
  t.equal(await look(), 'unknown', 'the first count may be old');
  beat();
  t.equal(await look(), 'alive');
  says(ended('node-lost'));
  t.equal(await look(), 'alive', 'the heartbeat increases');
  pass(119_000);
  t.equal(await look(), 'alive');
  pass(2000);
  t.equal(await look(), 'ended', 'no heartbeat for two minutes');
  says(undefined);
  t.equal(await look(), 'unknown', 'no evidence');
  says({ phase: 'forgotten', end: null, state: 'FORGOTTEN', restarts: null });
  t.equal(await look(), 'ended');
  says({ phase: 'running', end: null, state: 'RUNNING', restarts: 0 });
  t.equal(await look(), 'alive');
});

void t.test(
  "the end of a head job ends the head; the end of the user's own job does not at once",
  async (t) => {
    const { life, pass, beat, says } = faraway(t.testdir());
    beat();
    await life.of({ head, job: jobOf(true), launcher: undefined });
    beat();
    says(ended('completed'));
    t.equal(await life.of({ head, job: jobOf(true), launcher: undefined }), 'ended');
    t.equal(
      await life.of({ head, job: jobOf(false), launcher: undefined }),
      'alive',
      'a process can outlive its job',
    );
    pass(121_000);
    t.equal(await life.of({ head, job: jobOf(false), launcher: undefined }), 'ended');
    says({ phase: 'running', end: null, state: 'RUNNING', restarts: 0 });
    t.equal(
      await life.of({ head, job: jobOf(false), launcher: undefined }),
      'unknown',
      'the job may continue without the head',
    );
    says({ phase: 'running', end: null, state: 'RUNNING', restarts: 1 });
    t.equal(
      await life.of({ head, job: jobOf(false), launcher: undefined }),
      'ended',
      'a restarted job has lost its processes',
    );
  },
);
