// Endpoints from environment variables and the AWS configuration: nothing is sent to an unencrypted one.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import { assertEncrypted, destinationOf } from '../../../daemon/aws/session/encrypted-transport.ts';
import { clientsFor, configuredEndpoint, openSession } from '../../../daemon/aws/session/session.ts';
import type { AwsSettings } from '../../../daemon/contract/types.ts';
import { createBatch } from '../../support/aws/aws-sandbox.ts';
import { ACCOUNT, environmentOf, settingsFor, storeFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Accepts connections on loopback and records what is sent. */
async function listenFor(t: Test): Promise<{ port: number; received: () => Buffer }> {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        chunks.push(chunk);
        socket.destroy();
      });
  });
  const port = await listenOnLoopback(server);
  t.teardown(() => server.close());
  return { port, received: () => Buffer.concat(chunks) };
}

/** Sets environment variables for one test. Undefined unsets a variable. */
function setEnvironment(t: Test, variables: Record<string, string | undefined>): void {
  const set = (values: Record<string, string | undefined>): void => {
    for (const [name, value] of Object.entries(values))
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  };
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  set(variables);
  t.teardown(() => set(before));
}

const REFUSED = {
  code: 'compute-environment-invalid',
  message: /the connection is not encrypted/,
  hint: /AWS_ENDPOINT|https/,
};

function withoutEndpoint(settings: AwsSettings): AwsSettings {
  const kept = Object.entries(settings).filter(([key]) => key !== 'endpoint');
  return Object.fromEntries(kept) as unknown as AwsSettings;
}

withAws('rejects an endpoint variable with plain HTTP and sends nothing', async (t, aws) => {
  const { port, received } = await listenFor(t);
  const address = `http://127.0.0.1:${String(port)}`;
  const settings = settingsFor(aws);
  const session = await openSession(accessOf(settings)); // the settings name moto as the endpoint
  const sm = await import('@aws-sdk/client-secrets-manager');
  const batch = await import('@aws-sdk/client-batch');
  const scheduler = await import('@aws-sdk/client-scheduler');
  const iam = await import('@aws-sdk/client-iam');
  const asks: Readonly<Record<string, () => Promise<unknown>>> = {
    STS: () => openSession(accessOf(settings)),
    BATCH: async () => (await session.batch()).send(new batch.DescribeJobQueuesCommand()),
    SCHEDULER: async () =>
      (await session.eventScheduler()).send(new scheduler.GetScheduleCommand({ Name: 'x' })),
    IAM: async () => (await session.iam()).send(new iam.GetRoleCommand({ RoleName: 'x' })),
    SECRETS_MANAGER: async () => {
      const { secretsManager } = clientsFor(accessOf(withoutEndpoint(settings)), {
        accessKeyId: 'AKIDTEST',
        secretAccessKey: 'test',
      });
      await (await secretsManager()).send(new sm.CreateSecretCommand({ Name: 'x', SecretString: 'canary' }));
    },
  };
  for (const [service, ask] of Object.entries(asks))
    await t.test(service, async (inner) => {
      setEnvironment(inner, { [`AWS_ENDPOINT_URL_${service}`]: address });
      await inner.rejects(ask(), REFUSED);
    });
  await t.test('AWS_ENDPOINT_URL without an endpoint in the compute environment', async (inner) => {
    setEnvironment(inner, { AWS_ENDPOINT_URL: address });
    await inner.rejects(storeFor().prepare('', environmentOf(withoutEndpoint(settings))), REFUSED);
    setEnvironment(inner, { AWS_ENDPOINT_URL: aws.endpoint });
    await inner.rejects(
      storeFor().prepare('', environmentOf(withoutEndpoint(settings))),
      REFUSED,
      'a loopback address is rejected too',
    );
  });
  t.equal(received().length, 0);
  t.notOk(aws.calls.some(({ action }) => action.endsWith('CreateSecret')));
});

withAws('rejects an AWS configuration file with a plain HTTP endpoint', async (t, aws) => {
  const { port, received } = await listenFor(t);
  const address = `http://127.0.0.1:${String(port)}`;
  const directory = temporaryDirectory(t);
  const texts = {
    general: `[default]\nendpoint_url = ${address}\n`,
    service: `[default]\nservices = mine\n[services mine]\nsts =\n  endpoint_url = ${address}\n`,
  };
  setEnvironment(t, { AWS_ENDPOINT_URL: undefined, AWS_CONFIG_FILE: undefined });
  for (const [name, text] of Object.entries(texts)) {
    const file = join(directory, name); // a new name, because the SDK caches files by name
    writeFileSync(file, text);
    process.env['AWS_CONFIG_FILE'] = file;
    await t.rejects(openSession(accessOf(settingsFor(aws))), REFUSED, name);
  }
  t.equal(received().length, 0);
});

