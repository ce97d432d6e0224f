// The vault key of a server, encrypted with AWS KMS.
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf } from '../../support/postgres-databases.ts';
import { until } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';
import { AGE_REKEY, copyKeyFile, keyFileOf, keyLinesOf } from '../../support/server/vault-key-file.ts';
import { KmsAdministrator } from '../../support/aws/kms.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';

t.setTimeout(600_000);

const LINE = /^nf-escrow-key-3 kms ([0-9a-f]{16}) (arn:aws:kms:\S+) (\S+)$/;

/** A server whose vault key comes from a key of KMS. */
function serverOn(t: Test, aws: StrictAws, vault: object = {}, more: object = {}): TeamServer {
  const server = new TeamServer(t);
  configure(server, aws, vault, more);
  return server;
}

function configure(server: TeamServer, aws: StrictAws, vault: object, more: object = {}): void {
  server.configure({ ...more, vault: { kmsEndpoint: aws.endpoint, ...vault } });
}

async function stop(server: TeamServer): Promise<void> {
  server.kill('SIGTERM');
  await server.started?.ended;
}

/** Starts a server and waits until it answers, ready or not. */
async function restart(server: TeamServer): Promise<void> {
  await stop(server);
  await server.start();
}

async function readiness(server: TeamServer): Promise<{ status: number; text: string }> {
  return server.request('/v1/ready', server.bearer);
}

const body = (value: string): object => ({ valueBase64: Buffer.from(value).toString('base64') });

/** Returns the files below a directory that contain one of the texts. */
function filesWith(directory: string, texts: readonly Buffer[]): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => texts.some((text) => readFileSync(path).includes(text)));
}

withAws('creates the vault key with KMS, and decrypts it at each start', async (t, aws) => {
  const administrator = new KmsAdministrator(aws);
  const arn = await administrator.create('nf-escrow');
  const alias = arn.replace(/key\/.*/, 'alias/nf-escrow');
  const server = serverOn(t, aws, { kmsKeyId: alias });
  const init = await server.escrow(['serve', 'init', '--print-token']);
  t.equal(init.status, 0, init.stderr);
  server.token = init.stdout.trim();
  const ledger = /nf-escrow-ledger=(\S+)\./.exec(init.stderr)?.[1] ?? '';
  t.match(ledger, /^[0-9a-f-]{36}$/, 'the output names the encryption context');

  const [, id, keyArn, blob = ''] = LINE.exec(keyLinesOf(server)[0] ?? '') ?? [];
  t.equal(keyArn, arn, 'the key and not the alias, which may point to another key later');
  const plain = await administrator.decrypt(Buffer.from(blob, 'base64'), ledger);
  t.equal(plain.length, 32);

  await server.start();
  const canary = randomBytes(24).toString('hex');
  await server.client(t).call('PUT', '/v1/user/secrets/TOKEN', body(canary));
  await restart(server);
  t.equal((await readiness(server)).status, 200);
  await server.client(t).call('PUT', '/v1/user/secrets/OTHER', body(canary));
  const log = (await (server.kill('SIGTERM'), server.started?.ended))?.stdout ?? '';
  const texts = [
    ...[plain, Buffer.from(plain.toString('hex')), Buffer.from(plain.toString('base64'))],
    Buffer.from(canary),
  ];
  t.same(filesWith(server.box.directory, texts), [], 'neither key nor value is in any file');
  for (const text of [...texts.slice(1)]) t.notOk(log.includes(text.toString()), 'nor in the log');
  t.match(await server.escrow(['serve', 'rekey', 'prepare']), { status: 0 });
  const activated = await server.escrow(['serve', 'rekey', 'activate']);
  t.match(activated, { status: 0, stdout: /^Encrypted 2 values/ }, 'the values could be decrypted');
  t.match(aws.counts, { 'kms:GenerateDataKey': 1 });
  t.not(id, undefined);
});

