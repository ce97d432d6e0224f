import Database from 'libsql';
import { join } from 'node:path';
import t from 'tap';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const put =
  (key: string) =>
  async (
    db: Parameters<Parameters<Awaited<ReturnType<typeof openLedger>>['write']>[0]>[0],
  ): Promise<string> => {
    await db.insertInto('meta').values({ key, value: key }).execute();
    return key;
  };

void t.test('commits concurrent writes in one transaction, and keeps each of them atomic', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  const ledger = await openLedger(path);
  t.teardown(() => ledger.close());
  const reader = new Database(path);
  t.teardown(() => reader.close());
  const keys = (): string[] =>
    (reader.prepare("SELECT key FROM meta WHERE key LIKE 'k%'").all() as { key: string }[]).map(
      ({ key }) => key,
    );
  const names = Array.from({ length: 150 }, (_, index) => `k${String(index).padStart(3, '0')}`);
  let seen: string[] | undefined;
  const results = await Promise.allSettled(
    names.map(async (name, index) => {
      const answer = await ledger.write(async (db) => {
        const result = await put(name)(db);
        if (index % 10 === 3) throw new Error(`not ${name}`);
        if (index % 10 === 4) await put(names[0] ?? '')(db); // violates the primary key, so the whole write fails
        return result;
      });
      seen ??= keys(); // a resolved write is committed
      return answer;
    }),
  );
  const wanted = names.filter((_, index) => ![3, 4].includes(index % 10));
  t.ok(seen?.includes('k000'));
  t.same(keys(), wanted);
  for (const [index, result] of results.entries()) {
    if (index % 10 === 3)
      t.match(result, { status: 'rejected', reason: { message: `not ${String(names[index])}` } });
    else if (index % 10 === 4) t.equal(result.status, 'rejected');
    else t.match(result, { status: 'fulfilled', value: names[index] });
  }
  t.equal(await ledger.write(put('k999')), 'k999', 'a later write');
});

void t.test('rejects queued writes after another daemon has taken over the ledger', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  const old = await openLedger(path);
  t.teardown(() => old.close());
  let lost = 0;
  await old.claim(() => (lost += 1));
  const next = await openLedger(path);
  t.teardown(() => next.close());
  await next.claim(() => undefined);
  const results = await Promise.allSettled(['k1', 'k2', 'k3'].map((key) => old.write(put(key))));
  for (const result of results)
    t.match(result, { status: 'rejected', reason: { code: 'daemon-on-other-host' } });
  t.ok(lost > 0);
  t.same(await next.db.selectFrom('meta').select('key').where('key', 'like', 'k%').execute(), []);
});
