import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunRequest } from '../../daemon/contract/types.ts';
import { identifySelf } from '../../daemon/host/process-identity.ts';
import { Runs } from '../../daemon/runs/runs.ts';
import type { Removal } from '../../daemon/stores/store.ts';
import { until } from '../launcher.ts';
import { assemble } from '../rooms.ts';
import { temporaryDirectory } from '../temporary.ts';

void t.test('what cannot be reached keeps no other run from being watched', async (t) => {
  const directory = temporaryDirectory(t);
  const launch = join(directory, 'launch');
  mkdirSync(launch);
  const rooms = await assemble({
    ledger: join(directory, 'ledger.db'),
    keyFile: join(directory, 'vault.key'),
    runs: join(directory, 'runs'),
    output: join(directory, 'output'),
  });
  const request: RunRequest = {
    selection: {},
    launchDirectory: launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: identifySelf(),
  };
  const create = async (): Promise<string> => (await rooms.runs.create(request)).run?.id ?? '';
  const [halfPlaced, lives] = [await create(), await create()];
  await rooms.runs.stop();
  // As where its daemon died while it was placed, and what was placed cannot be reached now.
  const { db } = rooms.ledger;
  await db.updateTable('runs').set({ state: 'created' }).where('id', '=', halfPlaced).execute();
  const { runDirectories } = rooms.engine;
  const away: Removal = {
    kind: runDirectories.kind,
    remove: (place) =>
      place.target.endsWith(halfPlaced) ? new Promise(() => undefined) : runDirectories.remove(place),
    inspect: (place) => runDirectories.inspect(place),
    look: (place) => runDirectories.look(place),
  };
  const next = new Runs({ ...rooms.engine, stores: new Map([[away.kind, away]]) });
  t.teardown(async () => {
    await next.stop();
    await rooms.close();
  });
  await next.adopt();
  void next.recover();
  const run = join(directory, 'runs', lives);
  renameSync(join(run, 'armed'), join(run, 'started'));
  writeFileSync(join(run, 'process'), JSON.stringify({ ...identifySelf(), pid: 4_194_305, startTime: '1' }));
  writeFileSync(join(run, 'exit'), '0\n');
  await until('purged', async () => ((await next.find(lives)).state === 'purged' ? true : undefined));
  t.equal((await next.find(halfPlaced)).state, 'ended');
  t.ok(next.watching > 0, 'a daemon that has something to finish does not end as idle');
});
