import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Run } from '../../../daemon/contract/types.ts';
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

  await t.test('on drained nodes, a pending head waits and a running one continues', async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    await box.escrow(['run', '--detach', HOLD]);
    await began(box);
    const drain = ['update', `NodeName=${slurm.nodes.join(',')}`, 'State=DRAIN', 'Reason=test'];
    await slurm.run('scontrol', drain);
    await box.escrow(['run', '--detach', 'exit 4']);
    const waiting = await newest(box);
    await slurm.jobIs(waiting?.headJob?.id ?? '', 'PENDING');
    t.equal((await box.escrow(['runs', 'purge', waiting?.id ?? ''])).status, 75, 'the daemon polls the run');
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
    await until('the run is purged', async () => (await newest(box))?.state === 'purged', 10 * 60_000);
    t.match(await expectNothingLeft(t, box, value), { outcome: 'failed', outcomeEvidence: /NODE_FAIL/ });
  });

  // test/unit/schedulers/job-status-cache.test.ts tests the interval of the queries with a fake clock.
  await t.test('one query lists all watched jobs', async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    const bin = join(box.directory, 'bin');
    mkdirSync(bin);
    const log = join(box.directory, 'asked');
    const squeue = `list=$(/usr/bin/squeue "$@") || exit\nprintf '%s\\n' "$list" | tee -a '${log}'\necho end >>'${log}'`;
    program(join(bin, 'squeue'), `#!/bin/sh\n${squeue}\n`);
    box.env['PATH'] = `${bin}:${box.env['PATH'] ?? ''}`;
    await box.escrow(['daemon', 'stop']);
    for (let count = 0; count < 6; count += 1) {
      box.env['FAKE_ID'] = String(count);
      await box.escrow(['run', '--detach', HOLD]);
    }
    const { runs } = await box.json<{ runs: Run[] }>(['runs', 'list', '--state', 'open']);
    const ids = runs.map(({ headJob }) => headJob?.id ?? 'none');
    t.equal(ids.length, 6);
    await until('one query lists all jobs', () =>
      (existsSync(log) ? readFileSync(log, 'utf8') : '')
        .split('\nend\n')
        .some((list) => ids.every((id) => new RegExp(`\\b${id}\\b`).test(list))),
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
