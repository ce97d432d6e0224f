// Whatever makes the next launch fail makes doctor fail, with a remedy. Each fault is tried with a real launch too.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkCron } from '../../../daemon/doctor/checks/cron.ts';
import { checkNextflow } from '../../../daemon/doctor/checks/nextflow.ts';
import { checkPlugin } from '../../../daemon/doctor/checks/plugin.ts';
import type { ComputeEnvironment, DoctorCheck, DoctorReport } from '../../../daemon/contract/types.ts';
import { isCronRunning } from '../../../daemon/system/processes/cron-daemon.ts';
import { fakeJava, only, program, subjectIn } from '../../support/doctor-context.ts';
import { accepts } from '../../support/hostile.ts';
import { Sandbox, type Ended, type Environment } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

async function soundSandbox(t: Test): Promise<Sandbox> {
  const box = new Sandbox(t);
  fakeJava(join(box.directory, 'java/bin/java'), '17.0.15');
  box.env['JAVA_HOME'] = join(box.directory, 'java');
  // Without a cluster, the real one waits for the DNS.
  const squeue = program(join(box.directory, 'bin/squeue'), '#!/bin/sh\n');
  box.env['PATH'] = `${join(squeue, '..')}:${box.env['PATH'] ?? ''}`;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  await accepts(t, box, ['compute-envs', 'create', 'cluster', '--platform', 'hpc']);
  return box;
}

interface Where {
  readonly env?: Environment;
  /** The current directory, which was deleted. */
  readonly deleted?: string;
}

async function failures(box: Sandbox, where: Where): Promise<DoctorCheck[]> {
  const { stdout, stderr, status } = await runIn(box, ['doctor', '--json'], where);
  const found = (JSON.parse(stdout || `{"checks":[],"error":${JSON.stringify(stderr)}}`) as DoctorReport)
    .checks;
  const failed = found.filter(({ state }) => state === 'failure');
  if ((status === 0) !== (failed.length === 0)) throw new Error(`status ${String(status)}: ${stderr}`);
  return failed;
}

interface Fault {
  readonly title: string;
  /** Damages the sandbox. Returns where to launch, how to repair the damage, and whether only a new daemon notices it. */
  readonly damage: (box: Sandbox) => Where & { readonly repair?: () => void; readonly restarts?: boolean };
  readonly says: RegExp;
  readonly remedy: RegExp;
}

/** Keeps a file aside, and puts the old content back afterwards. */
function replaced(path: string, act: () => void): () => void {
  copyFileSync(path, `${path}.kept`);
  act();
  return () => {
    renameSync(`${path}.kept`, path);
  };
}

const faults: readonly Fault[] = [
  {
    title: 'the vault key is gone',
    damage: ({ state }) => {
      const key = join(state, 'vault.key');
      return { repair: replaced(key, () => rmSync(key)) };
    },
    says: /vault key file ".*vault\.key" does not exist/,
    remedy: /^Restore the key file from a backup/,
  },
  {
    title: 'the default workspace does not exist',
    damage: () => ({ env: { NF_ESCROW_WORKSPACE: 'local/mian' } }),
    says: /There is no workspace "local\/mian"/,
    remedy: /^Did you mean local\/main\?/,
  },
  {
    title: 'the default compute environment does not exist',
    damage: () => ({ env: { NF_ESCROW_COMPUTE_ENV: 'clutser' } }),
    says: /There is no compute environment "clutser"/,
    remedy: /^Did you mean cluster\?/,
  },
  {
    title: 'a setting is invalid',
    damage: () => ({ env: { NF_ESCROW_IDLE_SECONDS: 'soon' } }),
    says: /it must be a number from 0 to 999999999, not soon/,
    remedy: /nf-escrow config set idleSeconds/,
  },
  {
    title: 'the current directory was deleted',
    damage: ({ directory }) => ({ deleted: join(directory, 'deleted') }),
    says: /current directory was deleted/,
    remedy: /^Change to a directory/,
  },
  {
    title: "Nextflow's own store is not JSON",
    damage: ({ directory }) => {
      const path = join(directory, 'store.json');
      writeFileSync(path, 'canary', { mode: 0o600 });
      return { env: { NXF_SECRETS_FILE: path } };
    },
    says: /store\.json": it is not JSON/,
    remedy: /^Make sure that the file contains a JSON array/,
  },
  {
    title: 'Nextflow is missing',
    damage: () => ({ env: { NF_ESCROW_NEXTFLOW: '/no/nextflow' } }),
    says: /Cannot start "\/no\/nextflow"/,
    remedy: /^Add `nextflow` to PATH/,
  },
  {
    title: 'a file blocks the runs directory',
    damage: ({ directory }) => {
      writeFileSync(join(directory, 'blocked'), '');
      return { env: { NF_ESCROW_RUNS_DIR: join(directory, 'blocked') }, restarts: true };
    },
    says: /blocked": it is not a directory/,
    remedy: /./,
  },
];

void t.test('doctor fails if the next launch would fail, with the reason and a remedy', async (t) => {
  const box = await soundSandbox(t);
  t.same(await failures(box, {}), [], 'a launch would start');
  t.equal((await box.escrow(['run', 'true'])).status, 0);
  for (const { title, damage, says, remedy } of faults) {
    const { repair, restarts, ...where } = damage(box);
    if (restarts === true) await accepts(t, box, ['daemon', 'stop']);
    const failed = await failures(box, where);
    t.ok(
      failed.some((check) => says.test(check.found) && remedy.test(check.remedy ?? '')),
      `${title}: ${JSON.stringify(failed)}`,
    );
    t.notMatch(JSON.stringify(failed), /canary/);
    t.not((await runIn(box, ['run', 'true'], where)).status, 0, `${title}: the launch fails too`);
    repair?.();
  }
  t.same(await failures(box, {}), [], 'everything is repaired');
});

