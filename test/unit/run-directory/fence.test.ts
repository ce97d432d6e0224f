import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { placeRun } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };

for (const [what, hide] of [
  ['does not exist', () => undefined],
  ['is empty', (runs: string) => mkdirSync(runs, { mode: 0o700 })],
] as const)
  void t.test(`follows a run whose runs directory was moved, and its path ${what}`, async (t) => {
    const { modules, id, directory, start } = await placeRun(t);
    start();
    const held = openSync(join(directory, 'alive'), 'r+');
    t.teardown(() => closeSync(held));
    const runs = dirname(directory);
    renameSync(runs, `${runs}.away`);
    hide(runs);
    await modules.runs.cancel(id);
    t.match(await modules.runs.find(id), { state: 'running' }, 'its descriptor shows that it has started');
    rmSync(runs, { recursive: true, force: true });
    renameSync(`${runs}.away`, runs);
    t.ok(existsSync(directory));
    await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
    t.match(await modules.runs.find(id), { state: 'running' });
  });

void t.test('aborts a run whose directory was removed', async (t) => {
  const { modules, id, directory } = await placeRun(t);
  rmSync(directory, { recursive: true });
  t.match(await modules.runs.cancel(id), { state: 'purged', outcome: 'cancelled' });
});
