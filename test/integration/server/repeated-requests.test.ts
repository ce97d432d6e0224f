// Requests with the same idempotency key at several replicas.
import { join } from 'node:path';
import t from 'tap';
import { IdempotentRequests } from '../../../daemon/api/routing/idempotent-requests.ts';
import { recordReply } from '../../../daemon/ledger/idempotency.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { onEachLedger, openInPostgres } from '../../support/each-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { openTestLedger } from '../../support/test-ledger.ts';

const request = { principal: 'ada', route: 'POST /v1/workspaces', key: 'k', fingerprint: 'f' };

void t.test('two replicas that receive a new key at once carry the request out once', async (t) => {
  const { url, ledger } = (await openInPostgres(t)) ?? {};
  if (url === undefined || ledger === undefined) return;
  const other = await openPostgresLedger(url, { connections: 3 });
  t.teardown(() => other.close());
  const arrived: (() => void)[] = [];
  /** Continues when both transactions have begun. */
  const meet = async (): Promise<void> => {
    if (arrived.length >= 2) return; // a transaction that runs again
    await new Promise<void>((resolve) => {
      arrived.push(resolve);
      if (arrived.length === 2) for (const go of arrived) go();
    });
  };
  const answers = await Promise.all(
    [ledger, other].map((replica, index) => {
      const requests = new IdempotentRequests(replica, () => Buffer.alloc(32));
      const reply = { replica: index };
      return requests.run(
        { ...request, remember: (db, wanted) => recordReply(db, request, wanted) },
        async () => {
          await replica.write(async (db) => {
            await record(db, { type: 'test.created', by: 'ada' });
            await meet();
            await recordReply(db, request, reply);
          });
          return reply;
        },
        (remembered) => Promise.resolve(remembered as typeof reply),
      );
    }),
  );
  t.same(answers[0], answers[1], 'the second answers with the first result');
  const effects = await ledger.db
    .selectFrom('journal')
    .select('seq')
    .where('type', '=', 'test.created')
    .execute();
  t.equal(effects.length, 1);
});

onEachLedger('returns the error of a request that fails after its effect is recorded', async (t) => {
  const ledger = await openTestLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  const requests = new IdempotentRequests(ledger, () => Buffer.alloc(32));
  const wanted = { ...request, remember: () => Promise.resolve() };
  const first = async (): Promise<string> => {
    await ledger.write((db) => recordReply(db, request, 'recorded'));
    throw new Error('the delivery failed');
  };
  const repeat = (reply: unknown): Promise<string> => Promise.resolve(String(reply));
  await t.rejects(requests.run(wanted, first, repeat), { message: 'the delivery failed' });
  t.equal(await requests.run(wanted, first, repeat), 'recorded', 'a repetition gets what was recorded');
});
