import { randomBytes } from 'node:crypto';
import t from 'tap';
import { realGridEngine } from '../../support/grid-engine.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { expectNothingLeft, runIs } from '../../support/on-slurm.ts';

void t.test('the head as a job of a real Grid Engine', async (t) => {
  const cell = await realGridEngine(t);
  if (cell === undefined) return;
  const box = new Sandbox(t);
  Object.assign(box.env, cell.env);
  const value = randomBytes(16).toString('hex');
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const create = [
    'compute-envs',
    'create',
    'queue',
    '--platform',
    'hpc',
    '--executor',
    'sge',
    '--head-job',
    '--default',
  ];
  t.equal((await box.escrow(create)).status, 0);

  const script = 'grep -c FOO_KEY "$NXF_SECRETS_FILE"; echo "$ODD ${JOB_NAME-none}"; exit 7';
  const { status, stdout, stderr } = await box.escrow(['run', script], { env: { ODD: "o'd d" } });
  t.equal(status, 7, stderr);
  t.equal(stdout, "1\no'd d none\n");
  const run = await expectNothingLeft(t, box, value);
  t.match(run, { outcome: 'failed', exitStatus: 7, headJob: { executor: 'sge', head: true } });

  const started = box.start(['run', 'sleep 600']);
  const running = await runIs(box, 'running');
  await box.escrow(['runs', 'cancel', running.id]);
  t.not((await started.ended).status, 0);
  t.match(await expectNothingLeft(t, box, value), { outcome: 'cancelled' });

  const probe = await box.escrow(['doctor', '--probe']);
  t.match(probe.stdout, /^ok +probe +sge job \d+ on .* read the test value/m);
});
