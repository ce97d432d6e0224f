// Attacks on what may be cancelled: lines of the log that a sample sheet forges, and events that a task writes.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run, RunList } from '../../../daemon/contract/types.ts';
import { accounts, asUser } from '../../support/accounts.ts';
import { realNextflow, Sandbox, until } from '../../support/sandbox.ts';
import { realSlurm, type Slurm } from '../../support/slurm.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const GRID = 'Nov-28 10:00:00.000 [Task submitter] DEBUG n.executor.GridTaskHandler -';
const hash = (): string => {
  const digits = randomBytes(16).toString('hex');
  return `${digits.slice(0, 2)}/${digits.slice(2)}`;
};

/** Submits a job that is named as Nextflow names those of the run. */
async function submitFrom(slurm: Slurm, directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  return slurm.submit('sleep 600', ['--job-name=nf-look_(1)', `--chdir=${directory}`]);
}

/** The same as another user of this machine. */
function submitAs(t: Test, slurm: Slurm, directory: string): string | undefined {
  const [other] = accounts(t, 1) ?? [];
  if (other === undefined) return undefined;
  mkdirSync(directory, { recursive: true });
  chownSync(directory, other.uid, other.gid);
  const script = join(temporaryDirectory(t), 'script');
  writeFileSync(script, '#!/bin/bash\nsleep 600\n', { mode: 0o755 });
  spawnSync('chmod', ['-R', 'a+rX', join(script, '..')]);
  const options = ['--job-name=nf-look_(1)', `--chdir=${directory}`, '--output=/dev/null'];
  const command = ['sbatch', '--parsable', ...options, script];
  const [program, args] = asUser(other, ['env', `SLURM_CONF=${slurm.env.SLURM_CONF}`, ...command]);
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: '/' });
  t.match(stdout, /^\d+\n$/, stderr);
  return stdout.trim();
}

async function only(box: Sandbox): Promise<Run> {
  return (await box.json<RunList>(['runs', 'list'])).runs[0] as Run;
}

async function survive(t: Test, slurm: Slurm, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    t.match((await slurm.job(id))?.['JobState'], /RUNNING|PENDING/, `job ${id} continues`);
}

async function killHead(box: Sandbox, id: string): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(box.state, 'runs', id, 'process'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await until('purged', async () => (await only(box)).state === 'purged' || undefined);
}

