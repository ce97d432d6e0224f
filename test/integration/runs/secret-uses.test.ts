import t from 'tap';
import { userScope } from '../../../daemon/access/scopes.ts';
import { listSecretUses, SecretUses } from '../../../daemon/runs/records/secret-uses.ts';
import { DeliveredRun } from '../../support/delivered-run.ts';

void t.test('bounds the processes that a task can make up', async (t) => {
  const run = await DeliveredRun.place(t);
  const { ledger, deps } = run.modules;
  const scope = await userScope(ledger.db, deps.user);
  const uses = new SecretUses(run.id);
  const made = (from: number): string[] =>
    Array.from({ length: 3000 }, (_, index) => `P${String(from + index)}`);
  const at = new Date(0).toISOString();
  await ledger.write((db) => uses.recordProcesses(db, 'FOO_KEY', ['n'.repeat(100_000), ''], at));
  for (let from = 0; from < 15_000; from += 3000)
    await ledger.write((db) => uses.recordProcesses(db, 'FOO_KEY', made(from), at));
  await ledger.write((db) => new SecretUses(run.id).recordProcesses(db, 'BAR_KEY', made(0), at));
  const { count } = await ledger.db
    .selectFrom('secret_uses')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  t.equal(count, 10_000);
  const { uses: listed } = await listSecretUses(ledger.db, scope, 'FOO_KEY', { limit: 1000 });
  t.equal(listed[0]?.process, null, 'the delivery is not a process');
  t.equal(Math.max(...listed.map(({ process }) => process?.length ?? 0)), 5, 'first page');
  const { longest } = await ledger.db
    .selectFrom('secret_uses')
    .select(({ fn }) => fn.max<number>((length) => length.fn('length', ['process'])).as('longest'))
    .executeTakeFirstOrThrow();
  t.equal(longest, 500);
});
