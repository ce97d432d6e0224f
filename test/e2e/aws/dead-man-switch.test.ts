// The dead man's switch, and the expiry in a secret's tag.
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import type { DoctorReport, Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { DeadManSwitches } from '../../../daemon/stores/aws/dead-man-switches.ts';
import { boxOn, createBatch } from '../../support/aws/aws-sandbox.ts';
import { startShim } from '../../support/start-shim.ts';
import { runsOnBatch } from '../../support/aws/aws-runs.ts';
import { fireSchedule, schedules } from '../../support/aws/schedules.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import {
  ACCOUNT,
  environmentOf,
  makeRole,
  REGION,
  settingsFor,
  storeFor,
} from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { killAllIn, Sandbox, until } from '../../support/sandbox.ts';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/dead-man`;
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';
const HOUR_MS = 3600_000;

async function lastRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('there is no run');
  return run;
}

const actions = (aws: StrictAws): string[] => aws.calls.map(({ action }) => action);

withAws('creates the switch before the secret, removes it after, and stores only an ARN', async (t, aws) => {
  const box = await boxOn(t, aws, '--dead-man', '--dead-man-role', ROLE);
  aws.calls.length = 0;
  const started = box.start(['run', '--compute-env', 'batch', HOLD]);
  await until('the head runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await lastRun(box);
  const [schedule] = await schedules(aws);
  t.match(schedule, {
    Name: `nf-escrow-${id}-1`,
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: { Arn: 'arn:aws:scheduler:::aws-sdk:secretsmanager:deleteSecret', RoleArn: ROLE },
  });
  t.same(JSON.parse(schedule?.Target?.Input ?? ''), {
    SecretId: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/local.main/${id}`,
    ForceDeleteWithoutRecovery: true,
  });
  const hours =
    (Date.parse(`${/at\((.*)\)/.exec(schedule?.ScheduleExpression ?? '')?.[1] ?? ''}Z`) - Date.now()) /
    HOUR_MS;
  t.ok(hours > 47.9 && hours <= 48, `in ${String(hours)} hours`);
  const requests = aws.calls.filter(({ action }) => action.startsWith('scheduler:'));
  t.notOk(requests.some(({ body }) => body.includes('a value of the test')));
  aws.rules.denied.add('secretsmanager:DeleteSecret');
  writeFileSync(join(box.launch, 'go'), '');
  t.match(await started.ended, { status: 0, stderr: /some objects of run r\w+ are not removed yet/ });
  t.equal((await schedules(aws)).length, 1, 'the switch stays while the secret exists');
  aws.rules.denied.clear();
  t.equal((await box.escrow(['runs', 'purge', id])).status, 0);
  t.same([await aws.secrets(), await schedules(aws)], [[], []]);
  const order = actions(aws);
  t.ok(order.indexOf('scheduler:CreateSchedule') < order.indexOf('secretsmanager:CreateSecret'));
  t.ok(order.indexOf('scheduler:DeleteSchedule') > order.indexOf('secretsmanager:DeleteSecret'));
  const receipt = await box.json<Receipt>(['runs', 'receipt', id]);
  t.equal(receipt.complete, true);
  t.match(
    receipt.leases.find(({ store }) => store === 'dead-man-switches'),
    { state: 'gone', verification: /GetSchedule/ },
  );
});

withAws('the switch deletes the secret of a machine that never returns', async (t, aws) => {
  const box = await boxOn(t, aws, '--dead-man', '--dead-man-role', ROLE, '--layout', 'per-secret');
  await box.escrow(['secrets', 'set', 'BAR_KEY'], { input: 'x' });
  const started = box.start(['run', '--compute-env', 'batch', HOLD]);
  await until('the head runs', () => existsSync(join(box.launch, 'here')));
  const daemon = (await box.daemonPid()) ?? 0;
  process.kill(daemon, 'SIGKILL');
  started.child.kill('SIGKILL');
  killAllIn(box.directory);
  t.equal((await aws.secrets()).length, 2);
  for (const schedule of await schedules(aws)) await fireSchedule(aws, schedule);
  t.same(
    [await aws.secrets(), await schedules(aws)],
    [[], []],
    'each secret has a switch, and AWS deletes the switches',
  );
  const run = await until('the next daemon has seen the end of the run', async () => {
    const found = await lastRun(box);
    return found.state === 'ended' && found.removalError !== undefined ? found : undefined;
  });
  t.match(
    run.removalError,
    /not found; nf-escrow checks again after 30 s/,
    'the daemon does not trust a single not-found answer',
  );
});

