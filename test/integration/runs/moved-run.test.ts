// A run directory that is moved while its run is alive. The daemon holds a descriptor and follows it.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { getRun } from '../../../daemon/runs/records/queries.ts';
import { hold } from '../../support/held-fifo.ts';
import { overHead, placeRun, startRun, writeExit } from '../../support/placed-run.ts';

void t.test(
  'detects the start and the end of a run whose directory was moved before the start',
  async (t) => {
    const { modules, id, directory } = await placeRun(t);
    const aside = `${directory}.aside`;
    renameSync(directory, aside);
    startRun(aside);
    writeFileSync(join(aside, 'process'), JSON.stringify(overHead));
    writeFileSync(join(aside, 'events.jsonl'), '{"type":"run.begin","name":"moved"}\n');
    writeExit(aside, 3);
    const ended = await modules.runs.purge(id, { force: false, asked: true });
    t.match(ended, { state: 'purged', outcome: 'failed', exitStatus: 3, runName: 'moved' });
    t.notOk(existsSync(aside));
  },
);

void t.test('does not take a directory at the old path for the run directory', async (t) => {
  const { modules, id, directory } = await placeRun(t);
  const aside = `${directory}.aside`;
  renameSync(directory, aside);
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, 'started'), '');
  await t.rejects(modules.runs.purge(id, { force: false, asked: true }), { code: 'run-alive' });
  t.equal((await getRun(modules.ledger.db, id)).state, 'materialized');
});

void t.test('keeps a run whose directory was moved while its head is alive', async (t) => {
  const { modules, id, directory, start } = await placeRun(t);
  start();
  const head = await hold(t, join(directory, 'alive'), 'java');
  const aside = `${directory}.aside`;
  renameSync(directory, aside);
  await t.rejects(modules.runs.purge(id, { force: false, asked: true }), { code: 'run-alive' });
  t.ok(existsSync(join(aside, 'run.json')));
  writeExit(aside, 0);
  await head.kill();
  const ended = await modules.runs.purge(id, { force: false, asked: true });
  t.match(ended, { state: 'purged', outcome: 'succeeded', exitStatus: 0 });
});

void t.test('shows the process that keeps a moved run open', async (t) => {
  const { modules, id, directory, start } = await placeRun(t);
  start();
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  const left = await hold(t, join(directory, 'alive'), 'left-behind');
  await t.rejects(modules.runs.purge(id, { force: false, asked: true }), { code: 'run-alive' });
  renameSync(directory, `${directory}.aside`);
  const { leftoverProcesses } = await modules.runs.find(id);
  t.match(leftoverProcesses, [{ pid: left.identity.pid }]);
});