withAws(
  'a server whose key is disabled keeps running, and a restarted one waits for the key',
  async (t, aws) => {
    const administrator = new KmsAdministrator(aws);
    const arn = await administrator.create();
    const server = serverOn(t, aws, { kmsKeyId: arn });
    await server.init();
    await server.start();
    await administrator.disable(arn);
    t.equal((await readiness(server)).status, 200, 'the key is in memory');
    await server.client(t).call('PUT', '/v1/user/secrets/TOKEN', body('x'));

    await restart(server);
    const line = await server.logged('cannot decrypt the vault key; trying again');
    t.match(line, { code: 'vault-kms-failed', reason: /the key is disabled/, hint: /aws kms enable-key/ });
    t.equal((await server.request('/v1/health')).status, 200);
    const stranger = await server.request('/v1/ready');
    t.equal(stranger.status, 503);
    t.notMatch(stranger.text, /kms|key|arn/i, 'strangers get no details');
    const known = await readiness(server);
    t.match(known, { status: 503, text: /the key of the vault cannot be used/ });
    t.notMatch(known.text, /arn:/, 'only the log names the key of KMS');
    await t.rejects(server.client(t).call('PUT', '/v1/user/secrets/TOKEN', body('y')), {
      code: 'vault-kms-failed',
      message: /^(?!.*arn:)/,
    });

    await administrator.enable(arn);
    await until('ready without a restart', async () => (await readiness(server)).status === 200);
    await server.client(t).call('PUT', '/v1/user/secrets/TOKEN', body('y'));

    await administrator.scheduleDeletion(arn);
    await restart(server);
    t.match(await server.logged('cannot decrypt the vault key; trying again'), {
      reason: /pending deletion/,
      hint: /cancel-key-deletion/,
    });
  },
);

withAws('a key file that was copied to another ledger cannot be used', async (t, aws) => {
  const arn = await new KmsAdministrator(aws).create();
  const [one, other] = [serverOn(t, aws, { kmsKeyId: arn }), serverOn(t, aws, { kmsKeyId: arn })];
  await one.init();
  await other.init();
  copyFileSync(keyFileOf(one), keyFileOf(other));
  await other.start();
  const line = await other.logged('cannot decrypt the vault key; trying again');
  t.match(line, { code: 'vault-key-mismatch', reason: /belongs to another ledger/ });
  t.equal((await readiness(other)).status, 503);
  await t.rejects(other.client(t).call('PUT', '/v1/user/secrets/TOKEN', body('x')), {
    code: 'vault-key-mismatch',
  });
});

withAws('`serve init` reports what is wrong with the key, and leaves no administrator', async (t, aws) => {
  const administrator = new KmsAdministrator(aws);
  const arn = await administrator.create();
  const server = serverOn(t, aws, { kmsKeyId: arn });
  const init = async (): Promise<{ status: number | null; stderr: string }> =>
    server.escrow(['serve', 'init', '--print-token']);

  for (const action of ['kms:GenerateDataKey', 'kms:Decrypt']) {
    aws.rules.denied.add(action);
    const denied = await init();
    t.match(denied, { status: 69, stderr: /access denied/ }, action);
    t.ok(denied.stderr.includes(`Allow ${action} on the key, with the encryption context nf-escrow-ledger=`));
    aws.rules.denied.clear();
  }
  aws.rules.known = new Set(['AKIDOTHER']);
  t.match(await init(), { status: 69, stderr: /no valid AWS credentials.*UnrecognizedClient/s });
  aws.rules.known = undefined;
  const elsewhere = arn.replace(/:kms:[^:]+:/, ':kms:us-east-1:');
  configure(server, aws, { kmsKeyId: elsewhere });
  t.match(await init(), { status: 69, stderr: /does not exist in us-east-1/ });
  configure(server, aws, { kmsKeyId: 'alias/unknown' });
  t.match(await init(), { status: 78, stderr: /does not name a region, and AWS_REGION is not set/ });
  server.configure({ vault: { kmsKeyId: arn } });
  t.match(await init(), { status: 78, stderr: /not encrypted.*AWS_ENDPOINT_URL/s });

  configure(server, aws, { kmsKeyId: arn });
  aws.rules.throttling = 3;
  const created = await init();
  t.equal(created.status, 0, 'throttled requests are sent again');
  t.equal(
    created.stderr.includes('NodeVersionSupportWarning'),
    false,
    'the version of the SDK is ours to choose',
  );
  t.equal(aws.rules.throttling, 0);
});

