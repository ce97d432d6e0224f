// nf-escrow sweep: what it removes and keeps, and that others cannot change this with tags.
import { existsSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { creationToken } from '../../../daemon/aws/provenance.ts';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { sweepAws } from '../../../daemon/aws/sweep.ts';
import type { Sweeper } from '../../../daemon/stores/sweeper.ts';
import type { Leftovers } from '../../../daemon/contract/types.ts';
import { active, register } from '../../support/aws/batch.ts';
import { boxOn, createBatch } from '../../support/aws/aws-sandbox.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, REGION, settingsFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until } from '../../support/sandbox.ts';

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

const OTHER = '222233334444';
const DAY = 24 * 3600_000;

const daysFrom = (now: number, days: number): string => new Date(now + days * DAY).toISOString();
const [past, future] = [daysFrom(Date.now(), -3), daysFrom(Date.now(), 1)];

/** The machine of user ada, in whose ledger r4 is open and r5 is purged. */
const ada: Sweeper = {
  owner: 'ada',
  ledger: 'own',
  clock: Date.now,
  runState: async (run) => (run === 'r4' ? 'open' : run === 'r5' ? 'over' : 'unknown'),
};

type Tags = Readonly<Record<string, string>>;

withAws('removes leftovers of the owner’s dead machines, and nothing of others', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const left = { owner: 'ada', ledger: 'dead', 'expires-at': past };
  const arns: Record<string, string> = {};
  for (const [run, tags] of Object.entries({
    r1: left,
    r2: { ...left, 'expires-at': future },
    r3: { ...left, owner: 'bob' },
    r4: { ...left, ledger: 'own' },
    r5: { ...left, ledger: 'own', 'expires-at': future },
  }))
    arns[run] = await createSecret(aws, `nf-escrow/lab.rna/${run}`, { ...tags, run });
  await createSecret(aws, 'nf-escrow-other/x/r1', { ...left, run: 'r1' });
  const elsewhere = await createSecret(aws, 'nf-escrow-other/lab.rna/r6', {
    ...left,
    run: 'r6',
    'expires-at': future,
  });
  const old = { owner: 'ada', ledger: 'dead', 'created-at': past };
  await define(aws, 'nf-expired', { ...old, run: 'r1' }, arns['r1']); // its secret exists and has expired
  await define(aws, 'nf-alone', { ...old, run: 'r9' }, arnOf('r9')); // its secret does not exist
  await define(aws, 'nf-new', { ...old, run: 'r9', 'created-at': new Date().toISOString() }, arnOf('r9'));
  await define(aws, 'nf-lives', { ...old, run: 'r2' }, arns['r2']);
  await define(aws, 'nf-bob', { ...old, run: 'r9', owner: 'bob' }, arnOf('r9'));
  await define(aws, 'nf-own', { ...old, run: 'r4', ledger: 'own' }, arns['r4']);
  await define(aws, 'nf-elsewhere', { ...old, run: 'r6' }, elsewhere);
  await define(aws, 'nf-untold', { run: 'r9', 'created-at': past }, arnOf('r9')); // has no owner tag
  await register(aws, 'nf-foreign', { 'nextflow.io/createdAt': past });
  const shown = await sweepAws(settingsFor(aws), openSession, ada, false);
  t.match(
    shown.map(({ kind, target, removable, removed }) => [kind, target, removable, removed]),
    [
      ['secret', /r1-\w+$/, true, false],
      ['secret', /r5-\w+$/, true, false],
      ['job-definition', /nf-expired:1$/, true, false],
      ['job-definition', /nf-alone:1$/, true, false],
    ],
  );
  t.equal((await aws.secrets()).length, 7, 'removes nothing without `remove`');
  await sweepAws(settingsFor(aws), openSession, ada, true);
  t.same(await aws.secrets(), [
    'nf-escrow-other/lab.rna/r6',
    'nf-escrow-other/x/r1',
    'nf-escrow/lab.rna/r2',
    'nf-escrow/lab.rna/r3',
    'nf-escrow/lab.rna/r4',
  ]);
  const kept = ['nf-bob', 'nf-elsewhere', 'nf-foreign', 'nf-lives', 'nf-new', 'nf-own', 'nf-untold'];
  t.same(
    (await active(aws)).sort(),
    kept.map((name) => `${name}:1`),
  );
  const box = await boxOn(t, aws);
  t.match((await box.escrow(['sweep'])).stdout, /Nothing to remove/);
  aws.rules.blindMs = 300;
  aws.calls.length = 0;
  const started = box.start(['run', '--compute-env', 'batch', HOLD]);
  await until('the head runs', () => existsSync(join(box.launch, 'here')));
  await until('AWS shows the secret', () => aws.showsAll);
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await started.ended).status, 0);
  t.notOk('secretsmanager:ListSecrets' in aws.counts, 'the purge of a run never lists secrets');
  t.notOk((await aws.secrets()).some((name) => name.includes('local.main')));
});

