import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { program } from '../../support/doctor-context.ts';
import { until, type Sandbox } from '../../support/sandbox.ts';
import { expectNothingLeft, newest, newValue, onSlurm, runIs } from '../../support/on-slurm.ts';
import { realSlurm } from '../../support/slurm.ts';

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.1; done';
const release = (box: Sandbox): void => {
  writeFileSync(join(box.launch, 'go'), '');
};
const began = (box: Sandbox): Promise<unknown> =>
  until('the task runs', () => existsSync(join(box.launch, 'here')));

void t.test('runs live through what happens to a real Slurm', async (t) => {
  const slurm = await realSlurm(t);
  if (slurm === undefined) return;

  await t.test('a controller that is restarted, and a daemon that is killed meanwhile', async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    await box.escrow(['run', '--detach', HOLD]);
    await began(box);
    await slurm.stopController();
    process.kill((await box.daemonPid()) ?? 0, 'SIGKILL');
    t.equal((await newest(box))?.state, 'running', 'another daemon asks nobody, and it may be alive');
    t.equal((await box.escrow(['runs', 'purge', (await newest(box))?.id ?? ''])).status, 75);
    const refused = await box.escrow(['run', 'exit 0']);
    t.equal(refused.status, 69, 'what is new cannot be submitted');
    t.match(refused.stderr, /sbatch/);
    slurm.startController();
    await slurm.ready();
    release(box);
    const ended = await until('it is purged', async () => {
      const { runs } = await box.json<{ runs: { state: string; outcome: string }[] }>(['runs', 'list']);
      return runs.every(({ state }) => state === 'purged') ? runs : undefined;
    });
    t.match(ended, [{ outcome: 'aborted' }, { outcome: 'succeeded' }]);
    await expectNothingLeft(t, box, value);
  });

  await t.test('nodes that are drained: one that waits does so, one that runs goes on', async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    await box.escrow(['run', '--detach', HOLD]);
    await began(box);
    const drain = ['update', `NodeName=${slurm.nodes.join(',')}`, 'State=DRAIN', 'Reason=test'];
    await slurm.run('scontrol', drain);
    await box.escrow(['run', '--detach', 'exit 4']);
    const waiting = await newest(box);
    await slurm.jobIs(waiting?.headJob?.id ?? '', 'PENDING');
    await sleep(3000);
    t.match(await newest(box), { id: waiting?.id, state: 'materialized' });
    release(box);
    await until('the first one is over', async () => {
      const { runs } = await box.json<{ runs: { state: string; outcome: string }[] }>(['runs', 'list']);
      return runs[1]?.state === 'purged' && runs[1].outcome === 'succeeded' ? true : undefined;
    });
    await slurm.run('scontrol', ['update', `NodeName=${slurm.nodes.join(',')}`, 'State=RESUME']);
    t.match(await expectNothingLeft(t, box, value), { outcome: 'failed', exitStatus: 4 });
  });

  await t.test('a node that is lost with all that ran on it', async (t) => {
    if (process.env['NF_ESCROW_TEST_SLOW'] === undefined)
      return t.pass('skipped', { skip: 'it takes three minutes: set NF_ESCROW_TEST_SLOW' });
    const value = newValue();
    const box = await onSlurm(t, slurm, value, '--nodelist=node2');
    await box.escrow(['run', '--detach', HOLD]);
    await began(box);
    const run = await runIs(box, 'running');
    await slurm.crashNode('node2');
    await slurm.jobIs(run.headJob?.id ?? '', 'NODE_FAIL');
    t.equal((await newest(box))?.state, 'running', 'its last sign of life is not two minutes old');
    slurm.startNode('node2');
    for (let minute = 0; minute < 4 && (await newest(box))?.state !== 'purged'; minute += 0.25)
      await sleep(15_000);
    t.match(await expectNothingLeft(t, box, value), { outcome: 'failed', outcomeEvidence: /NODE_FAIL/ });
  });

  await t.test('however many are watched, it is asked every 15 s and no more', async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    const bin = join(box.directory, 'bin');
    mkdirSync(bin);
    const log = join(box.directory, 'asked');
    program(join(bin, 'squeue'), `#!/bin/sh\ndate +%s.%N >>'${log}'\nexec /usr/bin/squeue "$@"\n`);
    box.env['PATH'] = `${bin}:${box.env['PATH'] ?? ''}`;
    await box.escrow(['daemon', 'stop']);
    for (let count = 0; count < 6; count += 1) {
      box.env['FAKE_ID'] = String(count);
      await box.escrow(['run', '--detach', HOLD]);
    }
    await sleep(36_000);
    const asked = readFileSync(log, 'utf8').trim().split('\n').map(Number);
    t.ok(asked.length >= 2, 'it was asked');
    const pauses = asked.slice(1).map((time, index) => time - (asked[index] ?? 0));
    t.ok(
      pauses.every((pause) => pause >= 14.9),
      `pauses of ${pauses.map((pause) => pause.toFixed(1)).join(', ')} s`,
    );
    t.equal((await runIs(box, 'running')).state, 'running');
    release(box);
    await until('all are purged', async () => {
      const { runs } = await box.json<{ runs: { state: string }[] }>(['runs', 'list', '--state', 'open']);
      return runs.length === 0 || undefined;
    });
    await expectNothingLeft(t, box, value);
  });
});