withAws('sends nothing unencrypted while resolving credentials of a role and of SSO', async (t, aws) => {
  const { port, received } = await listenFor(t);
  const home = temporaryDirectory(t);
  const start = 'https://lab.awsapps.example/start';
  mkdirSync(join(home, '.aws/sso/cache'), { recursive: true });
  writeFileSync(
    join(home, '.aws/sso/cache', `${createHash('sha1').update(start).digest('hex')}.json`),
    JSON.stringify({ accessToken: 'canary-token', expiresAt: new Date(Date.now() + 3600_000).toISOString() }),
  );
  writeFileSync(
    join(home, 'config'),
    `[profile base]
aws_access_key_id = AKIDTEST
aws_secret_access_key = test
[profile role]
role_arn = arn:aws:iam::${ACCOUNT}:role/launch
source_profile = base
[profile sso]
sso_start_url = ${start}
sso_region = eu-west-1
sso_account_id = ${ACCOUNT}
sso_role_name = launch
`,
  );
  setEnvironment(t, {
    HOME: home,
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}`,
  });
  for (const profile of ['role', 'sso'])
    await t.rejects(
      openSession(accessOf({ ...settingsFor(aws), profile })),
      { message: /the connection is not encrypted/ },
      profile,
    );
  t.equal(received().length, 0, 'sends neither a signature nor a token');
});

void t.test('uses and records an HTTPS endpoint from the environment', async (t) => {
  const { port, received } = await listenFor(t);
  const address = `https://127.0.0.1:${String(port)}`;
  setEnvironment(t, { AWS_ENDPOINT_URL_SECRETS_MANAGER: address, AWS_CONFIG_FILE: '/dev/null' });
  const access = accessOf({
    region: 'eu-west-1',
    queue: 'q',
    workDir: 's3://nf-work/run',
    executionRole: `arn:aws:iam::${ACCOUNT}:role/execution`,
  });
  const clients = clientsFor(access, { accessKeyId: 'x', secretAccessKey: 'canary-key' });
  const session = { access, identity: { account: ACCOUNT, arn: '' }, ...clients };
  t.equal(await configuredEndpoint(session), address, 'records the endpoint where the secret is created');
  const client = await clients.secretsManager();
  const { ListSecretsCommand } = await import('@aws-sdk/client-secrets-manager');
  await t.rejects(client.send(new ListSecretsCommand()));
  client.destroy();
  t.equal(received()[0], 0x16, 'starts a TLS handshake');
  const recorded = { ...session, access: { ...access, endpoint: 'https://vpce.example' } };
  t.equal(
    await configuredEndpoint(recorded),
    'https://vpce.example',
    'the endpoint of the compute environment takes precedence',
  );
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = 'http://proxy.example';
  await t.rejects(
    configuredEndpoint({ ...session, ...clientsFor(access, { accessKeyId: 'x', secretAccessKey: 'y' }) }),
    REFUSED,
  );
});

void t.test('accepts plain HTTP only for the loopback endpoint of the compute environment', async (t) => {
  const allowed = (address: string, endpoint: string | null): boolean => {
    try {
      assertEncrypted(destinationOf(address), { endpoint });
      return true;
    } catch {
      return false;
    }
  };
  t.ok(allowed('http://127.0.0.1:4566', 'http://127.0.0.1:4566/'));
  t.ok(allowed('http://localhost', 'http://localhost:80'));
  t.ok(allowed('http://[::1]:4566', 'http://[::1]:4566'));
  t.ok(allowed('https://anything.example', null));
  for (const [address, endpoint] of [
    ['http://127.0.0.1:4566', null],
    ['http://127.0.0.1:4566', 'https://127.0.0.1:4566'],
    ['http://127.0.0.1:4567', 'http://127.0.0.1:4566'],
    ['http://localhost:4566', 'http://127.0.0.1:4566'],
    ['http://127.0.0.1', 'http://127.0.0.1:4566'],
    ['http://proxy.example', 'http://proxy.example'],
    ['http://127.0.0.1.proxy.example', 'http://127.0.0.1.proxy.example'],
    ['http://169.254.169.254', 'http://169.254.169.254'],
    ['ws://127.0.0.1', 'ws://127.0.0.1'],
    ['no address', 'no address'],
  ] as const)
    t.notOk(allowed(address, endpoint), `${address} with the endpoint ${String(endpoint)}`);
});

withAws('a daemon started with a plain HTTP endpoint variable sends no secret there', async (t, aws) => {
  const { port, received } = await listenFor(t);
  const box = new Sandbox(t);
  const proxy = { AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}` };
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'canary', env: proxy }); // the daemon keeps its environment
  const without = createBatch(aws).filter(
    (word, index, all) => ![word, all[index - 1]].includes('--endpoint'),
  );
  await box.escrow(without);
  box.env['NXF_PLUGINS_DEFAULT'] = 'true';
  const refused = await box.escrow(['run', '--compute-env', 'batch', 'true']);
  t.equal(refused.status, 78, refused.stderr);
  t.match(
    refused.stderr,
    /http:\/\/127\.0\.0\.1:\d+: the connection is not encrypted.*nf-escrow daemon stop/s,
  );
  t.equal(received().length, 0);
});
