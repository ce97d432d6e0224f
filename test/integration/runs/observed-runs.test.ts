// While nobody requests a run, its progress is read once a minute. A request reads it first.
import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import type { Run, RunProgress, TaskList } from '../../../daemon/contract/types.ts';
import { WakeUps } from '../../../daemon/runs/watch/wake-ups.ts';
import { writeHold } from '../../support/environments/shell-terminal.ts';
import { hold } from '../../support/held-fifo.ts';
import { accepts } from '../../support/hostile.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test(
  'defers reading only if the end of the run wakes the daemon and nobody requests a run',
  async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'wake'), '');
    execFileSync('mkfifo', [join(directory, 'alive')]);
    const holder = await hold(t, join(directory, 'alive'), 'java');
    const load = {
      watching: 1,
      isObserved: false,
      takeTurn: (work: () => void): void => {
        work();
      },
    };
    const wakeUps = new WakeUps(
      () => directory,
      () => undefined,
      load,
    );
    t.teardown(() => wakeUps.stop());
    t.notOk(wakeUps.canDeferReading(), 'nothing is watched yet');
    wakeUps.start(() => []);
    wakeUps.waitForRelease();
    await until('the kernel reports changes', () => wakeUps.canDeferReading());
    t.ok(wakeUps.isDeferring);
    load.isObserved = true;
    t.notOk(wakeUps.canDeferReading());
    t.notOk(wakeUps.isDeferring);
    load.isObserved = false;
    t.ok(wakeUps.canDeferReading());
    await holder.kill();
    await until('the release is noticed', () => !wakeUps.canDeferReading());
  },
);

void t.test('the first request shows events that were not read before', async (t) => {
  const box = new Sandbox(t);
  const started = await accepts(t, box, ['run', '--detach', '--json', writeHold(box)]);
  const { id } = JSON.parse(started.stdout) as Run;
  const ledger = new Database(join(box.state, 'ledger.db'), { readonly: true });
  t.teardown(() => ledger.close());
  const known = ledger.prepare('SELECT log_file AS log FROM runs WHERE id = ?');
  await until('the daemon has read the log', () => (known.get(id) as { log: string | null }).log !== null);
  const lines = Array.from({ length: 100 }, (_, index) =>
    JSON.stringify({ type: 'task.submit', task: String(index), process: 'P', name: `P (${String(index)})` }),
  );
  const events = join(box.state, 'runs', id, 'events.jsonl');
  appendFileSync(events, `${lines.join('\n')}\n`);
  const { counts } = await box.json<TaskList>(['runs', 'tasks', id]);
  t.equal(counts.SUBMITTED, 100);
  appendFileSync(events, '{"type":"task.end","task":"7","status":"COMPLETED","exit":"0"}\n');
  await until('later events are read', async () => {
    const { text } = await box.http('GET', `/v1/runs/${id}/progress`);
    return (JSON.parse(text) as RunProgress).tasks.completed === 1;
  });
  writeFileSync(join(box.launch, 'go'), '');
  await accepts(t, box, ['runs', 'wait', id]);
});
