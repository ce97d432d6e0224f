import t from 'tap';
import { LeaseRenewal } from '../../../daemon/runs/watch/lease-renewal.ts';
import type { LeaseRemover } from '../../../daemon/stores/store.ts';
import { placeRun } from '../../support/placed-run.ts';

const HOUR_MS = 3_600_000;

void t.test('retries the renewal of an object, and repeats it after a restart of the daemon', async (t) => {
  let ahead = 0;
  const { modules, id } = await placeRun(t, {
    clock: () => new Date(Date.now() + ahead),
    elapsed: () => performance.now() + ahead,
  });
  const { runDirectories } = modules.deps;
  const renewed: string[] = [];
  let isDown = true;
  const store: LeaseRemover = {
    kind: runDirectories.kind,
    remove: (place) => runDirectories.remove(place),
    inspect: (place) => runDirectories.inspect(place),
    inspectOnce: (place) => runDirectories.inspectOnce(place),
    renew: async (_place, expiresAt) => {
      if (isDown) throw new Error('unavailable');
      renewed.push(expiresAt);
    },
  };
  const deps = { ...modules.deps, removers: new Map([[store.kind, store]]) };
  const renewals = new LeaseRenewal(deps, id);
  await renewals.renewIfDue();
  ahead = 13 * HOUR_MS;
  await renewals.renewIfDue();
  t.same(renewed, [], 'the store is unavailable');
  isDown = false;
  await renewals.renewIfDue();
  t.same(renewed, [], 'no retry at each poll');
  ahead += HOUR_MS / 6;
  await renewals.renewIfDue();
  t.equal(renewed.length, 1);
  const after = Date.parse(renewed[0] ?? '') - Date.now();
  t.ok(after > 36 * HOUR_MS && after < 38 * HOUR_MS, 'a day after its renewal');
  await renewals.renewIfDue();
  t.equal(renewed.length, 1, 'once');
  await new LeaseRenewal(deps, id).renewIfDue();
  t.same(renewed, [renewed[0], renewed[0]], 'another daemon repeats it');
});
