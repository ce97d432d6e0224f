// Locations of secrets: partitions, FIPS and private endpoints, other accounts, and queues that cannot be used.
import t, { type Test } from 'tap';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import { clientsFor, fetchCredentials } from '../../../daemon/aws/session/session.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import { awsBatchRules } from '../../../daemon/stores/aws/settings.ts';
import type { AwsCredentials, AwsSettings, SecretDelivery } from '../../../daemon/contract/types.ts';
import { parseArn } from '../../../daemon/contract/arn.ts';
import type { AwsSecretsManager } from '../../../daemon/stores/aws/secrets-manager.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import {
  ACCOUNT,
  environmentOf,
  makeQueue,
  settingsFor,
  startOver,
  storeFor,
} from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';

const secretDelivery: SecretDelivery = {
  plugin: '1.0.0',
  reason: null,
  configPhase: false,
  environment: {},
  restore: {},
};
const OTHER = '222233334444';

function without(settings: AwsSettings, ...keys: (keyof AwsSettings)[]): AwsSettings {
  const kept = Object.entries(settings).filter(([key]) => !(keys as string[]).includes(key));
  return Object.fromEntries(kept) as unknown as AwsSettings;
}

/** Creates a secret, removes it and returns its reference. */
async function placeAndRemove(t: Test, settings: AwsSettings): Promise<string> {
  const store = storeFor();
  const { place, reference } = await placeOne(store, settings);
  t.equal((await store.inspect(place)).state, 'present');
  await store.remove(place);
  t.equal((await store.inspect(place)).state, 'absent');
  return reference;
}

async function placeOne(
  store: AwsSecretsManager,
  settings: AwsSettings,
): Promise<{ place: { target: string; locator: string; sentAt: null }; reference: string }> {
  const environment = environmentOf(settings);
  const secrets = new Map([['FOO_KEY', new SecretValue(Buffer.from('x'))]]);
  const wanted = { run: 'r1', workspace: 'lab/rna', environment, secretDelivery, secrets };
  const [part] = store.split(wanted);
  if (part === undefined) throw new Error('split returned no bundle');
  const locator = await store.prepare(part.target, environment);
  const place = { target: part.target, locator, sentAt: null };
  const rest = { ledger: 'l1', expiresAt: '2026-01-06T10:00:00.000Z', references: new Map(), files: {} };
  const references = await store.place({
    ...wanted,
    ...part,
    ...place,
    ...rest,
    noteSent: async () => undefined,
  });
  return { place, reference: references.get('FOO_KEY') ?? '' };
}

