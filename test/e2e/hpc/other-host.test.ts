import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import type { DaemonStatus, Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { secondsSinceHeartbeat } from '../../../daemon/system/host-lease/host-lease.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import {
  type Ended,
  type Environment,
  killAllIn,
  Sandbox,
  type Started,
  startProgram,
  until,
} from '../../support/sandbox.ts';

const newValue = (): string => randomBytes(16).toString('hex');

/** Another host, as far as a process can tell: its own name, boot and pids; the files are shared. Undefined where not root. */
class Host {
  readonly #box: Sandbox;
  readonly #name: string;
  readonly #boot: string;

  constructor(box: Sandbox, name: string) {
    this.#box = box;
    this.#name = name;
    this.#boot = join(box.directory, `${name}.boot`);
    writeFileSync(this.#boot, `${randomUUID()}\n`);
  }

  start(args: readonly string[], env: Environment = {}, input = ''): Started {
    const script = `hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id && shift 2 && exec "$@"`;
    return this.#box.startProgram(
      'unshare',
      [
        '--uts',
        '--mount',
        'sh',
        '-c',
        script,
        'sh',
        this.#name,
        this.#boot,
        process.execPath,
        startProgram,
        ...args,
      ],
      { env, input },
    );
  }

  escrow(args: readonly string[], env: Environment = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }
}

function isRoot(t: Test): boolean {
  if (process.geteuid?.() === 0) return true;
  t.pass('skipped', { skip: 'only root can make another host of this one' });
  return false;
}

/**
 * Suspends the daemon while it writes nothing. Suspended during a write it would hold the ledger's lock, and no other daemon
 * could take over: on a network file system the server ends the locks of a host that fails.
 */
async function suspend(box: Sandbox, pid: number): Promise<void> {
  await until('the daemon is suspended and holds no lock', () => {
    process.kill(pid, 'SIGSTOP');
    const stopped = /^State:\s*T/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
    if (stopped && !isLocked(join(box.state, 'ledger.db'))) return true;
    process.kill(pid, 'SIGCONT');
    return undefined;
  });
}

function isLocked(ledger: string): boolean {
  const database = new Database(ledger, { timeout: 0 });
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec('ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

const IN_JOB = { SLURM_JOB_ID: '4711', SLURM_SUBMIT_HOST: 'login1' };

async function runIs(box: Sandbox, state: Run['state']): Promise<Run> {
  return until(`the run is ${state}`, async () => {
    const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
    return run?.state === state ? run : undefined;
  });
}

void t.test('inside a job no daemon is started, and the host where one could be is named', async (t) => {
  const box = new Sandbox(t);
  const { status, stderr } = await box.escrow(['run', 'exit 0'], { env: IN_JOB });
  t.equal(status, 69);
  t.match(stderr, /login1: nf-escrow daemon start/);
  t.notMatch(stderr, /takeover/);
  t.notOk(existsSync(box.socket), 'no daemon was started');
  t.equal((await box.escrow(['daemon', 'takeover'], { env: IN_JOB })).status, 69, 'nor is one taken over');
});

void t.test('a run in a job on another host', async (t) => {
  if (!isRoot(t)) return;
  const box = new Sandbox(t);
  const node = new Host(box, 'node7');
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });

  await t.test('is placed by the daemon, started where it stands, and purged', async (t) => {
    const script = 'hostname >where; grep -c FOO_KEY "$NXF_SECRETS_FILE"; exit 5';
    const { status, stdout, stderr } = await node.escrow(['run', script], IN_JOB);
    t.equal(status, 5, stderr);
    t.equal(stdout, '1\n');
    t.equal(readFileSync(join(box.launch, 'where'), 'utf8'), 'node7\n');
    const run = await runIs(box, 'purged');
    t.match(run, {
      outcome: 'failed',
      exitStatus: 5,
      headJob: { executor: 'slurm', id: '4711', head: false },
    });
    t.same(box.filesWith(value), [], 'nothing is left');
    t.same(readdirSync(join(box.state, 'spool')), [], 'nor of the request');
    t.equal((await box.json<Receipt>(['runs', 'receipt', run.id])).complete, true);
  });

  await t.test('is alive while it counts on, and can be asked to end', async (t) => {
    const started = node.start(['run', 'sleep 600'], { ...IN_JOB, SLURM_JOB_ID: '4712' });
    const { id } = await runIs(box, 'running');
    t.equal((await box.escrow(['runs', 'purge', id])).status, 75, 'it is not purged while it may be alive');
    const beat = join(box.state, 'runs', id, 'heartbeat');
    await until('it counts', () => readFileSync(beat, 'utf8') !== '0\n');
    await box.escrow(['runs', 'cancel', id]);
    t.not((await started.ended).status, 0);
    t.match(await runIs(box, 'purged'), { id, outcome: 'cancelled' });
  });

  await t.test('whose head is killed without a word stays, as long as nobody knows better', async (t) => {
    const started = node.start(['run', 'sleep 600'], { ...IN_JOB, SLURM_JOB_ID: '4713' });
    const { id } = await runIs(box, 'running');
    const { pid } = await until('the head process is recorded', () => {
      const path = join(box.state, 'runs', id, 'process');
      return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }) : undefined;
    });
    const shim = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    process.kill(Number(shim), 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    started.child.kill('SIGKILL');
    await until('the head has ended', () => !existsSync(`/proc/${String(pid)}`));
    t.equal((await box.escrow(['runs', 'purge', id])).status, 75);
    t.equal((await box.escrow(['runs', 'purge', id, '--force', '--yes'])).status, 0);
    t.same(box.filesWith(value), [], 'removed with --force');
  });

  await t.test('a value does not travel by files', async (t) => {
    const { status, stderr } = await node.start(['secrets', 'set', 'BAR_KEY', '--from-file', startProgram])
      .ended;
    t.equal(status, 69);
    t.match(stderr, /Cannot send PUT \S+ to the daemon on \S+: .*files\.\n.*Run the command on /s);
    t.equal((await node.escrow(['secrets', 'list'])).status, 0, 'names do');
  });
});