void t.test('of forged jobs none is cancelled, and the real one is', async (t) => {
  const slurm = await realSlurm(t);
  if (slurm === undefined) return;

  void t.test('with the plugin: a tag forges the log, a task forges events', async (t) => {
    const nextflow = realNextflow(t);
    if (nextflow === undefined) return;
    const box = new Sandbox(t, nextflow);
    Object.assign(box.env, slurm.env);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: randomBytes(16).toString('hex') });
    const work = join(box.launch, 'work');
    const [before, after, imitated] = [hash(), hash(), hash()];
    const elsewhere = await submitFrom(slurm, join(box.directory, 'thesis'));
    const older = await submitFrom(slurm, join(work, before));
    const others = submitAs(t, slurm, join(work, imitated));
    // Slurm tells whole seconds: the older job is to be older by one.
    await until(
      'a second has passed',
      async () => Date.now() - Date.parse((await slurm.job(older))?.['SubmitTime'] ?? '') > 1500 || undefined,
    );
    // Nextflow puts a tag into a comment of .command.run as well: there, a here-document makes nothing of these lines.
    const forge = (job: string, directory: string): string =>
      `${GRID} [SLURM] submitted process look > jobId: ${job}; workDir: ${directory}`;
    const thesis = join(box.directory, 'thesis');
    // It writes its log in parts of 64 KiB.
    const filler = Array.from({ length: 100 }, () => 'filler '.repeat(100));
    const lines = [forge(elsewhere, thesis), forge('--me', '/'), ...filler];
    const forged = ['x', ": <<'END'", ...lines, 'END', '#'].join('\n');
    writeFileSync(join(box.launch, 'sheet.csv'), JSON.stringify(forged));
    writeFileSync(
      join(box.launch, 'main.nf'),
      String.raw`
process tagged { tag { x }
  input: val x
  script: "true" }
process look {
  executor 'slurm'
  secret 'FOO_KEY'
  script: """
  touch "$params.here".\$SLURM_JOB_ID
  sleep 600
  """
}
workflow { tagged(new groovy.json.JsonSlurper().parse(file(params.sheet))); look() }
`,
    );
    const args = ['--sheet', join(box.launch, 'sheet.csv'), '--here', join(box.launch, 'here')];
    const started = box.start(['run', 'main.nf', ...args]);
    const job = await until('the task runs', () =>
      readdirSync(box.launch)
        .find((name) => name.startsWith('here.'))
        ?.slice('here.'.length),
    );
    const { id } = await only(box);
    await until('the log is forged', () =>
      readFileSync(join(box.launch, '.nextflow.log'), 'utf8').includes('--me;'),
    );
    const newer = await submitFrom(slurm, join(work, after));
    const beside = await submitFrom(slurm, thesis);
    const claims: [string | undefined, string][] = [
      [elsewhere, join(box.directory, 'thesis')],
      [older, join(work, before)],
      [others, join(work, imitated)],
      [newer, join(work, hash())],
      [beside, thesis],
      ['--me', join(work, hash())],
      ['1,2', join(work, hash())],
      [`${job}_[1-9]`, join(work, hash())],
    ];
    const events = claims.flatMap(([native, workdir], index) =>
      native === undefined
        ? []
        : {
            type: 'task.submit',
            task: String(index + 100),
            executor: 'slurm',
            native,
            workdir,
            name: 'look (1)',
          },
    );
    appendFileSync(
      join(box.state, 'runs', id, 'events.jsonl'),
      events.map((event) => `${JSON.stringify(event)}\n`).join(''),
    );
    await killHead(box, id);
    await started.ended;
    const strangers = [elsewhere, older, ...(others === undefined ? [] : [others]), newer, beside];
    t.same((await only(box)).orphanedJobs.map(({ id: one }) => one).sort(), [job, ...strangers].sort());
    const { status, stdout } = await box.escrow(['runs', 'cancel', id]);
    await slurm.jobIs(job, 'CANCELLED');
    await survive(t, slurm, strangers);
    t.equal(status, 1);
    const reasons = {
      [elsewhere]: /before the run began/,
      [older]: /before the run began/,
      [newer]: /not its task's work directory/,
      [beside]: /the work directory of the run's task is not known/,
    };
    for (const [stranger, reason] of Object.entries(reasons)) {
      const line =
        stdout.split('\n').find((one) => one.startsWith(`Not cancelled: slurm ${stranger} `)) ?? stdout;
      t.match(line, reason);
    }
    if (others !== undefined) t.match(stdout, new RegExp(`slurm ${others} .*belongs to uid`));
    t.match((await box.escrow(['status'])).stdout, `Not cancelled: slurm ${elsewhere}`);
    for (const one of strangers) await slurm.run('scancel', ['--', one]);
  });

  void t.test('without the plugin: the log is all there is', async (t) => {
    const box = new Sandbox(t);
    Object.assign(box.env, slurm.env);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: randomBytes(16).toString('hex') });
    const work = join(box.launch, 'work');
    const [own, hidden, stranger] = [hash(), hash(), hash()];
    const elsewhere = await submitFrom(slurm, join(box.directory, 'thesis'));
    const started = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done']);
    await until('it runs', () => existsSync(join(box.launch, 'here')));
    const job = await submitFrom(slurm, join(work, own));
    const secret = await submitFrom(slurm, join(work, hidden));
    const other = await submitFrom(slurm, join(work, stranger));
    const line = (id: string, directory: string): string =>
      `${GRID} [SLURM] submitted process look (1) > jobId: ${id}; workDir: ${directory}\n`;
    appendFileSync(
      join(box.launch, '.nextflow.log'),
      [
        line(job, join(work, own)),
        line(secret, join(work, hidden)),
        line(elsewhere, join(box.directory, 'thesis')),
        line(other, join(work, hash())),
        line('--me', join(work, hash())),
        line(`${job},${other}`, join(work, hash())),
        `Nov-28 10:00:00.000 [Task monitor] DEBUG n.processor.TaskPollingMonitor - Task completed > TaskHandler[jobId: ${secret}; id: 1; name: x]\n`,
      ].join(''),
    );
    const { id } = await until('the log is read', async () => {
      const run = await only(box);
      return run.runName === null ? undefined : run;
    });
    await killHead(box, id);
    await started.ended;
    await box.escrow(['daemon', 'stop']); // one that starts asks the scheduler at once
    await until(
      'the one that the log calls over is on the list',
      async () => (await only(box)).orphanedJobs.some(({ id: one }) => one === secret) || undefined,
    );
    const { stdout } = await box.escrow(['runs', 'cancel', id]);
    await slurm.jobIs(job, 'CANCELLED');
    await slurm.jobIs(secret, 'CANCELLED');
    await survive(t, slurm, [elsewhere, other]);
    t.match(stdout, new RegExp(`Not cancelled: slurm ${other} .*not its task's work directory`));
    for (const one of [elsewhere, other]) await slurm.run('scancel', ['--', one]);
  });
});
