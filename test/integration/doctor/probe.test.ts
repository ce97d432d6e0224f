import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DoctorCheck, DoctorReport } from '../../../daemon/contract/types.ts';
import { judgeProbe } from '../../../daemon/doctor/probes/judge-probe.ts';
import { root, Sandbox, until, untapped, type Environment } from '../../support/sandbox.ts';
import { realSlurm } from '../../support/slurm.ts';

const main = join(root, 'dist/daemon/main.js');

/** Returns the checks of the probe. */
async function probe(
  box: Sandbox,
  args: readonly string[] = [],
  env: Environment = {},
): Promise<readonly DoctorCheck[]> {
  const { stdout, stderr } = await box.escrow(['doctor', '--probe', '--json', ...args], { env });
  if (stderr !== '') throw new Error(stderr);
  const { checks } = JSON.parse(stdout) as DoctorReport;
  return checks.filter(({ name }) => name.startsWith('probe'));
}

function expectNothingLeft(t: Test, box: Sandbox): void {
  t.same(readdirSync(join(box.state, 'runs')), [], 'leaves no files of the probe');
}

const REMOVED = { name: 'probe removal', state: 'ok' };

void t.test('reads the test value in a local process if there is no scheduler', async (t) => {
  const box = new Sandbox(t);
  const bin = join(box.directory, 'bin');
  mkdirSync(bin);
  for (const name of [
    'bash',
    'sh',
    'stat',
    'uname',
    'sha256sum',
    'cut',
    'tr',
    'id',
    'setpriv',
    'cat',
    'mv',
    'true',
  ])
    symlinkSync(`/usr/bin/${name}`, join(bin, name));
  const runs = join(box.state, 'runs');
  mkdirSync(box.state, { mode: 0o700 });
  mkdirSync(runs, { mode: 0o700 });
  const [old, young] = ['rprobe0123456789ab', 'rprobeba9876543210'].map((name) => join(runs, name));
  for (const path of [old, young]) mkdirSync(path ?? '', { mode: 0o700 });
  utimesSync(old ?? '', 1, 1);
  const checks = await probe(box, [], { PATH: bin });
  t.match(checks, [{ state: 'ok', found: /^a process on this host read the test value/ }, REMOVED]);
  if (process.geteuid?.() === 0) t.match(checks[0]?.found, /another user could not/);
  t.same(readdirSync(runs), ['rprobeba9876543210'], 'removes the directory of an old probe that was killed');
});

void t.test('judges the report of a job', async (t) => {
  const value = randomBytes(16);
  const digest = createHash('sha256').update(value).digest('hex');
  const us = String(process.geteuid?.());
  const sound = {
    host: 'node7',
    digest,
    modes: `700:${us} 700:${us} 600:${us} `,
    others: 'untried',
    system: 'nfs',
  };
  const judge = (changes: Partial<typeof sound>): DoctorCheck => {
    const answer = Object.entries({ ...sound, ...changes })
      .map(([key, text]) => `${key} ${text}\n`)
      .join('');
    return judgeProbe({ answer, who: 'slurm job 4' }, digest, '/shared/runs');
  };
  t.match(judge({}), {
    state: 'ok',
    found: /^slurm job 4 on node7 read .* \(file system nfs\); owner and modes exclude other users$/,
  });
  t.match(judge({ host: hostname(), others: 'refused' }), {
    state: 'ok',
    found: /this host.*another user could not$/,
  });
  for (const wrong of ['', 'e3b0c44298fc1c149afbf4c8996fb924', digest.toUpperCase()])
    t.match(judge({ digest: wrong }), { state: 'failure', found: /could not read/, remedy: /--runs-dir/ });
  for (const modes of [`755:${us} 700:${us} 600:${us}`, `700:${us} 700:${us} 600:65534`, ''])
    t.match(judge({ modes }), { state: 'failure', found: /different modes or owners/, remedy: /--runs-dir/ });
  t.match(judge({ others: 'read' }), {
    state: 'failure',
    found: /another user \(nobody\) can read the test value/,
  });
  t.match(judgeProbe({ answer: 'garbage', who: 'x' }, digest, '/r'), { state: 'failure' });
});

