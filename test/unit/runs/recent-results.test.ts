import t from 'tap';
import { RecentResults } from '../../../daemon/runs/records/recent-results.ts';

void t.test('shares a result until the next commit or for 200 ms', async (t) => {
  const [state, reads] = [{ commits: 1, now: 1000 }, [] as string[]];
  const results = new RecentResults<number>(
    () => state.commits,
    () => state.now,
  );
  const get = (key: string): Promise<number> => results.get(key, () => Promise.resolve(reads.push(key)));
  t.same(await Promise.all([get('a'), get('a'), get('b')]), [1, 1, 2]);
  state.now += 199;
  t.same(await Promise.all([get('a'), get('b')]), [1, 2]);
  state.commits += 1;
  t.equal(await get('a'), 3, 'after a commit');
  t.equal(await get('a'), 3);
  state.now += 200;
  t.equal(await get('a'), 4, 'after 200 ms');
});

void t.test('keeps a bounded number of results', async (t) => {
  const results = new RecentResults<object>(
    () => 1,
    () => 1,
  );
  let reads = 0;
  const get = (key: number): Promise<object> =>
    results.get(String(key), () => {
      reads += 1;
      return Promise.resolve({});
    });
  for (let key = 0; key < 100; key += 1) await get(key);
  t.equal(reads, 100);
  await get(0);
  t.equal(reads, 101, 'the first result was dropped');
  await get(0);
  t.equal(reads, 101);
});
