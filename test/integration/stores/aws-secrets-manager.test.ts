import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import type { AwsSettings, SecretDelivery } from '../../../daemon/contract/types.ts';
import { AwsSecretsManager } from '../../../daemon/stores/aws/secrets-manager.ts';
import { awsWaits } from '../../../daemon/stores/aws/waits.ts';
import type { Placement, ObjectStore } from '../../../daemon/stores/store.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, environmentOf, REGION, settingsFor, storeFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const secretDelivery: SecretDelivery = {
  plugin: '1.0.0',
  reason: null,
  configPhase: false,
  environment: {},
  restore: {},
};

type Values = Readonly<Record<string, string | Buffer>>;
type Sent = (at: number | null) => Promise<void>;

function secretsOf(values: Values): Map<string, SecretValue> {
  return new Map(
    Object.entries(values).map(([name, value]) => [name, new SecretValue(Buffer.from(value as string))]),
  );
}

async function placementsOf(
  store: ObjectStore,
  settings: AwsSettings,
  values: Values,
  { run = 'r1', noteSent = async () => undefined }: { run?: string; noteSent?: Sent } = {},
): Promise<Placement[]> {
  const environment = environmentOf(settings);
  const wanted = { run, workspace: 'lab/rna', environment, secretDelivery, secrets: secretsOf(values) };
  const rest = {
    ledger: 'l1',
    sentAt: null,
    expiresAt: '2026-01-06T10:00:00.000Z',
  };
  return Promise.all(
    store.split(wanted).map(async (part) => {
      const locator = await store.prepare(part.target, environment);
      return { ...wanted, ...part, ...rest, locator, noteSent };
    }),
  );
}

async function only(...args: Parameters<typeof placementsOf>): Promise<Placement> {
  const [placement] = await placementsOf(...args);
  if (placement === undefined) throw new Error('split returned no bundle');
  return placement;
}

async function read(aws: StrictAws, name: string): Promise<string | undefined> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region: REGION, endpoint: aws.bare });
  return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
}

