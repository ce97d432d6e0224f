import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  IdempotentRequests,
  type IdempotentRequest,
} from '../../../daemon/api/routing/idempotent-requests.ts';
import { recordReply } from '../../../daemon/ledger/idempotency.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { placesIn } from '../../support/daemon-modules.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

onEachLedger('handles requests with the same key one after the other, and others concurrently', async (t) => {
  const ledger = await openTestLedger(placesIn(temporaryDirectory(t)).ledger);
  t.teardown(() => ledger.close());
  const requests = new IdempotentRequests(ledger, () => Buffer.alloc(32));
  const requestOf = (key: string): IdempotentRequest => {
    const request = { principal: 'ada', route: 'POST /v1/runs', key, fingerprint: 'f' };
    return { ...request, remember: (db, reply) => recordReply(db, request, reply) };
  };
  const effects: string[] = [];
  const send = (key: string): Promise<unknown> => {
    const request = requestOf(key);
    return requests.run(
      request,
      async () => {
        await nextTurn(); // like the real handler while it makes a plan
        await ledger.write((db) => request.remember(db, key));
        effects.push(key);
        return key;
      },
      (remembered) => Promise.resolve(remembered),
    );
  };
  t.same(await Promise.all(['a', 'a', 'b', 'a', 'b'].map(send)), ['a', 'a', 'b', 'a', 'b']);
  t.same(effects.sort(), ['a', 'b']);
});

onEachLedger('repeats a request that had failed', async (t) => {
  const ledger = await openTestLedger(placesIn(temporaryDirectory(t)).ledger);
  t.teardown(() => ledger.close());
  const requests = new IdempotentRequests(ledger, () => Buffer.alloc(32));
  const request = { principal: 'ada', route: 'POST /v1/runs', key: 'k', fingerprint: 'f' };
  const remember: IdempotentRequest['remember'] = (db, reply) => recordReply(db, request, reply);
  const run = (first: () => Promise<string>): Promise<string> =>
    requests.run({ ...request, remember }, first, (remembered) => Promise.resolve(String(remembered)));
  await t.rejects(
    run(() =>
      ledger.write(async (db) => {
        await remember(db, 'first');
        throw new Error('the effect fails');
      }),
    ),
    /the effect fails/,
  );
  t.equal(await run(() => Promise.resolve('second')), 'second', 'the record is rolled back with its effect');
});
