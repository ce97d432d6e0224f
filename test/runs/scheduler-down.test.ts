import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { overHead, placeRun } from './placed.ts';

const NOW = { force: false, asked: true };

void t.test('a head whose scheduler takes no cancellation is seen to end all the same', async (t) => {
  const { rooms, id, directory, start } = await placeRun(t, { job: {} });
  start();
  t.match(await rooms.runs.cancel(id), { state: 'running' });
  t.match(rooms.logged(), /its end could not be asked for/);
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeFileSync(join(directory, 'exit'), '143\n');
  t.match(await rooms.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled', exitStatus: 143 });
});

void t.test('a run that is called off ends, also where its job cannot be cancelled', async (t) => {
  const { rooms, id, directory } = await placeRun(t, { job: {} });
  const evidence = 'before its job began';
  t.match(await rooms.runs.cancel(id), { state: 'purged', outcome: 'cancelled', outcomeEvidence: evidence });
  t.notOk(existsSync(directory));
  t.match(rooms.logged(), /could not be cancelled/);
});