withAws('creates no secret if the switch cannot be created', async (t, aws) => {
  const box = await boxOn(t, aws, '--dead-man', '--dead-man-role', ROLE);
  aws.rules.denied.add('scheduler:CreateSchedule');
  t.match(await box.escrow(['run', '--compute-env', 'batch', 'touch started']), {
    status: 77,
    stderr: /Cannot create dead man's switch .*access denied/,
  });
  t.notOk(actions(aws).includes('secretsmanager:CreateSecret'));
  t.notOk(existsSync(join(box.launch, 'started')));
  aws.rules.denied.clear();
  await box.escrow(['compute-envs', 'update', 'batch', '--no-dead-man']);
  t.equal((await box.escrow(['run', '--compute-env', 'batch', 'true'])).status, 0);
  t.notOk(actions(aws).slice(-30).includes('scheduler:DeleteSchedule') && (await schedules(aws)).length > 0);
  const create = async (...more: string[]): Promise<object> =>
    box.escrow(createBatch(aws, ...more).map((word) => (word === 'batch' ? 'other' : word)));
  t.match(await create('--dead-man'), { status: 78, stderr: /--dead-man-role/ });
  const foreign = ['--dead-man-role', 'arn:aws:iam::999999999999:role/x'];
  t.match(await create('--dead-man', ...foreign), { status: 78, stderr: /999999999999/ });
});

withAws('a live run postpones the switch and the expiry in the tag of its secret', async (t, aws) => {
  const { runs, launchDirectory, jump, request } = await runsOnBatch(
    t,
    settingsFor(aws, { deadMan: true, deadManRole: ROLE }),
  );
  const { run, start } = await runs.create(request(HOLD));
  if (run === undefined || start === undefined) throw new Error('the run was not created');
  const child = startShim(start, launchDirectory);
  const ended = once(child, 'exit');
  await until('the task runs', () => existsSync(join(launchDirectory, 'here')));
  const expiry = async (): Promise<number> =>
    Date.parse((await tagsOf(aws, run.id))['nf-escrow:expires-at'] ?? '');
  const firesAt = async (): Promise<number> => {
    const [schedule] = await schedules(aws);
    return Date.parse(`${/at\((.*)\)/.exec(schedule?.ScheduleExpression ?? '')?.[1] ?? ''}Z`);
  };
  /** A purge checks the run first, which renews its leases if they are due. */
  const check = async (): Promise<void> => {
    await t.rejects(runs.purge(run.id, { force: false, asked: true }), { code: 'run-alive' });
  };
  const [first, firstOff] = [await expiry(), await firesAt()];
  jump(11 * HOUR_MS);
  await check();
  t.same(
    [await expiry(), await firesAt()],
    [first, firstOff],
    'renews nothing in the first half of the lease',
  );
  jump(13 * HOUR_MS);
  await until('the tag is renewed', async () => ((await expiry()) > first ? true : undefined));
  await until('the switch is postponed', async () => ((await firesAt()) > firstOff ? true : undefined));
  t.ok(Math.abs((await expiry()) - first - 13 * HOUR_MS) < HOUR_MS);
  t.ok(Math.abs((await firesAt()) - firstOff - 13 * HOUR_MS) < HOUR_MS);
  aws.rules.down = true;
  jump(26 * HOUR_MS);
  await check();
  t.match(await runs.find(run.id), { state: 'running' }, 'a failed renewal does not end the run');
  aws.rules.down = false;
  writeFileSync(join(launchDirectory, 'go'), '');
  t.same(await ended, [0, null]);
  await until('purged', async () => {
    await runs.purge(run.id, { force: false, asked: true }).catch(() => undefined);
    return (await runs.find(run.id)).state === 'purged' ? true : undefined;
  });
  t.same([await aws.secrets(), await schedules(aws)], [[], []]);
});

