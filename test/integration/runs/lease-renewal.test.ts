import t from 'tap';
import { LeaseRenewal } from '../../../daemon/runs/watch/lease-renewal.ts';
import type { LeaseRemover } from '../../../daemon/stores/store.ts';
import { placeRun } from '../../support/placed-run.ts';

const HOUR_MS = 3_600_000;

void t.test(
  'an object that could not be told how long it lives is told soon, and by the next daemon',
  async (t) => {
    let ahead = 0;
    const { modules, id } = await placeRun(t, {
      clock: () => new Date(Date.now() + ahead),
      elapsed: () => performance.now() + ahead,
    });
    const { runDirectories } = modules.deps;
    const told: string[] = [];
    let isAway = true;
    const store: LeaseRemover = {
      kind: runDirectories.kind,
      remove: (place) => runDirectories.remove(place),
      inspect: (place) => runDirectories.inspect(place),
      inspectOnce: (place) => runDirectories.inspectOnce(place),
      renew: async (_place, expiresAt) => {
        if (isAway) throw new Error('away');
        told.push(expiresAt);
      },
    };
    const deps = { ...modules.deps, removers: new Map([[store.kind, store]]) };
    const renewals = new LeaseRenewal(deps, id);
    await renewals.renewIfDue();
    ahead = 13 * HOUR_MS;
    await renewals.renewIfDue();
    t.same(told, [], 'it was away');
    isAway = false;
    await renewals.renewIfDue();
    t.same(told, [], 'not at each look');
    ahead += HOUR_MS / 6;
    await renewals.renewIfDue();
    t.equal(told.length, 1);
    const after = Date.parse(told[0] ?? '') - Date.now();
    t.ok(after > 36 * HOUR_MS && after < 38 * HOUR_MS, 'a day from its renewal');
    await renewals.renewIfDue();
    t.equal(told.length, 1, 'once');
    await new LeaseRenewal(deps, id).renewIfDue();
    t.same(told, [told[0], told[0]], 'a daemon that knows nothing of it tells it again');
  },
);
