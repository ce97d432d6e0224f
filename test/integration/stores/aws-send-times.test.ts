// Each create request is signed with its recorded send time, and each recorded time is used once.
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { DatedRequests } from '../../../daemon/aws/dated-requests.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import { DeadManSwitches } from '../../../daemon/stores/aws/dead-man-switches.ts';
import type { Placement } from '../../../daemon/stores/store.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, environmentOf, settingsFor, storeFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';

/** Returns the signature times of the calls of an action. Signatures have a resolution of one second. */
const signed = (aws: StrictAws, action: string): number[] =>
  aws.calls.filter((call) => call.action === action).map(({ signedAt }) => signedAt);
const seconds = (times: readonly number[]): number[] => times.map((at) => Math.floor(at / 1000) * 1000);

withAws('records the AWS time of each attempt to create a secret', async (t, aws) => {
  const noted: number[] = [];
  const noteSent = async (at: number | null): Promise<void> => {
    if (at !== null) noted.push(at);
  };
  aws.rules.clockOffsetMs = 10 * 60_000; // AWS rejects the first attempt because of the clock difference
  aws.rules.losing = 1;
  const store = storeFor();
  const environment = environmentOf(settingsFor(aws));
  const secrets = new Map([['FOO_KEY', new SecretValue(Buffer.from('x'))]]);
  const secretDelivery = { plugin: '1.0.0', reason: null, configPhase: false, environment: {}, restore: {} };
  const wanted = { run: 'r1', workspace: 'lab/rna', environment, secretDelivery, secrets };
  const [part] = store.split(wanted);
  if (part === undefined) throw new Error('split returned no bundle');
  const locator = await store.prepare(part.target, environment);
  const rest = {
    ledger: 'l1',
    sentAt: null,
    expiresAt: new Date().toISOString(),
    references: new Map(),
    files: {},
  };
  const before = Date.now();
  await store.place({ ...wanted, ...part, ...rest, locator, noteSent } satisfies Placement);
  t.equal(noted.length, 3, 'rejected for its time, then lost, then repeated');
  t.same(signed(aws, 'secretsmanager:CreateSecret'), seconds(noted));
  for (const at of noted.slice(1)) t.ok(Math.abs(at - before - aws.rules.clockOffsetMs) < 60_000);
});

withAws('records the time of each attempt to create a dead man’s switch', async (t, aws) => {
  const noted: number[] = [];
  const settings = settingsFor(aws, { deadMan: true, deadManRole: `arn:aws:iam::${ACCOUNT}:role/dead-man` });
  const locator = JSON.stringify(accessOf(settings));
  const switches = new DeadManSwitches({
    openSession,
    provided: new ProvidedCredentials(),
    clock: systemClock,
  });
  const target = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:nf-escrow/lab.rna/r1`;
  const place = switches.switchFor({ run: 'r1', index: 1, target, locator }, environmentOf(settings));
  if (place === undefined) throw new Error('the environment has no switch');
  const noteSent = async (at: number | null): Promise<void> => {
    if (at !== null) noted.push(at);
  };
  Object.assign(aws.rules, { losing: 1, lossy: 'scheduler:CreateSchedule' });
  await switches.place({ ...place, expiresAt: new Date().toISOString(), noteSent });
  t.equal(noted.length, 2);
  t.same(signed(aws, 'scheduler:CreateSchedule'), seconds(noted));
});

withAws('uses a recorded time only once, even if the SDK retries the request', async (t, aws) => {
  const session = await openSession(accessOf(settingsFor(aws)));
  const batch = await session.batch(4);
  const { DescribeJobQueuesCommand } = await import('@aws-sdk/client-batch');
  const requests = new DatedRequests(batch, systemClock);
  aws.calls.length = 0;
  aws.rules.failing = 2;
  const time = requests.now();
  await t.rejects(
    requests.sendAt(time, () => batch.send(new DescribeJobQueuesCommand())),
    { code: 'internal', message: /already used/ },
  );
  t.equal(aws.calls.length, 1);
  t.same(signed(aws, 'batch:describejobqueues'), seconds([time.at]));
  aws.rules.failing = 2;
  await batch.send(new DescribeJobQueuesCommand());
  t.equal(aws.calls.length, 4, 'the SDK still retries read requests');
  batch.destroy();
});