withAws('handles lost answers, existing schedules and an AWS outage', async (t, aws) => {
  const switches = new DeadManSwitches({
    openSession,
    provided: new ProvidedCredentials(),
    clock: {
      now: () => Date.now() + set + ahead,
      monotonic: () => performance.now() + ahead,
      sleep: async (ms) => sleep(Math.min(ms, 20)),
    },
  });
  let [set, ahead] = [0, 0];
  const settings = settingsFor(aws, { deadMan: true, deadManRole: ROLE });
  const secret = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab.rna/r1`;
  const locator = await storeFor().prepare(secret, environmentOf(settings));
  const place = switches.switchFor({ run: 'r1', index: 1, target: secret, locator }, environmentOf(settings));
  if (place === undefined) throw new Error('the environment has no switch');
  t.equal(
    switches.switchFor({ run: 'r1', index: 1, target: secret, locator }, environmentOf(settingsFor(aws))),
    undefined,
  );
  let sentAt: string | null = null;
  const noteSent = async (at: number | null): Promise<void> =>
    void (sentAt = at === null ? null : new Date(at).toISOString());
  const placement = { ...place, expiresAt: new Date().toISOString(), noteSent };
  Object.assign(aws.rules, { losing: 1, lossy: 'scheduler:CreateSchedule' });
  await switches.place(placement);
  t.equal((await schedules(aws)).length, 1, 'adopts the schedule whose answer was lost');
  t.ok(sentAt, 'keeps the time of the unanswered request');
  await t.rejects(
    switches.place({ ...placement, noteSent: async () => undefined }),
    { code: 'store-unavailable' },
    'does not replace an existing schedule',
  );
  const at = { ...place, sentAt };
  t.match(await switches.inspect(at), { state: 'present', evidence: /exists/ });
  await switches.remove(at);
  t.match(await switches.inspect(at), { state: 'present', evidence: /may still be carried out/ });
  set = 24 * 3_600_000;
  t.match(await switches.inspect(at), { state: 'present' }, 'setting the clock does not end the wait');
  ahead = 16 * 60_000;
  t.match(await switches.inspect(at), { state: 'absent' });
  await switches.remove(at);
  await t.rejects(switches.renew(at, new Date().toISOString()), { code: 'store-unavailable' });
  t.same(await schedules(aws), [], 'a renewal does not create a removed switch again');
  await t.rejects(switches.remove({ ...at, target: `${place.target}x` }), { code: 'internal' });
  aws.rules.down = true;
  await t.rejects(switches.inspect(at), { code: 'store-unavailable' });
  await t.rejects(switches.remove(at), { code: 'store-unavailable' });
});

withAws('iam render and iam check cover its policy and trust policy', async (t, aws) => {
  const box = await boxOn(t, aws, '--dead-man', '--dead-man-role', ROLE);
  const args = [
    '--account',
    ACCOUNT,
    '--execution-role-name',
    'execution',
    '--dead-man-role-name',
    'dead-man',
  ];
  t.equal((await box.escrow(['iam', 'render', ...args, '--output', 'policies'])).status, 0);
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(join(box.launch, 'policies', `secrets-${name}.json`), 'utf8'));
  t.match(read('policy-dead-man-role'), {
    Statement: [{ Action: 'secretsmanager:DeleteSecret', Resource: /secret:nf-escrow\/\*$/ }],
  });
  t.match(
    JSON.stringify(read('policy-account')),
    /schedule\/default\/nf-escrow-\*.*role\/dead-man.*PassedToService/,
  );
  const trust = JSON.stringify(read('trust-dead-man-role'));
  t.match(trust, /scheduler\.amazonaws\.com/);
  const check = async (): Promise<DoctorReport['checks']> => {
    const { stdout } = await box.escrow(['iam', 'check', '--compute-env', 'batch', '--json']);
    return (JSON.parse(stdout) as DoctorReport).checks.filter(({ name }) => name.startsWith("dead man's"));
  };
  t.match(await check(), [{ state: 'failure', found: /role \S+ not found/, remedy: /--dead-man-role/ }, {}]);
  await makeRole(aws, 'dead-man', trust);
  t.match(await check(), [{ state: 'ok', found: /EventBridge Scheduler can assume/ }, {}]);
});

async function tagsOf(aws: StrictAws, run: string): Promise<Record<string, string>> {
  const { SecretsManagerClient, DescribeSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region: REGION, endpoint: aws.bare });
  const { Tags } = await client.send(new DescribeSecretCommand({ SecretId: `nf-escrow/local.main/${run}` }));
  client.destroy();
  return Object.fromEntries((Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}
