import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { quoteShellWord, quoteShellWords } from '../../../daemon/system/processes/shell-word.ts';
import { realNextflow, Sandbox, startProgram, until } from '../../support/sandbox.ts';
import { realSlurm, type Slurm } from '../../support/slurm.ts';

const value = randomBytes(16).toString('hex');

/** A pipeline whose one task runs as a job of Slurm, tells where, and whether it was given its secret; then waits for `go`. */
const PIPELINE = String.raw`
process look {
  executor 'slurm'
  secret 'FOO_KEY'
  input: val x
  output: stdout
  script: """
  echo "task $x on \$(hostname) \$(printf %s "\$FOO_KEY" | sha256sum)"
  touch "$params.here".\$SLURM_JOB_ID
  while [ ! -e $params.go ]; do sleep 0.2; done
  """
}
workflow { look(channel.of(1)) | view }
`;

function sandbox(t: Test, slurm: Slurm, nextflow: string): Sandbox {
  const box = new Sandbox(t, nextflow);
  Object.assign(box.env, slurm.env);
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  writeFileSync(
    join(box.launch, 'nextflow.config'),
    `executor { pollInterval = '200ms'; queueStatInterval = '1s'; exitReadTimeout = '10s' }\n`,
  );
  return box;
}

const command = (box: Sandbox): string[] => [
  ...['run', 'main.nf', '--here', join(box.launch, 'here'), '--go', join(box.launch, 'go')],
];
const newest = async (box: Sandbox): Promise<Run | undefined> =>
  (await box.json<RunList>(['runs', 'list'])).runs[0];
const taskBegan = (box: Sandbox): Promise<string> =>
  until('the task runs', () =>
    readdirSync(box.launch)
      .find((name) => name.startsWith('here.'))
      ?.slice('here.'.length),
  );

async function purged(t: Test, box: Sandbox): Promise<Run> {
  const run = await until('purged', async () => {
    const found = await newest(box);
    return found?.state === 'purged' ? found : undefined;
  });
  t.same(box.filesWith(value), [], 'the value is nowhere');
  t.equal((await box.json<Receipt>(['runs', 'receipt', run.id])).complete, true);
  return run;
}