void t.test('probes a real Slurm', async (t) => {
  const slurm = await realSlurm(t);
  if (slurm === undefined) return;
  const box = new Sandbox(t);
  Object.assign(box.env, slurm.env);
  const create = ['compute-envs', 'create', 'queue', '--platform', 'hpc', '--executor', 'slurm', '--default'];
  await box.escrow(create);
  const setOptions = (text: string): Promise<unknown> =>
    box.escrow(['compute-envs', 'update', 'queue', '--head-options', text]);
  const jobs = (): Promise<string> => slurm.run('squeue', ['--noheader', '--format=%j %T']);

  await t.test('reads the test value on a node and removes it', async (t) => {
    const checks = await probe(box);
    t.match(checks, [
      {
        state: 'ok',
        found: /^slurm job \d+ on node[12] read the test value in .*; another user could not$/,
      },
      REMOVED,
    ]);
    expectNothingLeft(t, box);
    const { stdout } = await box.escrow(['doctor', '--compute-env', 'queue']);
    t.match(stdout, /^ok +scheduler +slurm responds$/m);
  });

  await t.test('reports a runs directory that is not visible on nodes, with a remedy', async (t) => {
    const hidden = join(box.directory, 'hidden');
    mkdirSync(hidden, { mode: 0o700 });
    await box.escrow(['compute-envs', 'create', 'elsewhere', '--platform', 'hpc', '--runs-dir', hidden]);
    const script = 'mount -t tmpfs -o mode=0700 none "$1" && shift && exec "$@"';
    const doctor = [main, 'doctor', '--probe', '--json', '--compute-env', 'elsewhere'];
    const words = ['--mount', 'sh', '-c', script, 'sh', hidden, process.execPath, ...doctor];
    const { stdout } = await box.startProgram(...untapped('unshare', words)).ended;
    const { checks } = JSON.parse(stdout) as DoctorReport;
    t.match(
      checks.find(({ name }) => name === 'probe'),
      { state: 'failure', found: /not visible or not writable on its node/, remedy: /--runs-dir/ },
    );
    t.match(
      checks.find(({ name }) => name === 'probe removal'),
      REMOVED,
    );
    t.match(
      checks.find(({ name }) => name === 'environment runs directory'),
      { state: 'ok', found: /hidden \(0700, tmpfs/ },
    );
  });

  await t.test('cancels a job that waits too long', async (t) => {
    await setOptions('--hold');
    const checks = await probe(box, ['--wait', '1']);
    t.match(checks, [{ state: 'warning', found: /did not answer in time/, remedy: /--wait/ }, REMOVED]);
    expectNothingLeft(t, box);
    t.notMatch(await jobs(), /rprobe\w+ PENDING/);
    t.equal((await box.escrow(['doctor', '--probe', '--wait', 'soon'])).status, 64);
  });

  await t.test('Ctrl-C cancels the job and removes the test value', async (t) => {
    const started = box.start(['doctor', '--probe']);
    await until('its job waits', async () => /rprobe\w+ PENDING/.test(await jobs()) || undefined);
    started.child.kill('SIGINT');
    t.equal((await started.ended).signal, 'SIGINT');
    expectNothingLeft(t, box);
    t.notMatch(await jobs(), /rprobe\w+ PENDING/);
  });

  await t.test('reports what Slurm rejects, and leaves nothing', async (t) => {
    await setOptions('--partition=nosuch');
    t.match(await probe(box), [
      { state: 'failure', found: /invalid partition/i, remedy: /--head-options/ },
      REMOVED,
    ]);
    expectNothingLeft(t, box);
  });
});
