import t from 'tap';
import { TurnQueue } from '../../../daemon/launch/turn-queue.ts';

void t.test('limits concurrent jobs, keeps their order, and continues after a failure', async (t) => {
  const queue = new TurnQueue(2);
  const ends: (() => void)[] = [];
  const started: number[] = [];
  const works = [0, 1, 2, 3].map((index) =>
    queue.run(async () => {
      started.push(index);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (index === 0) throw new Error('failed');
      return index;
    }),
  );
  const settled = Promise.allSettled(works);
  t.same(started, [0, 1]);
  t.equal(queue.size, 4);
  ends[0]?.();
  await t.rejects(async () => works[0], /failed/);
  t.same(started, [0, 1, 2]);
  for (const index of [1, 2]) ends[index]?.();
  await works[2];
  t.same(started, [0, 1, 2, 3]);
  ends[3]?.();
  t.equal((await settled).length, 4);
  t.equal(queue.size, 0);
});