void t.test('a real Nextflow whose tasks are jobs of a real Slurm', async (t) => {
  const nextflow = realNextflow(t);
  const slurm = nextflow === undefined ? undefined : await realSlurm(t);
  if (slurm === undefined || nextflow === undefined) return;
  t.jobs = 2;

  void t.test('head here, tasks on nodes', { buffered: true }, async (t) => {
    const box = sandbox(t, slurm, nextflow);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
    writeFileSync(join(box.launch, 'go'), '');
    const { status, stdout, stderr } = await box.escrow(command(box));
    t.equal(status, 0, stdout + stderr);
    t.match(stdout, /task 1 on node[12] [0-9a-f]{64}/);
    const run = await purged(t, box);
    t.match(run, { outcome: 'succeeded', orphanedJobs: [] });
  });

  void t.test('head and tasks on nodes', { buffered: true }, async (t) => {
    const box = sandbox(t, slurm, nextflow);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
    await box.escrow(['compute-envs', 'create', 'queue', '--platform', 'hpc', '--head-job', '--default']);
    writeFileSync(join(box.launch, 'go'), '');
    const { status, stdout, stderr } = await box.escrow(command(box));
    t.equal(status, 0, stdout + stderr);
    t.match(stdout, /task 1 on node[12] [0-9a-f]{64}/);
    const run = await purged(t, box);
    t.match(run, { outcome: 'succeeded', headJob: { executor: 'slurm', head: true }, orphanedJobs: [] });
    t.match(
      readFileSync(run.logFile ?? '', 'utf8'),
      /@node[12]/,
      'its log was found, though its pid is of another host',
    );
  });

  void t.test(
    "`nf-escrow run` inside the user's own sbatch, preempted and started again",
    { buffered: true },
    async (t) => {
      const box = sandbox(t, slurm, nextflow);
      await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
      const environment = Object.entries(box.env)
        .filter(([name]) => /^(NF_|NXF_|HOME$|PATH$|SLURM_CONF$|JAVA)/.test(name))
        .map(([name, text]) => `export ${name}=${quoteShellWord(text)}`);
      const line = quoteShellWords([process.execPath, startProgram, ...command(box)]);
      const script = [...environment, `cd ${quoteShellWord(box.launch)}`, line].join('\n');
      const output = join(box.launch, 'own.out');
      const id = await slurm.submit(script, ['--requeue', '--open-mode=append', `--output=${output}`]);
      const task = await taskBegan(box);
      const first = await newest(box);
      t.match(first, { state: 'running', headJob: { executor: 'slurm', id, restarts: 0, head: false } });
      await slurm.run('scontrol', ['requeue', id]);
      await slurm.run('scancel', [task]);
      await until('its second run', async () =>
        (await newest(box))?.headJob?.restarts === 1 ? true : undefined,
      );
      writeFileSync(join(box.launch, 'go'), '');
      t.match(await purged(t, box), { outcome: 'succeeded', headJob: { id, restarts: 1 } });
      const [, before] = (await box.json<RunList>(['runs', 'list'])).runs;
      t.match(before, { id: first?.id, state: 'purged' }, 'and the one before is over as well');
      t.match(readFileSync(output, 'utf8'), /task 1 on node[12]/);
    },
  );

  void t.test(
    'a head that is killed leaves its jobs, and they are named and can be ended',
    { buffered: true },
    async (t) => {
      const box = sandbox(t, slurm, nextflow);
      await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
      const started = box.start(command(box));
      const job = await taskBegan(box);
      const { id } = (await newest(box)) ?? { id: '' };
      const { pid } = JSON.parse(readFileSync(join(box.state, 'runs', id, 'process'), 'utf8')) as {
        pid: number;
      };
      process.kill(pid, 'SIGKILL');
      t.equal((await started.ended).status, 137);
      const run = await purged(t, box);
      t.match(run.orphanedJobs, [{ executor: 'slurm', id: job, name: 'look (1)' }]);
      t.match((await box.escrow(['status'])).stdout, /^ +1 orphaned job\./m);
      t.match((await slurm.job(job))?.['JobState'], 'RUNNING', 'it lives');
      t.match((await box.escrow(['runs', 'cancel', id])).stdout, job);
      await slurm.jobIs(job, 'CANCELLED');
      await box.escrow(['daemon', 'stop']); // one that starts looks at once
      await until(
        'it is off the list',
        async () => (await newest(box))?.orphanedJobs.length === 0 || undefined,
      );
    },
  );

  void t.test(
    'a task that is cancelled fails the run, and nothing is left of it',
    { buffered: true },
    async (t) => {
      const box = sandbox(t, slurm, nextflow);
      await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
      const started = box.start(command(box));
      await slurm.run('scancel', [await taskBegan(box)]);
      const { status, stdout } = await started.ended;
      t.equal(status, 1, stdout);
      t.match(await purged(t, box), { outcome: 'failed', exitStatus: 1, orphanedJobs: [] });
    },
  );

  void t.test('distinguishes two head jobs in one launch directory', { buffered: true }, async (t) => {
    const box = sandbox(t, slurm, nextflow);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
    await box.escrow(['compute-envs', 'create', 'queue', '--platform', 'hpc', '--head-job', '--default']);
    const [, ...line] = command(box);
    for (const name of ['one', 'two'])
      t.equal((await box.escrow(['run', '--detach', ...line, '-name', `head_${name}`])).status, 0);
    const both = await until('both tasks run', async () => {
      const { runs } = await box.json<RunList>(['runs', 'list']);
      const here = readdirSync(box.launch).filter((name) => name.startsWith('here.'));
      return runs.length === 2 && here.length === 2 && runs.every(({ runName }) => runName !== null)
        ? runs
        : undefined;
    });
    t.same(both.map(({ runName }) => runName).sort(), ['head_one', 'head_two']);
    // Cancels one of them: the other continues.
    await box.escrow(['runs', 'cancel', 'head_one']);
    const look = (name: string): Promise<Run> => box.json<Run>(['runs', 'show', name]);
    await until('that one is purged', async () => (await look('head_one')).state === 'purged' || undefined);
    t.equal((await look('head_two')).state, 'running');
    writeFileSync(join(box.launch, 'go'), '');
    await until('the other one too', async () => (await look('head_two')).state === 'purged' || undefined);
    t.match(
      [await look('head_one'), await look('head_two')],
      [{ outcome: 'cancelled' }, { outcome: 'succeeded' }],
    );
    t.same(box.filesWith(value), []);
  });

  void t.test(
    'a head inside a task, on a node, is given nothing of the run',
    { buffered: true },
    async (t) => {
      const box = sandbox(t, slurm, nextflow);
      await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
      writeFileSync(
        join(box.launch, 'inner.nf'),
        `process p { secret 'FOO_KEY'\n script: 'printf %s "$FOO_KEY" >$params_out' }\nworkflow { p() }\n`,
      );
      const inner = join(box.launch, 'inner.nf');
      writeFileSync(
        join(box.launch, 'main.nf'),
        String.raw`
process outer {
  executor 'slurm'
  secret 'FOO_KEY'
  output: stdout
  script: """
  env | grep -E '^(NF_ESCROW_RUN|NXF_SECRETS_FILE)=.' && echo ours || echo none of ours
  unset FOO_KEY
  ${nextflow} run ${inner} </dev/null >inner.log 2>&1 && echo inner ran || echo inner failed
  grep -ci secret inner.log
  """
}
workflow { outer() | view }
`,
      );
      const { status, stdout, stderr } = await box.escrow(['run', 'main.nf']);
      t.equal(status, 0, stdout + stderr);
      t.match(stdout, /none of ours\n(?:.*\n)*?inner failed\n[1-9]/);
      await purged(t, box);
    },
  );
});
