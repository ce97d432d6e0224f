import { randomUUID } from 'node:crypto';
import t from 'tap';
import {
  placeLeases,
  recordLeases,
  type PlannedLease,
} from '../../../daemon/runs/materialize/planned-leases.ts';
import { leasesOf } from '../../../daemon/runs/records/queries.ts';
import { moveLease } from '../../../daemon/runs/records/states.ts';
import { placeRun } from '../../support/placed-run.ts';

void t.test('sends a request only while its lease is intended', async (t) => {
  const { modules, id } = await placeRun(t);
  const { deps, ledger } = modules;
  const times: (string | null)[] = [];
  const lease = {
    id: randomUUID(),
    run_id: id,
    store: 'test',
    target: `target-${id}`,
    locator: null,
    expires_at: new Date().toISOString(),
  };
  const sentAt = async (): Promise<string | null> =>
    (await leasesOf(ledger.db, id)).find((row) => row.id === lease.id)?.sent_at ?? null;
  const object: PlannedLease = {
    lease,
    place: async (_references, noteSent) => {
      await noteSent(1000);
      times.push(await sentAt());
      // Another process aborts the run, as the daemon of another host would.
      await ledger.write((db) => moveLease(db, lease, 'removing'));
      await t.rejects(noteSent(2000), {
        code: 'state-conflict',
        message: /removal of its secrets has begun/,
      });
      times.push(await sentAt());
      await noteSent(null);
      throw new Error('not placed');
    },
  };
  await ledger.write((db) => recordLeases(deps, db, [object]));
  await t.rejects(placeLeases(deps, [object]), { message: 'not placed' });
  t.same(
    times,
    ['1970-01-01T00:00:01.000Z', '1970-01-01T00:00:01.000Z'],
    'the first request is still pending',
  );
});