void t.test('one daemon for all login nodes', async (t) => {
  if (!isRoot(t)) return;
  const box = new Sandbox(t);
  box.env['NF_ESCROW_HOST_LEASE_SECONDS'] = '2';
  const other = new Host(box, 'login2');
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const paused = (await box.daemonPid()) ?? 0;

  const { stdout } = await other.escrow(['daemon', 'status', '--json']);
  t.equal((JSON.parse(stdout) as DaemonStatus).process.pid, paused, 'another login node has the same daemon');
  t.equal(
    (await other.escrow(['daemon', 'takeover'])).status,
    69,
    'nobody takes over from a daemon that lives',
  );

  const ended = box.start(['run', 'while [ ! -e go ]; do sleep 0.1; done; exit 4']);
  const { id } = await runIs(box, 'running');
  await suspend(box, paused);
  t.teardown(() => {
    try {
      process.kill(paused, 'SIGKILL');
    } catch {
      return; // it has ended
    }
  });
  await until('the lease expires', () => secondsSinceHeartbeat(join(box.state, 'daemon.host')) > 2);
  const refused = await other.escrow(['runs', 'list']);
  t.equal(refused.status, 69);
  t.match(refused.stderr, /takeover/, 'it is offered');
  const inJob = await other.escrow(['runs', 'list'], IN_JOB);
  t.equal(inJob.status, 69);
  t.notMatch(inJob.stderr, /takeover/, 'but not inside a job');

  const taken = await other.escrow(['daemon', 'takeover']);
  t.equal(taken.status, 0, taken.stderr);
  t.match(taken.stdout, /login2/);
  t.match((await other.escrow(['runs', 'show', id])).stdout, /running/, 'the run is alive, and stays');

  process.kill(paused, 'SIGCONT');
  await until('the daemon that woke ends', () => !existsSync(`/proc/${String(paused)}`));
  const journal = (await other.escrow(['runs', 'show', id, '--json'])).stdout;
  t.match(JSON.parse(journal), { state: 'running' }, 'it changed nothing');
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await ended.ended).status, 4);
  await until('it is purged', async () => {
    const run = JSON.parse((await other.escrow(['runs', 'show', id, '--json'])).stdout) as Run;
    return run.state === 'purged' || undefined;
  });
  t.same(box.filesWith(value), []);
  await other.escrow(['daemon', 'stop']);
});

void t.test('after a reboot whatever ran is over, and the first command takes it all back', async (t) => {
  if (!isRoot(t)) return;
  const box = new Sandbox(t);
  const value = newValue();
  const before = new Host(box, hostname());
  await before.start(['secrets', 'set', 'FOO_KEY'], {}, value).ended;
  const started = before.start(['run', 'touch here; sleep 987']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const [run] = (JSON.parse((await before.escrow(['runs', 'list', '--json'])).stdout) as RunList).runs;
  const { process: daemon } = JSON.parse(
    (await before.escrow(['daemon', 'status', '--json'])).stdout,
  ) as DaemonStatus;
  t.not(daemon.bootId, identifySelf().bootId, 'another boot');
  // The power goes: everything at once, the shim too, and the clean-up of nobody.
  process.kill(daemon.pid, 'SIGKILL');
  killAllIn(box.launch);
  await started.ended;
  t.not(box.filesWith(value).length, 0, 'the secrets are still there');

  const { runs } = await box.json<RunList>(['runs', 'list']); // with the boot id of now
  t.equal(runs[0]?.id, run?.id);
  const after = await runIs(box, 'purged');
  t.match(after, { outcome: 'lost' });
  t.same(box.filesWith(value), []);
  t.equal((await box.json<Receipt>(['runs', 'receipt', after.id])).complete, true);
});
