import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { identifySelf } from '../../daemon/host/process-identity.ts';
import { Renewals } from '../../daemon/runs/renew.ts';
import type { Removal } from '../../daemon/stores/store.ts';
import { assemble } from '../rooms.ts';
import { temporaryDirectory } from '../temporary.ts';

const HOUR_MS = 3_600_000;

void t.test(
  'an object that could not be told how long it lives is told soon, and by the next daemon',
  async (t) => {
    const directory = temporaryDirectory(t);
    const launch = join(directory, 'launch');
    mkdirSync(launch);
    let ahead = 0;
    const rooms = await assemble(
      {
        ledger: join(directory, 'ledger.db'),
        keyFile: join(directory, 'vault.key'),
        runs: join(directory, 'runs'),
        output: join(directory, 'output'),
      },
      undefined,
      { clock: () => new Date(Date.now() + ahead), elapsed: () => performance.now() + ahead },
    );
    t.teardown(rooms.close);
    const { run } = await rooms.runs.create({
      selection: {},
      launchDirectory: launch,
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      localStore: null,
      launcher: identifySelf(),
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
    const renewals = new Renewals(engine, run?.id ?? '');
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
    await new Renewals(engine, run?.id ?? '').keep();
    t.same(told, [told[0], told[0]], 'a daemon that knows nothing of it tells it again');
  },
);
