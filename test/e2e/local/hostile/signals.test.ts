import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Process, Run, RunList } from '../../../../daemon/contract/types.ts';
import { childrenOf } from '../../../../daemon/system/processes/children.ts';
import { accepts, newestRun, purged } from '../../../support/hostile.ts';
import { openSockets } from '../../../support/process-state.ts';
import { Sandbox, until, type Ended, type Started } from '../../../support/sandbox.ts';

const VALUE = 'the-value-while-somebody-waits';
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';
const RUN = 'run=${NXF_SECRETS_FILE%/*}';

async function running(
  t: Test,
  script: string,
): Promise<{ box: Sandbox; started: Started; directory: string }> {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const started = box.start(['run', script]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const [name = ''] = readdirSync(join(box.state, 'runs'));
  return { box, started, directory: join(box.state, 'runs', name) };
}

/** Pause before the same signal is sent again. */
const RESEND_MS = 200;

/** Sends a signal until the process ends: one that comes as it turns from one thing to another may be meant for the first. */
async function endBy(started: Started, name: NodeJS.Signals): Promise<Ended> {
  let ended: Ended | undefined;
  void started.ended.then((one) => (ended = one));
  let sentAt = -Infinity;
  return until(`${name} ends it`, () => {
    if (ended === undefined && performance.now() - sentAt > RESEND_MS) {
      process.kill(started.pid, name);
      sentAt = performance.now();
    }
    return ended;
  });
}

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  void t.test(`${name} ends the waiting for a purge, with nextflow's status`, async (t) => {
    const { box, started, directory } = await running(t, `${HOLD}; exit 4`);
    const daemon = (await box.daemonPid()) ?? 0;
    process.kill(daemon, 'SIGSTOP');
    t.teardown(() => process.kill(daemon, 'SIGCONT'));
    writeFileSync(join(box.launch, 'go'), '');
    await until(
      'nextflow has ended',
      () => existsSync(join(directory, 'exit')) && childrenOf(started.pid).length === 0,
    );
    const { status, stderr } = await endBy(started, name);
    t.equal(status, 4);
    t.match(stderr, /some objects of run \S+ may still exist\. See: nf-escrow status/);
    process.kill(daemon, 'SIGCONT');
    t.match(await purged(t, box, VALUE), { outcome: 'failed', exitStatus: 4 });
  });

void t.test('SIGTERM stops the wait for the daemon, and nothing is started', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const daemon = (await box.daemonPid()) ?? 0;
  process.kill(daemon, 'SIGSTOP');
  t.teardown(() => process.kill(daemon, 'SIGCONT'));
  const started = box.start(['run', 'touch here']);
  await until('it asks', () => openSockets(started.pid) > 0);
  const { status, signal } = await endBy(started, 'SIGTERM');
  t.same([status, signal], [null, 'SIGTERM'], 'as any program');
  process.kill(daemon, 'SIGCONT');
  await until('no run is open', async () =>
    (await box.json<RunList>(['runs', 'list'])).runs.every(({ state }) => state === 'purged'),
  );
  t.notOk(existsSync(join(box.launch, 'here')));
});

void t.test('does not wait for a leftover process, and reports it with a remedy', async (t) => {
  const left = `(exec 9<>"$run/alive"; echo $BASHPID >pid; exec sleep 600) >/dev/null 2>&1 & ${HOLD}`;
  const { box, started, directory } = await running(t, `${RUN}\n${left}`);
  const pid = Number(
    await until('its pid', () => readFileSync(join(box.launch, 'pid'), 'latin1').trim() || undefined),
  );
  const head = JSON.parse(readFileSync(join(directory, 'process'), 'utf8')) as Process;
  await until(
    'the daemon saw the head',
    async () => (await box.http('POST', `/v1/runs/${(await newestRun(box)).id}/purge`)).status === 409,
  );
  const [shim = 0] = childrenOf(started.pid);
  process.kill(shim, 'SIGKILL');
  process.kill(head.pid, 'SIGKILL');
  const { status, stderr } = await started.ended;
  t.equal(status, 1);
  const told = new RegExp(`process ${String(pid)} outlived nextflow and keeps the run open: sleep 600`);
  const { id } = await newestRun(box);
  const remedy = `kill ${String(pid)}. Or remove the secrets anyway: nf-escrow runs purge ${id} --force`;
  t.match(stderr, told);
  t.ok(stderr.includes(remedy));
  for (const args of [['runs', 'show', id], ['status']]) {
    const { stdout } = await accepts(t, box, args);
    t.match(stdout, told, args.join(' '));
    t.ok(stdout.includes(remedy), args.join(' '));
  }
  t.match(await box.json<Run>(['runs', 'show', id]), {
    state: 'running',
    leftoverProcesses: [{ pid, command: 'sleep 600' }],
  });
  process.kill(pid, 'SIGKILL');
  t.match(await purged(t, box, VALUE), { outcome: 'lost' });
});

void t.test('forwards a signal to nextflow even if a task forges its process id', async (t) => {
  const { box, started, directory } = await running(t, `sleep 600 & echo $! >stranger; ${HOLD}`);
  const stranger = Number(readFileSync(join(box.launch, 'stranger'), 'latin1'));
  const own = JSON.parse(readFileSync(join(directory, 'process'), 'utf8')) as Process;
  rmSync(join(directory, 'process'));
  writeFileSync(join(directory, 'process'), JSON.stringify({ ...own, pid: stranger, startTime: '1' }));
  process.kill(started.pid, 'SIGTERM');
  t.equal((await started.ended).status, 143);
  t.match(await purged(t, box, VALUE), { outcome: 'cancelled', exitStatus: 143 });
  process.kill(stranger, 'SIGKILL');
});
