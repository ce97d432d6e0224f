import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Launch } from '../../../daemon/contract/types.ts';
import { isListening } from '../../support/http.ts';
import { until, type Started } from '../../support/sandbox.ts';
import { expectNothingLeft, newest, newValue, onSlurm, runIs } from '../../support/on-slurm.ts';
import { realSlurm } from '../../support/slurm.ts';

const program = join(import.meta.dirname, '../../campaigns/faults/program.js');

void t.test('the head as a job of a real Slurm', async (t) => {
  const slurm = await realSlurm(t);
  if (slurm === undefined) return;
  t.jobs = 3; // they mostly wait

  void t.test(
    'runs on a node, with the environment of who asked, and its status is given',
    { buffered: true },
    async (t) => {
      const value = newValue();
      const box = await onSlurm(t, slurm, value);
      const script = `hostname; echo "$ODD"; echo "\${SLURM_MEM_PER_NODE-none} \${SLURM_EXPORT_ENV-none} $SLURM_CONF"
      module load x; sed 's/.*"value":"//; s/".*//' "$NXF_SECRETS_FILE" | tr -d '\\n' | sha256sum; ls "$(dirname "$NXF_SECRETS_FILE")"; exit 7`;
      const env = {
        ODD: `two\nlines, "quotes" and \\ 'more' $HOME`,
        SLURM_MEM_PER_NODE: '1',
        'BASH_FUNC_module%%': '() {  echo "module $*"\n}',
        SECRET_OF_THE_USER: newValue(),
      };
      const { status, stdout, stderr } = await box.escrow(['run', script], { env });
      t.equal(status, 7, stderr);
      const lines = stdout.split('\n');
      t.match(lines[0], /^node[12]$/, stdout);
      t.same(lines.slice(1, 3), env.ODD.split('\n'), 'the environment arrives exactly');
      t.equal(lines[3], `none none ${slurm.env.SLURM_CONF}`, 'but for what was set for another job');
      t.equal(lines[4], 'module load x', 'with exported functions');
      t.match(lines[5], createHash('sha256').update(value).digest('hex'), 'the secret, exactly');
      t.notOk(lines.includes('environment'), 'its file was deleted once it was read');
      const run = await expectNothingLeft(t, box, value);
      t.match(run, {
        outcome: 'failed',
        exitStatus: 7,
        headJob: { executor: 'slurm', head: true, name: `nf-escrow-${run.id}` },
      });
      t.match(stderr, `run ${run.id} is slurm job ${run.headJob?.id ?? '?'}`);
      t.same(box.filesWith(env.SECRET_OF_THE_USER), [], "and nothing of the user's environment is left");
      const kept = await slurm.run('grep', ['-rl', env.SECRET_OF_THE_USER, slurm.directory]).catch(() => '');
      t.equal(kept, '', 'nor does the scheduler keep it');
    },
  );

  void t.test(
    'cancel goes through the scheduler, before the job begins and after',
    { buffered: true },
    async (t) => {
      const value = newValue();
      const box = await onSlurm(t, slurm, value, '--hold');
      t.equal((await box.escrow(['run', '--detach', 'sleep 600'])).status, 0);
      const waiting = await runIs(box, 'materialized');
      await box.escrow(['runs', 'cancel', waiting.id]);
      t.match(await expectNothingLeft(t, box, value), { outcome: 'cancelled' });
      await slurm.jobIs(waiting.headJob?.id ?? '', 'CANCELLED');

      await box.escrow(['compute-envs', 'update', 'queue', '--head-options', '']);
      t.equal((await box.escrow(['run', '--detach', 'sleep 600'])).status, 0);
      const running = await runIs(box, 'running');
      await box.escrow(['runs', 'cancel', running.id]);
      t.match(await expectNothingLeft(t, box, value), { id: running.id, outcome: 'cancelled' });
    },
  );

  void t.test('the daemon submits the head of a launch', { buffered: true }, async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    const parameter = newValue();
    const script = 'hostname >said; cat "${NXF_SECRETS_FILE%/*}/params.json" >>said';
    const body = { pipeline: script, launchDirectory: box.launch, parameters: { input: parameter } };
    const answer = await box.http('POST', '/v1/launches', body);
    t.equal(answer.status, 201, answer.text);
    const { run } = JSON.parse(answer.text) as Launch;
    t.match(run.headJob, { executor: 'slurm', head: true, name: `nf-escrow-${run.id}` });
    t.match(await expectNothingLeft(t, box, value), { id: run.id, outcome: 'succeeded' });
    t.match(
      readFileSync(join(box.launch, 'said'), 'utf8'),
      new RegExp(`^node[12]\\n{"input":"${parameter}"}$`),
    );
    const kept = await slurm.run('grep', ['-rl', parameter, slurm.directory]).catch(() => '');
    t.equal(kept, '', 'the scheduler does not keep the parameters');
  });

  void t.test("the user's own scancel ends it, and Ctrl-C does", { buffered: true }, async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value);
    const started = box.start(['run', 'echo here; sleep 600']);
    const run = await runIs(box, 'running');
    await slurm.run('scancel', [run.headJob?.id ?? '']);
    t.not((await started.ended).status, 0);
    t.match(await expectNothingLeft(t, box, value), { outcome: 'cancelled' });

    const interrupted = box.start(['run', 'sleep 600']);
    await runIs(box, 'running');
    interrupted.child.kill('SIGINT');
    t.not((await interrupted.ended).status, 0);
    t.match(await expectNothingLeft(t, box, value), { outcome: 'cancelled' });
  });

  void t.test('what the scheduler refuses is said, and nothing stays', { buffered: true }, async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value, '--partition=nosuch');
    const { status, stderr } = await box.escrow(['run', 'exit 0']);
    t.equal(status, 78);
    t.match(stderr, /invalid partition/i);
    t.match(await expectNothingLeft(t, box, value), { outcome: 'aborted' });
  });

  void t.test('a requeued head is followed, and finds its secrets again', { buffered: true }, async (t) => {
    const value = newValue();
    const box = await onSlurm(t, slurm, value, '--requeue');
    const script = `grep -c FOO_KEY "$NXF_SECRETS_FILE" >>starts; [ "$(wc -l <starts)" = 2 ] || sleep 600`;
    const started = box.start(['run', script]);
    const run = await runIs(box, 'running');
    await until('it has begun', () => existsSync(join(box.launch, 'starts')));
    await slurm.run('scontrol', ['requeue', run.headJob?.id ?? '']);
    await slurm.jobIs(run.headJob?.id ?? '', 'PENDING');
    t.equal((await newest(box))?.state, 'running', 'it may be alive');
    t.equal((await started.ended).status, 0);
    t.equal(readFileSync(join(box.launch, 'starts'), 'utf8'), '1\n1\n');
    t.match(await expectNothingLeft(t, box, value), { outcome: 'succeeded' });
  });

  void t.test(
    'a daemon that is killed around the submission finds the job by its name',
    { buffered: true },
    async (t) => {
      for (const point of ['after job.intend', 'after job.submit']) {
        const value = newValue();
        const box = await onSlurm(t, slurm, value);
        await box.escrow(['daemon', 'stop']);
        const env = { FAULT_POINT: point, FAULT_KIND: 'kill -9 daemon', FAULT_DIRECTORY: box.directory };
        const killed: Started = box.startProgram(process.execPath, [program, 'daemon', 'run'], { env });
        await until('the daemon listens', () => isListening(box.socket));
        await box.escrow(['run', 'echo once >>launches; exit 3']);
        await killed.ended;
        if (point === 'after job.intend') await box.escrow(['runs', 'cancel', (await newest(box))?.id ?? '']);
        const run = await expectNothingLeft(t, box, value);
        t.equal(run.outcome, point === 'after job.intend' ? 'cancelled' : 'failed', point);
        const launches = statSync(join(box.launch, 'launches'), { throwIfNoEntry: false })?.size ?? 0;
        t.equal(launches, point === 'after job.intend' ? 0 : 5, 'launched once, or not at all');
      }
    },
  );
});