/** Runs nf-escrow. A process cannot be started in a deleted directory, so a shell deletes its own. */
async function runIn(box: Sandbox, args: readonly string[], { env = {}, deleted }: Where): Promise<Ended> {
  if (deleted === undefined) return box.escrow(args, { env });
  const script = 'mkdir -p "$0" && cd "$0" && rmdir "$0" && exec "$@"';
  return box.startProgram('/bin/sh', ['-c', script, deleted, ...box.command, ...args], { env }).ended;
}

void t.test('doctor fails if the daemon cannot start', async (t) => {
  const box = await soundSandbox(t);
  await accepts(t, box, ['daemon', 'stop']);
  const ledger = join(box.state, 'ledger.db');
  const content = readFileSync(ledger);
  writeFileSync(ledger, 'not a database, but long enough to be read as one'.repeat(200));
  const failed = only((await failures(box, {})).filter(({ name }) => name === 'daemon'));
  t.match(failed, { found: /ledger\.db": it is damaged/, remedy: /^Copy the file first/ });
  writeFileSync(ledger, content);
  t.same(await failures(box, {}), []);
});

void t.test(
  'doctor fails before the first launch if the defaults do not exist, and creates nothing',
  async (t) => {
    const box = new Sandbox(t);
    const env = { NF_ESCROW_WORKSPACE: 'lab/rna', NF_ESCROW_COMPUTE_ENV: 'cluster' };
    const failed = (await failures(box, { env })).filter(({ name }) => name === 'launch');
    t.match(failed, [{ found: /no workspace "lab\/rna"/ }, { found: /no compute environment "cluster"/ }]);
    t.notOk(existsSync(join(box.state, 'ledger.db')));
  },
);

void t.test(
  'doctor fails for a Nextflow or a plugin that the platform of the environment cannot use',
  async (t) => {
    const directory = temporaryDirectory(t);
    const nextflow = program(join(directory, 'nextflow'), "NXF_VER=${NXF_VER:-'25.04.0'}\n");
    const subject = subjectIn(directory, { nextflow });
    const batch = { name: 'batch', platform: 'aws-batch' } as ComputeEnvironment;
    const cluster = { name: 'cluster', platform: 'hpc' } as ComputeEnvironment;
    t.match(await checkNextflow(subject, cluster), [{ state: 'ok' }]);
    t.match(await checkNextflow(subject, batch), [
      {
        state: 'failure',
        found: /25\.04\.0 .* is too old for compute environment batch/,
        remedy: /25\.10\.0 or later/,
      },
    ]);
    const without = { ...subject, env: { ...subject.env, NXF_PLUGINS_DEFAULT: 'false' } };
    t.match(checkPlugin(without, cluster), [{ state: 'warning' }]);
    t.match(checkPlugin(without, batch), [
      { state: 'failure', found: /compute environment batch requires it/ },
    ]);
  },
);

void t.test('doctor fails if neither plugins directory can be used', (t) => {
  const directory = temporaryDirectory(t);
  const nextflow = program(join(directory, 'nextflow'), "NXF_VER=${NXF_VER:-'25.10.0'}\n");
  const plugins = join(directory, 'plugins');
  mkdirSync(plugins);
  chmodSync(plugins, 0o777);
  const subject = subjectIn(directory, { nextflow });
  const env = { ...subject.env, NXF_PLUGINS_DIR: plugins };
  t.match(checkPlugin({ ...subject, env }), [{ state: 'warning' }], 'the private one is used');
  mkdirSync(subject.paths.state, { mode: 0o700 });
  writeFileSync(join(subject.paths.state, 'plugins'), '');
  t.match(checkPlugin({ ...subject, env }), [
    { state: 'failure', found: /cannot be installed/, remedy: `chmod -R go-w ${plugins}` },
  ]);
  t.end();
});

void t.test('doctor fails if nothing runs an installed crontab', async (t) => {
  const directory = temporaryDirectory(t);
  const table = join(directory, 'table');
  const bin = program(join(directory, 'bin/crontab'), '#!/bin/sh\ncat "$CRONTAB_FILE"\n');
  const env = { PATH: `${join(bin, '..')}:/usr/bin:/bin`, CRONTAB_FILE: table };
  const look = (isRunning: boolean | undefined): Promise<readonly DoctorCheck[]> =>
    checkCron({ ...subjectIn(directory, { env }), isCronRunning: () => isRunning });
  writeFileSync(table, '# mine\n');
  t.same(await look(false), [], 'nothing is installed');
  writeFileSync(table, '# nf-escrow: begin (remove with: x)\n@reboot x\n# nf-escrow: end\n');
  t.match(await look(false), [
    { state: 'failure', found: /no cron daemon runs/, remedy: /^Ask the administrator/ },
  ]);
  t.match(await look(undefined), [{ state: 'warning' }]);
  t.match(await look(true), [{ state: 'ok' }]);
});

void t.test('finds a cron daemon among the processes, and knows when they are hidden', (t) => {
  const proc = mkdtempSync(join(temporaryDirectory(t), 'proc'));
  t.equal(isCronRunning(proc), undefined, 'process 1 is hidden');
  const add = (pid: string, name: string): void => {
    mkdirSync(join(proc, pid));
    writeFileSync(join(proc, pid, 'comm'), `${name}\n`);
  };
  add('1', 'systemd');
  add('7', 'crontab');
  t.equal(isCronRunning(proc), false);
  add('70', 'crond');
  t.equal(isCronRunning(proc), true);
  t.end();
});
