import t from 'tap';
import { Renewals } from '../../../daemon/runs/watch/lease-renewal.ts';
import type { Removal } from '../../../daemon/stores/store.ts';
import { placeRun } from '../../support/placed-run.ts';

const HOUR_MS = 3_600_000;

void t.test(
  'an object that could not be told how long it lives is told soon, and by the next daemon',
  async (t) => {
    let ahead = 0;
    const { rooms, id } = await placeRun(t, {
      clock: () => new Date(Date.now() + ahead),
      elapsed: () => performance.now() + ahead,
    });
    const { runDirectories } = rooms.engine;
    const told: string[] = [];
    let isAway = true;
    const store: Removal = {
      kind: runDirectories.kind,
      remove: (place) => runDirectories.remove(place),
      inspect: (place) => runDirectories.inspect(place),
      look: (place) => runDirectories.look(place),
      renew: async (_place, expiresAt) => {
        if (isAway) throw new Error('away');
        told.push(expiresAt);
      },
    };
    const engine = { ...rooms.engine, stores: new Map([[store.kind, store]]) };
    const renewals = new Renewals(engine, id);
    await renewals.keep();
    ahead = 13 * HOUR_MS;
    await renewals.keep();
    t.same(told, [], 'it was away');
    isAway = false;
    await renewals.keep();
    t.same(told, [], 'not at each look');
    ahead += HOUR_MS / 6;
    await renewals.keep();
    t.equal(told.length, 1);
    const after = Date.parse(told[0] ?? '') - Date.now();
    t.ok(after > 36 * HOUR_MS && after < 38 * HOUR_MS, 'a day from its renewal');
    await renewals.keep();
    t.equal(told.length, 1, 'once');
    await new Renewals(engine, id).keep();
    t.same(told, [told[0], told[0]], 'a daemon that knows nothing of it tells it again');
  },
);