withAws('keeps the secret of a run that the ledger does not know until it expires', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const own = { owner: 'ada', ledger: 'own' };
  await createSecret(aws, 'nf-escrow/lab.rna/r1', { ...own, run: 'r1', 'expires-at': future });
  await createSecret(aws, 'nf-escrow/lab.rna/r2', { ...own, run: 'r2', 'expires-at': past });
  const arn = await createSecret(aws, 'nf-escrow/lab.rna/r5', { ...own, run: 'r5', 'expires-at': future });
  await define(aws, 'nf-over', { ...own, run: 'r5', 'created-at': new Date().toISOString() }, arn);
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.match(swept.map(({ run, reason: why }) => [run, why]).sort(), [
    ['r2', /expired at .* and its run is not in this ledger/],
    ['r5', /its run is purged/],
    ['r5', /its run is purged/],
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1'], 'a run newer than a restored backup may be alive');
  t.same(await active(aws), []);
});

withAws('forged tags do not make sweep remove objects of others', async (t, aws) => {
  aws.rules.ageMs = 30 * DAY;
  const forged = { owner: 'ada', ledger: 'own', 'expires-at': past, 'created-at': past };
  const bobs = { owner: 'bob', ledger: 'bobs', 'expires-at': future };
  const live = await createSecret(aws, 'nf-escrow/lab.rna/r3', { ...bobs, run: 'r3' });
  await tag(aws, live, { ...forged, run: 'r5' }); // a purged run of Ada's
  const dead = await createSecret(aws, 'nf-escrow/lab.rna/r7', { ...bobs, run: 'r7' });
  await tag(aws, dead, { ...forged, ledger: 'dead' });
  // A manually created secret with Ada's tags and a name like her runs; and a secret with a second version.
  await createSecret(aws, 'nf-escrow/lab.rna/r5', { ...forged, run: 'r5' }, 'a'.repeat(64));
  const changed = await createSecret(aws, 'nf-escrow/lab.rna/r8', { ...forged, run: 'r8' });
  await putValue(aws, changed);
  // A creation token is bound to a name.
  const token = creationToken('nf-escrow/lab.rna/r1', { owner: 'ada', ledger: 'own' });
  await createSecret(aws, 'nf-escrow/lab.rna/r9', { ...forged, run: 'r9' }, token);
  await createSecret(aws, 'nf-escrow/production/database', { ...forged, run: 'r5' });
  await define(aws, 'production', { ...forged, run: 'r5' });
  await define(aws, 'bobs', { ...forged, run: 'r5' }, live);
  await define(aws, 'mixed', { ...forged, run: 'r5' }, arnOf('r5', 'AaAaAa'), live);
  await define(aws, 'database', { ...forged, run: 'r5' }, arnOf('r5').replace('lab.rna/r5', 'database'));
  const before = [await aws.secrets(), await active(aws)];
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.same([await aws.secrets(), await active(aws)], before, 'everything still exists');
  t.notOk(
    aws.calls.some(({ action }) => /Delete|deregister/i.test(action)),
    'sends no delete request',
  );
  t.same(
    swept.map(({ target, removable }) => [nameIn(target), removable]).sort(),
    ['r3', 'r5', 'r7', 'r8', 'r9'].map((run) => [`nf-escrow/lab.rna/${run}`, false]),
    'reports modified secrets and keeps them',
  );
  for (const { reason: why } of swept) t.match(why, /its creator cannot be verified/);
});

withAws('forged tags neither hide leftovers nor expire a live run', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const own = { owner: 'ada', ledger: 'own', 'expires-at': past };
  const dead = { ...own, ledger: 'dead' };
  const over = await createSecret(aws, 'nf-escrow/lab.rna/r5', { ...own, run: 'r5' });
  await untag(aws, over, Object.keys(asTags({ ...own, run: '' })));
  const stripped = await createSecret(aws, 'nf-escrow/lab.rna/r1', { ...dead, run: 'r1' });
  await untag(aws, stripped, ['nf-escrow:owner', 'nf-escrow:ledger', 'nf-escrow:run']);
  const withoutExpiry = await createSecret(aws, 'nf-escrow/lab.rna/r2', { ...dead, run: 'r2' });
  await untag(aws, withoutExpiry, ['nf-escrow:expires-at']);
  const forever = await createSecret(aws, 'nf-escrow/lab.rna/r7', { ...dead, run: 'r7' });
  await tag(aws, forever, { 'expires-at': daysFrom(Date.now(), 4000), owner: 'bob' });
  const read = await createSecret(aws, 'nf-escrow/lab.rna/r8', { ...dead, run: 'r8' }); // its expiry tag was set back
  await readValue(aws, read);
  await define(aws, 'nf-stripped', {}, over);
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.match(
    swept.map(({ target, removed, reason: why }) => [nameIn(target), removed, why]).sort(),
    [
      [/job-definition\/nf-stripped/, true, /its run is purged/],
      ['nf-escrow/lab.rna/r1', true, /expired at/],
      ['nf-escrow/lab.rna/r2', false, /expires-at is missing or invalid/],
      ['nf-escrow/lab.rna/r5', true, /its run is purged/],
      ['nf-escrow/lab.rna/r7', false, /expires-at is missing or invalid/],
    ].sort(),
  );
  t.same(
    await aws.secrets(),
    ['nf-escrow/lab.rna/r2', 'nf-escrow/lab.rna/r7', 'nf-escrow/lab.rna/r8'],
    'keeps a secret that was read recently',
  );
  aws.rules.ageMs = 0;
  await createSecret(aws, 'nf-escrow/lab.rna/r9', { ...dead, run: 'r9' });
  const young = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.notMatch(JSON.stringify(young), /lab.rna\/r9/, 'keeps a secret that was created today');
});