withAws('uses the partition of the region in ARNs', async (t, aws) => {
  for (const [region, partition] of [
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
  ] as const) {
    await makeQueue(aws, { region, credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' } });
    const executionRole = `arn:${partition}:iam::${ACCOUNT}:role/execution`;
    const settings = settingsFor(aws, { region, executionRole });
    awsBatchRules.assertValid?.({ aws: settings });
    const reference = await placeAndRemove(t, settings);
    t.match(reference, new RegExp(`^arn:${partition}:secretsmanager:${region}:${ACCOUNT}:secret:nf-escrow/`));
    t.throws(
      () =>
        awsBatchRules.assertValid?.({ aws: { ...settings, executionRole: settingsFor(aws).executionRole } }),
      {
        code: 'compute-environment-invalid',
        message: /partition/,
      },
    );
    await startOver(aws);
  }
  t.ok(
    aws.calls.every(({ region }) => region !== 'us-east-1'),
    'sends no request to another region',
  );
});

withAws('uses a private endpoint for Secrets Manager only', async (t, aws) => {
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = 'http://127.0.0.1:9'; // no server listens there
  t.teardown(() => Reflect.deleteProperty(process.env, 'AWS_ENDPOINT_URL_SECRETS_MANAGER'));
  t.match(await placeAndRemove(t, settingsFor(aws)), /^arn:aws:secretsmanager:/);
  await t.rejects(placeAndRemove(t, without(settingsFor(aws), 'endpoint')), {
    code: 'compute-environment-invalid',
  });
});

void t.test('uses FIPS endpoints for every service except a configured endpoint', async (t) => {
  const before = process.env['AWS_ENDPOINT_URL'];
  Reflect.deleteProperty(process.env, 'AWS_ENDPOINT_URL');
  t.teardown(() => {
    if (before !== undefined) process.env['AWS_ENDPOINT_URL'] = before;
  });
  const access = { region: 'us-gov-west-1', account: ACCOUNT, profile: null, role: null, externalId: null };
  const hostsOf = async (fips: boolean, endpoint: string | null): Promise<string[]> => {
    const clients = clientsFor({ ...access, fips, endpoint }, { accessKeyId: 'x', secretAccessKey: 'y' });
    const hosts: string[] = [];
    // Stops each request before it is sent.
    const stop = (): (() => Promise<never>) => async (args?: unknown) => {
      hosts.push((args as { request: { hostname: string } }).request.hostname);
      throw new Error('stopped');
    };
    const step = { step: 'finalizeRequest', priority: 'low' } as const;
    const [secrets, batch, scheduler] = [
      await clients.secretsManager(),
      await clients.batch(),
      await clients.eventScheduler(),
    ];
    secrets.middlewareStack.add(stop, step);
    batch.middlewareStack.add(stop, step);
    scheduler.middlewareStack.add(stop, step);
    const [{ ListSecretsCommand }, { DescribeJobQueuesCommand }, { GetScheduleCommand }] = await Promise.all([
      import('@aws-sdk/client-secrets-manager'),
      import('@aws-sdk/client-batch'),
      import('@aws-sdk/client-scheduler'),
    ]);
    await t.rejects(secrets.send(new ListSecretsCommand()), { message: 'stopped' });
    await t.rejects(batch.send(new DescribeJobQueuesCommand()), { message: 'stopped' });
    await t.rejects(scheduler.send(new GetScheduleCommand({ Name: 'x' })), { message: 'stopped' });
    for (const client of [secrets, batch, scheduler]) client.destroy();
    return hosts;
  };
  for (const host of await hostsOf(true, null)) t.match(host, /fips|us-gov-west-1\.amazonaws\.com$/);
  t.match((await hostsOf(true, null))[0], /^secretsmanager-fips\.us-gov-west-1\./);
  t.equal((await hostsOf(true, 'https://vpce-1.example.org'))[0], 'vpce-1.example.org');
  for (const host of await hostsOf(false, null)) t.notMatch(host, /fips/);
});

withAws('uses another account with a role and external id, and fails without the role', async (t, aws) => {
  const assumeRole = `arn:aws:iam::${OTHER}:role/launch`;
  const executionRole = `arn:aws:iam::${OTHER}:role/execution`;
  const settings = settingsFor(aws, { executionRole, assumeRole, externalId: 'lab-1' });
  awsBatchRules.assertValid?.({ aws: settings });
  await makeQueue(aws, { region: settings.region, credentials: await fetchCredentials(accessOf(settings)) });
  aws.calls.length = 0;
  const reference = await placeAndRemove(t, settings);
  t.equal(parseArn(reference)?.account, OTHER);
  const assumed = aws.calls.filter(({ action }) => action === 'sts:AssumeRole');
  t.ok(assumed.length > 0 && assumed.every(({ body }) => body.includes('ExternalId=lab-1')));
  t.notOk(
    aws.calls.some(
      ({ action, accessKey }) => /^(secretsmanager|batch):/.test(action) && accessKey === 'AKIDTEST',
    ),
    'uses only the credentials of the role',
  );
  await t.rejects(placeAndRemove(t, without(settings, 'assumeRole', 'externalId')), {
    code: 'compute-environment-invalid',
    message: new RegExp(`account ${ACCOUNT}, but the execution role is in ${OTHER}`),
  });
  t.same(await aws.secrets(), []);
});

withAws('provided credentials assume the role, or belong to the account already', async (t, aws) => {
  const assumeRole = `arn:aws:iam::${OTHER}:role/launch`;
  const executionRole = `arn:aws:iam::${OTHER}:role/execution`;
  const settings = settingsFor(aws, { executionRole, assumeRole });
  const access = accessOf(settings);
  const ofRole = await fetchCredentials(access);
  await makeQueue(aws, { region: settings.region, credentials: ofRole });
  const provided = new ProvidedCredentials();
  const store = storeFor(provided);
  const { place } = await placeOne(store, settings);
  aws.rules.expired.add('AKIDTEST');
  await t.rejects(store.remove(place), { code: 'aws-credentials' });
  const [ended, base] = ['AKIDTEST', 'AKIDFRESH'].map((accessKeyId) => ({
    accessKeyId,
    secretAccessKey: 'y',
  })) as [AwsCredentials, AwsCredentials];
  await t.rejects(store.useCredentials(place, ended), { code: 'aws-credentials' });
  aws.rules.denied.add('sts:AssumeRole');
  await t.rejects(
    store.useCredentials(place, base),
    { code: 'aws-denied' },
    'reports why the role cannot be assumed',
  );
  await store.useCredentials(place, ofRole);
  t.equal((await store.inspect(place)).state, 'present', 'credentials of the account need no role');
  aws.rules.denied.clear();
  provided.forget(OTHER);
  await t.rejects(store.inspect(place), { code: 'aws-credentials' });
  await store.useCredentials(place, base);
  await store.remove(place);
  t.equal((await store.inspect(place)).state, 'absent');
  t.same(await aws.secrets(), []);
});

withAws('rejects queues on EKS and disabled queues', async (t, aws) => {
  const answers: Record<string, object> = {};
  aws.batch = async (action) => answers[action];
  const refused = async (message: RegExp): Promise<void> => {
    await t.rejects(placeAndRemove(t, settingsFor(aws)), { code: 'compute-environment-invalid', message });
  };
  answers['describecomputeenvironments'] = {
    computeEnvironments: [
      {
        computeEnvironmentName: 'on-eks',
        computeEnvironmentArn: `arn:aws:batch:eu-west-1:${ACCOUNT}:compute-environment/on-eks`,
        containerOrchestrationType: 'EKS',
        eksConfiguration: {
          eksClusterArn: `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/c`,
          kubernetesNamespace: 'n',
        },
      },
    ],
  };
  await refused(/runs jobs on EKS \(on-eks\), where job definitions cannot reference secrets/);
  delete answers['describecomputeenvironments'];
  answers['describejobqueues'] = { jobQueues: [{ jobQueueName: 'q', state: 'DISABLED' }] };
  await refused(/is disabled/);
  t.same(await aws.secrets(), []);
  t.notOk(aws.calls.some(({ action }) => action.endsWith(':CreateSecret')));
});
