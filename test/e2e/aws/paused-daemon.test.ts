// A daemon is paused between recording a send time and sending the request, longer than other daemons wait for a late object.
// The object must not appear after it was declared absent.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Receipt, RunList } from '../../../daemon/contract/types.ts';
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { schedules } from '../../support/aws/schedules.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { stateOf } from '../../support/process-state.ts';
import { root, until, type Sandbox, type Started } from '../../support/sandbox.ts';

const PROGRAM = join(root, 'dist/test/support/aws/paused-daemon.js');
const MINUTE_MS = 60_000;
const PASSED_MS = 20 * MINUTE_MS;

/** Starts the program with its own host name and boot id, so that it seems to run on another host. */
function startOn(box: Sandbox, host: string, args: readonly string[]): Started {
  const boot = join(box.directory, `${host}.boot`);
  if (!existsSync(boot)) writeFileSync(boot, `${randomUUID()}\n`);
  const script = `hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id && shift 2 && exec "$@"`;
  const inside = ['sh', '-c', script, 'sh', host, boot, process.execPath, PROGRAM, ...args];
  return box.startProgram('unshare', ['--uts', '--mount', ...inside]);
}

interface Pause {
  /** `signed`: between the signature and the request. */
  readonly at: FaultPoint | 'signed';
  readonly suspended?: boolean;
  readonly options?: readonly string[];
}

/** Pauses the daemon of login1 at a point, lets the daemon of login2 take over and purge, then resumes the first. */
async function pauseAt(
  t: Test,
  aws: StrictAws,
  { at, suspended = false, options = [] }: Pause,
): Promise<void> {
  const box = await boxOn(t, aws, ...options);
  await box.escrow(['daemon', 'stop']);
  const directory = join(box.directory, 'pause');
  mkdirSync(directory);
  writeFileSync(join(directory, 'at'), at);
  writeFileSync(join(directory, 'passed'), String(PASSED_MS));
  if (suspended) writeFileSync(join(directory, 'suspended'), 'yes');
  Object.assign(box.env, { PAUSE_DIRECTORY: directory, NF_ESCROW_HOST_LEASE_SECONDS: '2' });
  const launched = startOn(box, 'login1', ['run', '--compute-env', 'batch', 'touch started']);
  await until('the daemon pauses', () => existsSync(join(directory, 'paused')));
  const lease = JSON.parse(readFileSync(join(box.state, 'daemon.host'), 'utf8')) as {
    holder: { pid: number };
  };
  const paused = lease.holder.pid;
  await until('the daemon is stopped', () => stateOf(paused) === 'T');
  t.teardown(() => {
    if (existsSync(`/proc/${String(paused)}`)) process.kill(paused, 'SIGKILL');
  });
  aws.rules.clockOffsetMs = PASSED_MS; // the time also passes on AWS

  const taken = await until('the other host has taken over', async () => {
    const ended = await startOn(box, 'login2', ['daemon', 'takeover']).ended;
    return ended.status === 0 ? ended : undefined;
  });
  t.match(taken.stdout, /login2/);
  const onOther = async <T>(args: string[]): Promise<T> =>
    JSON.parse((await startOn(box, 'login2', [...args, '--json']).ended).stdout) as T;
  const run = await until('the run is purged', async () => {
    const [found] = (await onOther<RunList>(['runs', 'list'])).runs;
    return found?.state === 'purged' ? found : undefined;
  });
  const receipt = await onOther<Receipt>(['runs', 'receipt', run.id]);
  t.match(receipt, { complete: true, run: { outcome: 'aborted' } }, 'the receipt declares everything absent');
  t.same([await aws.secrets(), await schedules(aws)], [[], []]);

  const before = aws.calls.length;
  process.kill(paused, 'SIGCONT');
  await until('the resumed daemon has ended', () => !existsSync(`/proc/${String(paused)}`) || undefined);
  await launched.ended;
  t.same([await aws.secrets(), await schedules(aws)], [[], []], 'nothing has appeared since');
  const late = aws.calls.slice(before).filter(({ action }) => /:Create/.test(action));
  t.comment(`sent late: ${late.map(({ action }) => action).join(' ') || 'nothing'}`);
  t.equal(
    late.length,
    suspended || at === 'signed' ? 1 : 0,
    'sends at most a request whose signature has expired',
  );
  t.notOk(existsSync(join(box.launch, 'started')));
  await startOn(box, 'login2', ['daemon', 'stop']).ended;
}

function pausing(title: string, pause: Pause): void {
  withAws(title, async (t, aws) => {
    if (process.geteuid?.() !== 0) {
      t.pass('skipped', { skip: 'needs root to simulate another host' });
      return;
    }
    await pauseAt(t, aws, pause);
  });
}

const SWITCH = ['--dead-man', '--dead-man-role', `arn:aws:iam::${ACCOUNT}:role/dead-man`];

pausing('does not send a secret after a pause before signing', { at: 'before object.create' });
pausing('AWS rejects the signature of a secret after the machine was suspended', {
  at: 'before object.create',
  suspended: true,
});
pausing('AWS rejects a secret after a pause between signing and sending', { at: 'signed' });
pausing('does not send a dead man’s switch after a pause before signing', {
  at: 'before switch.create',
  options: SWITCH,
});
pausing('AWS rejects the signature of a dead man’s switch after the machine was suspended', {
  at: 'before switch.create',
  suspended: true,
  options: SWITCH,
});