withAws('reports the secret of a run that has been alive for more than a week', async (t, aws) => {
  aws.rules.ageMs = 8 * DAY;
  await createSecret(aws, 'nf-escrow/lab.rna/r1', {
    run: 'r1',
    owner: 'ada',
    ledger: 'dead',
    'expires-at': future,
  });
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.match(swept, [
    { run: 'r1', removable: false, removed: false, reason: /was created at .* may be alive until/ },
  ]);
});

withAws('keeps a secret that is renewed during the sweep', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const tags = { run: 'r1', owner: 'ada', ledger: 'dead', 'expires-at': past };
  const arn = await createSecret(aws, 'nf-escrow/lab.rna/r1', tags);
  aws.batch = async (action) => {
    if (action === 'describejobdefinitions') await tag(aws, arn, { 'expires-at': future }); // after the list of secrets
    return undefined;
  };
  t.match(await sweepAws(settingsFor(aws), openSession, ada, true), [
    { run: 'r1', removed: false, error: /changed during the sweep/ },
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1']);
});

withAws('prints what it keeps and how to proceed', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const box = await boxOn(t, aws);
  const dead = { owner: userInfo().username, ledger: 'dead', 'expires-at': past };
  await createSecret(aws, 'nf-escrow/lab.rna/r1', { ...dead, run: 'r1' });
  await createSecret(aws, 'nf-escrow/lab.rna/r2', { ...dead, run: 'r2' }, 'b'.repeat(64));
  t.match(
    (await box.escrow(['sweep'])).stdout,
    /To remove 1 of these, add --yes\.\nThe others are kept\. .*describe-secret/,
  );
  const { leftovers } = await box.json<Leftovers>(['sweep', '--yes']);
  t.match(leftovers, [
    { run: 'r1', removable: true, removed: true },
    { run: 'r2', removable: false, removed: false },
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r2']);
});

withAws('continues after a failed removal and after an unreachable environment', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const box = await boxOn(t, aws);
  const elsewhere = ['--region', 'eu-central-1', '--execution-role', `arn:aws:iam::${OTHER}:role/execution`];
  await box.escrow(['compute-envs', 'create', 'a-broken', ...createBatch(aws).slice(3), ...elsewhere]);
  const dead = { owner: userInfo().username, ledger: 'dead', 'created-at': past, 'expires-at': past };
  for (const run of ['r1', 'r2']) await createSecret(aws, `nf-escrow/lab.rna/${run}`, { ...dead, run });
  await define(aws, 'nf-one', { ...dead, run: 'r9' }, arnOf('r9'));
  aws.rules.denied.add('secretsmanager:DeleteSecret');
  const swept = await box.escrow(['sweep', '--yes']);
  t.equal(swept.status, 1, swept.stderr);
  t.match(swept.stderr, new RegExp(`a-broken: .* the execution role is in ${OTHER}`));
  for (const run of ['r1', 'r2'])
    t.match(swept.stderr, new RegExp(`kept \\S*${run}-\\w+: Removal failed: access denied`));
  t.match(swept.stdout, /nf-one:1 .*\nRemoved 1 of 3\.\n$/s);
  t.same(await active(aws), []);
  aws.rules.denied.clear();
  await box.escrow(['compute-envs', 'remove', 'a-broken', '--yes']);
  t.match(await box.escrow(['sweep', '--yes']), { status: 0, stderr: '', stdout: /Removed 2\.\n$/ });
  t.same(await aws.secrets(), []);
});

withAws('recognizes its own secrets after all tags were removed', async (t, aws) => {
  const box = await boxOn(t, aws);
  box.start(['run', '--compute-env', 'batch', 'touch here; sleep 60']);
  await until('the head runs', () => existsSync(join(box.launch, 'here')));
  const [name = ''] = await aws.secrets();
  await untag(aws, name, ['nf-escrow:owner', 'nf-escrow:ledger', 'nf-escrow:run']);
  const other: Sweeper = {
    ...ada,
    owner: userInfo().username,
    ledger: 'another',
    clock: () => Date.now() + 5 * DAY,
  };
  const [found, ...rest] = await sweepAws(settingsFor(aws), openSession, other, false);
  t.match(found, { kind: 'secret', removable: true, reason: /its machine has not removed it/ });
  t.same(rest, []);
  t.match(
    await sweepAws(settingsFor(aws), openSession, { ...other, owner: 'bob' }, false),
    [{ removable: false }],
    'the sweep of another owner does not remove it',
  );
});

const asTags = (tags: Tags): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`nf-escrow:${key}`, value]));
const listOf = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(asTags(tags)).map(([Key, Value]) => ({ Key, Value }));
const arnOf = (run: string, end = 'AbCdEf'): string =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab.rna/${run}-${end}`;
const nameIn = (arn: string): string => arn.replace(/^.*:secret:(.*)-\w{6}$/, '$1');

/** Registers a job definition with a reference to each ARN. */
async function define(
  aws: StrictAws,
  name: string,
  tags: Tags,
  ...arns: (string | undefined)[]
): Promise<void> {
  const secrets = arns.map((arn, index) => [`K_${String(index)}`, `${arn ?? ''}:K_${String(index)}::`]);
  await register(aws, name, asTags(tags), Object.fromEntries(secrets) as Record<string, string>);
}

/** Creates a secret like nf-escrow, directly in moto, and returns its ARN. */
async function createSecret(aws: StrictAws, name: string, tags: Tags, token?: string): Promise<string> {
  const { owner = '', ledger = '' } = tags;
  const { CreateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const command = new CreateSecretCommand({
    ...{ Name: name, SecretString: 'x', Tags: listOf(tags) },
    ClientRequestToken: token ?? creationToken(name, { owner, ledger }),
  });
  return withClient(aws, async (client) => (await client.send(command)).ARN ?? '');
}

async function tag(aws: StrictAws, SecretId: string, tags: Tags): Promise<void> {
  const { TagResourceCommand } = await import('@aws-sdk/client-secrets-manager');
  await withClient(aws, (client) => client.send(new TagResourceCommand({ SecretId, Tags: listOf(tags) })));
}

async function untag(aws: StrictAws, SecretId: string, TagKeys: string[]): Promise<void> {
  const { UntagResourceCommand } = await import('@aws-sdk/client-secrets-manager');
  await withClient(aws, (client) => client.send(new UntagResourceCommand({ SecretId, TagKeys })));
}

async function putValue(aws: StrictAws, SecretId: string): Promise<void> {
  const { PutSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  await withClient(aws, (client) => client.send(new PutSecretValueCommand({ SecretId, SecretString: 'y' })));
}

/** Reads the value like a task, through the strict AWS double, which records the access time. */
async function readValue(aws: StrictAws, SecretId: string): Promise<void> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region: REGION, endpoint: aws.endpoint });
  await client.send(new GetSecretValueCommand({ SecretId }));
  client.destroy();
}

async function withClient<T>(
  aws: StrictAws,
  work: (client: import('@aws-sdk/client-secrets-manager').SecretsManagerClient) => Promise<T>,
): Promise<T> {
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region: REGION, endpoint: aws.bare });
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}