withAws('replicas move from a key file to KMS and back while they serve requests', async (t, aws) => {
  const database = await postgresServer();
  if (database === undefined) return;
  const arn = await new KmsAdministrator(aws).create();
  const url = await database.createDatabase();
  const [one, two] = [new TeamServer(t), new TeamServer(t)];
  const configureBoth = (vault: object): void => {
    for (const server of [one, two]) {
      const urlFile = join(server.box.directory, 'database-url');
      writeFileSync(urlFile, `${url}\n`, { mode: 0o600 });
      configure(server, aws, vault, { database: { urlFile, poolSize: 4 } });
    }
  };
  configureBoth({});
  await one.init();
  two.token = one.token;
  mkdirSync(join(two.box.directory, 'server-key'), { mode: 0o700 });
  copyKeyFile(one, two);
  for (const server of [one, two]) await server.start();
  const write = async (): Promise<void> => {
    for (const server of [one, two])
      await server.client(t).call('PUT', `/v1/user/secrets/KEY_${String(server.port)}`, body('x'));
  };
  await write();
  t.equal(aws.counts['kms:Decrypt'], undefined, 'KMS is not asked before a key comes from it');

  const rekey = async (...options: string[]): Promise<void> => {
    const prepared = await one.escrow(['serve', 'rekey', 'prepare', ...options]);
    t.equal(prepared.status, 0, prepared.stderr);
    one.kill('SIGHUP');
    t.match(await one.escrow(['serve', 'rekey', 'activate']), { status: 75, stderr: /do not have it/ });
    copyKeyFile(one, two);
    two.kill('SIGHUP');
    await until(
      'both replicas have the key',
      async () => (await one.escrow(['serve', 'rekey', 'activate'])).status === 0,
    );
    await write();
    await asAdministrator(database.config, AGE_REKEY, databaseOf(url));
    t.match(await one.escrow(['serve', 'rekey', 'activate']), { status: 0, stdout: /only the new key/ });
    two.kill('SIGHUP');
    for (const server of [one, two]) await until('one key', () => keyLinesOf(server).length === 1);
    await write();
    for (const server of [one, two]) t.equal((await readiness(server)).status, 200);
  };

  await rekey('--kms', arn);
  for (const server of [one, two]) t.match(keyLinesOf(server), [LINE]);
  configureBoth({ kmsKeyId: arn });
  for (const server of [one, two]) await restart(server);
  await write();
  for (const server of [one, two])
    t.match(await readiness(server), { status: 200, text: /^(?!.*vault-key-not-from-kms)/ });

  await rekey();
  for (const server of [one, two]) t.match(keyLinesOf(server), [/^nf-escrow-key-1 /]);
  t.match((await readiness(one)).text, /vault-key-not-from-kms/, 'the setting has no effect');
  configureBoth({});
  aws.rules.down = true;
  for (const server of [one, two]) await restart(server);
  await write();
});

withAws('`serve rekey prepare --kms` rejects other text, and needs a key', async (t, aws) => {
  const server = serverOn(t, aws);
  await server.init();
  for (const key of ['arn:aws:kms:eu-west-1:1:key/x', 'arn:aws:iam::123456789012:role/x', '../key', 'a b']) {
    const { status, stderr } = await server.escrow(['serve', 'rekey', 'prepare', '--kms', key]);
    t.match({ status, stderr }, { status: 64, stderr: /does not name a key of AWS KMS/ }, key);
  }
  t.match(await server.escrow(['serve', 'rekey', 'prepare', '--kms', '--command']), { status: 64 });
  t.match(await server.escrow(['serve', 'rekey', 'prepare', '--kms']), {
    status: 78,
    stderr: /no key is named/,
  });
  t.equal(keyLinesOf(server).length, 1);
});