withAws(
  'creates one secret with JSON keys, or one for each value with --layout per-secret',
  async (t, aws) => {
    const store = storeFor();
    const odd = 'a\nb"c`d$e\\f\u2028é\u{1f9ec} ';
    const values = { FOO_KEY: odd, BAR_KEY: 'x' };
    const bundle = await only(store, settingsFor(aws), values);
    const references = await store.place(bundle);
    t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1']);
    t.same(JSON.parse((await read(aws, 'nf-escrow/lab.rna/r1')) ?? ''), values);
    const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab.rna/r1`;
    t.match(references.get('FOO_KEY'), new RegExp(`^${arn}-[A-Za-z0-9]{6}:FOO_KEY::$`));
    t.same([...references.keys()], ['BAR_KEY', 'FOO_KEY']);
    const create = JSON.parse(
      aws.calls.find(({ action }) => action.endsWith('CreateSecret'))?.body ?? '',
    ) as {
      Tags: { Key: string; Value: string }[];
    };
    const tags = Object.fromEntries(create.Tags.map(({ Key, Value }) => [Key, Value]));
    t.match(tags, {
      'nf-escrow:run': 'r1',
      'nf-escrow:workspace': 'lab/rna',
      'nf-escrow:owner': 'ada',
      'nf-escrow:expires-at': '2026-01-06T10:00:00.000Z',
    });
    await store.remove(bundle);
    const settings = settingsFor(aws, { layout: 'per-secret', prefix: 'a/b' });
    const separate = await placementsOf(store, settings, values, { run: 'r2' });
    const each = new Map<string, string>();
    for (const placement of separate)
      for (const [name, reference] of await store.place(placement)) each.set(name, reference);
    t.same(await aws.secrets(), ['a/b/lab.rna/r2/BAR_KEY', 'a/b/lab.rna/r2/FOO_KEY']);
    t.equal(await read(aws, 'a/b/lab.rna/r2/FOO_KEY'), odd);
    t.match(each.get('FOO_KEY'), /r2\/FOO_KEY-[A-Za-z0-9]{6}$/, 'the reference has no JSON key');
  },
);

withAws('splits secrets over 64 KiB, and stores a value that fills one on its own', async (t, aws) => {
  const store = storeFor();
  const values = {
    A_KEY: 'x'.repeat(65_536), // too large for a JSON object with name and quotes
    B_KEY: '\u0001'.repeat(10_000), // six bytes per character when encoded
    C_KEY: '"'.repeat(5000),
    D_KEY: 'd',
  };
  const placements = await placementsOf(store, settingsFor(aws), values);
  const references = new Map<string, string>();
  for (const placement of placements)
    for (const [name, reference] of await store.place(placement)) references.set(name, reference);
  const names = ['nf-escrow/lab.rna/r1', 'nf-escrow/lab.rna/r1/2', 'nf-escrow/lab.rna/r1/3'];
  t.same(await aws.secrets(), names);
  t.notMatch(references.get('A_KEY'), /A_KEY/, 'a value on its own has no JSON key');
  const found: Record<string, string> = { A_KEY: (await read(aws, names[0] ?? '')) ?? '' };
  for (const name of names.slice(1))
    Object.assign(found, JSON.parse((await read(aws, name)) ?? '') as object);
  t.ok(
    Object.entries(values).every(([name, value]) => found[name] === value),
    'every value is exact',
  );
  for (const placement of placements) await store.remove(placement);
  for (const placement of placements) t.equal((await store.inspect(placement)).state, 'absent');
});

withAws('finds values that are not UTF-8, without a request to AWS', async (t, aws) => {
  const values = secretsOf({ FOO_KEY: 'fine', BAR_KEY: Buffer.from([0x66, 0xff]) });
  t.same(
    [...storeFor().findUndeliverable(values)],
    [['BAR_KEY', 'AWS Batch cannot carry its value, which is not UTF-8 text']],
  );
  t.same(aws.calls, []);
});

withAws('repeats the identical request after a lost answer and creates one secret', async (t, aws) => {
  const store = storeFor();
  const noted: (number | null)[] = [];
  const noteSent: Sent = async (at) => void noted.push(at);
  aws.rules.losing = 2;
  const placement = await only(store, settingsFor(aws), { FOO_KEY: 'x' }, { noteSent });
  t.match((await store.place(placement)).get('FOO_KEY'), /:FOO_KEY::$/);
  const creates = aws.calls.filter(({ action }) => action.endsWith('CreateSecret'));
  t.equal(creates.length, 3);
  t.equal(
    new Set(creates.map(({ body }) => body)).size,
    1,
    'all requests are identical, with token and tags',
  );
  t.equal(noted.length, 3, 'the send time of each is recorded and kept, because it got no answer');
  t.ok(noted.every((at) => typeof at === 'number'));
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1']);
});

withAws(
  'finds and deletes a secret whose create request is carried out after the deletion',
  async (t, aws) => {
    let now = Date.now();
    const store = new AwsSecretsManager({
      openSession,
      provided: new ProvidedCredentials(),
      owner: 'ada',
      clock: {
        now: () => now,
        monotonic: () => now,
        sleep: async (ms) => ((now += ms), sleep(Math.min(ms, 20))),
      },
      waits: { ...awsWaits, placing: 100 },
    });
    let sentAt: string | null = null;
    const noteSent: Sent = async (at) => void (sentAt = at === null ? null : new Date(at).toISOString());
    aws.rules.holding.push(700, 700, 700);
    const placement = await only(store, settingsFor(aws), { FOO_KEY: 'x' }, { noteSent });
    await t.rejects(store.place(placement), { code: 'store-unavailable' });
    t.ok(sentAt, 'keeps the send time of the unanswered request');
    const place = { target: placement.target, locator: placement.locator, sentAt };
    await store.remove(place);
    t.match(await store.inspect(place), { state: 'present', evidence: /may still be carried out/ });
    await aws.quiet();
    t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1'], 'the late request created the secret');
    await store.remove(place);
    t.equal((await store.inspect(place)).state, 'present', 'another late request is still possible');
    now = Date.parse(String(sentAt)) + awsWaits.late + 1;
    t.match(await store.inspect(place), { state: 'present', evidence: /checks again/ });
    now += awsWaits.apart;
    t.equal((await store.inspect(place)).state, 'absent');
    t.same(await aws.secrets(), []);
  },
);

withAws('waits for the background deletion and for consistent reads', async (t, aws) => {
  // Only waiting advances this clock, so that slow requests do not use up the waits.
  let now = Date.now();
  const store = new AwsSecretsManager({
    openSession,
    provided: new ProvidedCredentials(),
    owner: 'ada',
    clock: { now: () => now, monotonic: () => now, sleep: async (ms) => ((now += ms), sleep(ms)) },
    waits: { ...awsWaits, settling: 0 },
  });
  Object.assign(aws.rules, { deletionMs: 800, blindMs: 2000 });
  const placement = await only(store, settingsFor(aws), { FOO_KEY: 'x' });
  await store.place(placement);
  await store.remove(placement); // too early: AWS accepts the deletion although the secret is not visible yet
  const blind = await store.inspect(placement);
  t.equal(blind.state, 'present', `a deletion of an unseen secret proves nothing: ${blind.evidence}`);
  await until('AWS shows the secret', async () => / exists$/.test((await store.inspect(placement)).evidence));
  await store.remove(placement);
  t.equal((await store.inspect(placement)).state, 'absent');
  t.same(await aws.secrets(), [], 'not before the deletion is complete');
});

withAws('creates 100 secrets at once under a quota of 50 requests per second', async (t, aws) => {
  const store = storeFor(undefined, { placing: 30_000 });
  const placements = await Promise.all(
    Array.from({ length: 100 }, async (_, index) =>
      only(store, settingsFor(aws), { FOO_KEY: 'x' }, { run: `r${String(index)}` }),
    ),
  );
  aws.rules.perSecond = 50;
  const started = Date.now();
  await Promise.all(placements.map(async (placement) => store.place(placement)));
  const took = Date.now() - started;
  t.comment(`created 100 secrets in ${String(took)} ms`);
  t.equal((await aws.secrets()).length, 100);
});

withAws('reports each failure of AWS with its code and remedy', async (t, aws) => {
  const store = storeFor(undefined, { asking: 60_000, placing: 60_000 });
  const impatient = storeFor(undefined, { asking: 300, placing: 300 });
  const place = async (by = store): Promise<unknown> =>
    by.place(await only(store, settingsFor(aws), { FOO_KEY: 'x' }));
  aws.rules.denied.add('secretsmanager:CreateSecret');
  await t.rejects(place(), { code: 'aws-denied', message: /CreateSecret/ });
  aws.rules.denied.clear();
  aws.rules.expired.add('AKIDTEST');
  await t.rejects(place(), { code: 'aws-credentials', message: /Remedy: aws sso login/ });
  aws.rules.expired.clear();
  const placement = await only(store, settingsFor(aws), { FOO_KEY: 'x' });
  aws.rules.failing = 100;
  await t.rejects(impatient.place(placement), { code: 'store-unavailable' });
  aws.rules.failing = 0;
  aws.rules.down = true;
  await t.rejects(impatient.place(placement), { code: 'store-unavailable' });
  aws.rules.down = false;
  const notOurs = settingsFor(aws, { executionRole: 'arn:aws:iam::999999999999:role/execution' });
  await t.rejects(only(store, notOurs, { FOO_KEY: 'x' }), { code: 'compute-environment-invalid' });
  const noQueue = settingsFor(aws, { queue: 'nowhere' });
  await t.rejects(only(store, noQueue, { FOO_KEY: 'x' }), {
    code: 'compute-environment-invalid',
    message: /nowhere/,
  });
  t.same(await aws.secrets(), []);
  aws.rules.clockOffsetMs = -3_600_000;
  await place();
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1'], 'corrects a wrong local clock for the request');
});

withAws('resolves credentials for each request, and uses provided ones for removals', async (t, aws) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'credentials');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file;
  t.teardown(() => (process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/dev/null'));
  const signIn = (key: string): void => {
    writeFileSync(file, `[lab]\naws_access_key_id = ${key}\naws_secret_access_key = x\n`);
  };
  const provided = new ProvidedCredentials();
  const store = storeFor(provided);
  signIn('AKIDFIRST');
  aws.rules.expired.add('AKIDFIRST').add('AKIDTEST');
  const settings = settingsFor(aws, { profile: 'lab' });
  await t.rejects(only(store, settings, { FOO_KEY: 'x' }), {
    code: 'aws-credentials',
    message: /Remedy: aws sso login --profile lab/,
  });
  signIn('AKIDSECOND');
  const placement = await only(store, settings, { FOO_KEY: 'x' });
  await store.place(placement);
  aws.rules.expired.add('AKIDSECOND');
  await t.rejects(store.remove(placement), { code: 'aws-credentials' });
  provided.set(ACCOUNT, { accessKeyId: 'AKIDPROVIDED', secretAccessKey: 'x' });
  await t.rejects(
    only(store, settings, { FOO_KEY: 'x' }, { run: 'r2' }),
    { code: 'aws-credentials' },
    'does not use provided credentials to create secrets',
  );
  await store.remove(placement);
  t.equal((await store.inspect(placement)).state, 'absent');
  await t.rejects(only(store, settingsFor(aws, { profile: 'nobody' }), { FOO_KEY: 'x' }), {
    code: 'aws-credentials',
    message: /nobody/,
  });
});

withAws('needs the same calls for 1, 10 and 100 secrets', async (t, aws) => {
  const counts: Record<string, number>[] = [];
  for (const count of [1, 10, 100]) {
    const store = storeFor();
    aws.calls.length = 0;
    const values = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`K_${String(index)}`, randomBytes(30).toString('hex')]),
    );
    const placement = await only(store, settingsFor(aws), values, { run: `r${String(count)}` });
    await store.place(placement);
    await store.remove(placement);
    await store.inspect(placement);
    counts.push(aws.counts);
  }
  t.comment(JSON.stringify(counts[0]));
  t.match(counts[0], { 'secretsmanager:CreateSecret': 1, 'secretsmanager:DeleteSecret': 1 });
  t.same(counts[1], counts[0]);
  t.same(counts[2], counts[0]);
});
