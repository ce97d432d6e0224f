// nf-escrow sweep: what it takes for left, what it leaves to others, and that nobody can have it do otherwise by tags.
import { existsSync } from 'node:fs';
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

const OTHER = '222233334444';
const DAY = 24 * 3600_000;

const daysFrom = (now: number, days: number): string => new Date(now + days * DAY).toISOString();
const [past, future] = [daysFrom(Date.now(), -3), daysFrom(Date.now(), 1)];

/** Ada's machine, whose ledger knows of r4 that it is under way, and of r5 that it is over. */
const ada: Sweeper = {
  owner: 'ada',
  ledger: 'own',
  clock: Date.now,
  runState: async (run) => (run === 'r4' ? 'open' : run === 'r5' ? 'over' : 'unknown'),
};

type Tags = Readonly<Record<string, string>>;

withAws('sweep removes what its owner’s dead machines left, and nothing of others', async (t, aws) => {
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
    arns[run] = await make(aws, `nf-escrow/lab.rna/${run}`, { ...tags, run });
  await make(aws, 'nf-escrow-other/x/r1', { ...left, run: 'r1' });
  const elsewhere = await make(aws, 'nf-escrow-other/lab.rna/r6', {
    ...left,
    run: 'r6',
    'expires-at': future,
  });
  const old = { owner: 'ada', ledger: 'dead', 'created-at': past };
  await define(aws, 'nf-expired', { ...old, run: 'r1' }, arns['r1']); // as its secret, which is there
  await define(aws, 'nf-alone', { ...old, run: 'r9' }, arnOf('r9')); // its secret is gone
  await define(aws, 'nf-new', { ...old, run: 'r9', 'created-at': new Date().toISOString() }, arnOf('r9'));
  await define(aws, 'nf-lives', { ...old, run: 'r2' }, arns['r2']);
  await define(aws, 'nf-bob', { ...old, run: 'r9', owner: 'bob' }, arnOf('r9'));
  await define(aws, 'nf-own', { ...old, run: 'r4', ledger: 'own' }, arns['r4']);
  await define(aws, 'nf-elsewhere', { ...old, run: 'r6' }, elsewhere);
  await define(aws, 'nf-untold', { run: 'r9', 'created-at': past }, arnOf('r9')); // nobody knows whose it is
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
  t.equal((await aws.secrets()).length, 7, 'shown is not removed');
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
  t.match((await box.escrow(['sweep'])).stdout, /Nothing is left/);
  aws.rules.blindMs = 2000;
  aws.calls.length = 0;
  t.equal((await box.escrow(['run', '--compute-env', 'batch', 'sleep 3'])).status, 0);
  t.notOk('secretsmanager:ListSecrets' in aws.counts, 'a removal never depends on a list, which lags behind');
  t.notOk((await aws.secrets()).some((name) => name.includes('local.main')));
});

withAws('sweep with a ledger that knows no such run waits until it has expired', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const own = { owner: 'ada', ledger: 'own' };
  await make(aws, 'nf-escrow/lab.rna/r1', { ...own, run: 'r1', 'expires-at': future });
  await make(aws, 'nf-escrow/lab.rna/r2', { ...own, run: 'r2', 'expires-at': past });
  const arn = await make(aws, 'nf-escrow/lab.rna/r5', { ...own, run: 'r5', 'expires-at': future });
  await define(aws, 'nf-over', { ...own, run: 'r5', 'created-at': new Date().toISOString() }, arn);
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.match(swept.map(({ run, reason: why }) => [run, why]).sort(), [
    ['r2', /expired at .* and this ledger knows no such run/],
    ['r5', /its run is over/],
    ['r5', /its run is over/],
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1'], 'that of a run after the backup may live');
  t.same(await active(aws), []);
});

withAws('a peer who may tag has nothing removed that is not the sweeper’s', async (t, aws) => {
  aws.rules.ageMs = 30 * DAY;
  const forged = { owner: 'ada', ledger: 'own', 'expires-at': past, 'created-at': past };
  const bobs = { owner: 'bob', ledger: 'bobs', 'expires-at': future };
  const live = await make(aws, 'nf-escrow/lab.rna/r3', { ...bobs, run: 'r3' });
  await tag(aws, live, { ...forged, run: 'r5' }); // a run of Ada's that is over
  const dead = await make(aws, 'nf-escrow/lab.rna/r7', { ...bobs, run: 'r7' });
  await tag(aws, dead, { ...forged, ledger: 'dead' });
  // Made by hand, with Ada's tags and a name as those of her runs; and one with a version that was put there since.
  await make(aws, 'nf-escrow/lab.rna/r5', { ...forged, run: 'r5' }, 'a'.repeat(64));
  const changed = await make(aws, 'nf-escrow/lab.rna/r8', { ...forged, run: 'r8' });
  await putValue(aws, changed);
  // A token says for which name it was made.
  const token = creationToken('nf-escrow/lab.rna/r1', { owner: 'ada', ledger: 'own' });
  await make(aws, 'nf-escrow/lab.rna/r9', { ...forged, run: 'r9' }, token);
  await make(aws, 'nf-escrow/production/database', { ...forged, run: 'r5' });
  await define(aws, 'production', { ...forged, run: 'r5' });
  await define(aws, 'bobs', { ...forged, run: 'r5' }, live);
  await define(aws, 'mixed', { ...forged, run: 'r5' }, arnOf('r5', 'AaAaAa'), live);
  await define(aws, 'database', { ...forged, run: 'r5' }, arnOf('r5').replace('lab.rna/r5', 'database'));
  const before = [await aws.secrets(), await active(aws)];
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.same([await aws.secrets(), await active(aws)], before, 'all of it is there');
  t.notOk(
    aws.calls.some(({ action }) => /Delete|deregister/i.test(action)),
    'nothing was even asked for',
  );
  t.same(
    swept.map(({ target, removable }) => [nameIn(target), removable]).sort(),
    ['r3', 'r5', 'r7', 'r8', 'r9'].map((run) => [`nf-escrow/lab.rna/${run}`, false]),
    'what was changed is shown to a person',
  );
  for (const { reason: why } of swept) t.match(why, /nothing proves who made it/);
});

withAws('a peer who may tag hides nothing, and ends no run', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const own = { owner: 'ada', ledger: 'own', 'expires-at': past };
  const dead = { ...own, ledger: 'dead' };
  const over = await make(aws, 'nf-escrow/lab.rna/r5', { ...own, run: 'r5' });
  await untag(aws, over, Object.keys(asTags({ ...own, run: '' })));
  const stripped = await make(aws, 'nf-escrow/lab.rna/r1', { ...dead, run: 'r1' });
  await untag(aws, stripped, ['nf-escrow:owner', 'nf-escrow:ledger', 'nf-escrow:run']);
  const withoutExpiry = await make(aws, 'nf-escrow/lab.rna/r2', { ...dead, run: 'r2' });
  await untag(aws, withoutExpiry, ['nf-escrow:expires-at']);
  const forever = await make(aws, 'nf-escrow/lab.rna/r7', { ...dead, run: 'r7' });
  await tag(aws, forever, { 'expires-at': daysFrom(Date.now(), 4000), owner: 'bob' });
  const read = await make(aws, 'nf-escrow/lab.rna/r8', { ...dead, run: 'r8' }); // its tag was set back
  await readValue(aws, read);
  await define(aws, 'nf-stripped', {}, over);
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.match(
    swept.map(({ target, removed, reason: why }) => [nameIn(target), removed, why]).sort(),
    [
      [/job-definition\/nf-stripped/, true, /its run is over/],
      ['nf-escrow/lab.rna/r1', true, /expired at/],
      ['nf-escrow/lab.rna/r2', false, /tag does not say until when/],
      ['nf-escrow/lab.rna/r5', true, /its run is over/],
      ['nf-escrow/lab.rna/r7', false, /tag does not say until when/],
    ].sort(),
  );
  t.same(
    await aws.secrets(),
    ['nf-escrow/lab.rna/r2', 'nf-escrow/lab.rna/r7', 'nf-escrow/lab.rna/r8'],
    'what was read a day ago is of a run that lives',
  );
  aws.rules.ageMs = 0;
  await make(aws, 'nf-escrow/lab.rna/r9', { ...dead, run: 'r9' });
  const young = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.notMatch(JSON.stringify(young), /lab.rna\/r9/, 'nor has one expired that was made today');
});

withAws('a run that is said to live for long is shown', async (t, aws) => {
  aws.rules.ageMs = 8 * DAY;
  await make(aws, 'nf-escrow/lab.rna/r1', { run: 'r1', owner: 'ada', ledger: 'dead', 'expires-at': future });
  const swept = await sweepAws(settingsFor(aws), openSession, ada, true);
  t.match(swept, [{ run: 'r1', removable: false, removed: false, reason: /was made at .* may live until/ }]);
});

withAws('what comes back while it is swept stays', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const tags = { run: 'r1', owner: 'ada', ledger: 'dead', 'expires-at': past };
  const arn = await make(aws, 'nf-escrow/lab.rna/r1', tags);
  aws.batch = async (action) => {
    if (action === 'describejobdefinitions') await tag(aws, arn, { 'expires-at': future }); // after the list of secrets
    return undefined;
  };
  t.match(await sweepAws(settingsFor(aws), openSession, ada, true), [
    { run: 'r1', removed: false, error: /was changed/ },
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1']);
});

withAws('sweep shows what it does not remove, and how to go on', async (t, aws) => {
  aws.rules.ageMs = 5 * DAY;
  const box = await boxOn(t, aws);
  const dead = { owner: userInfo().username, ledger: 'dead', 'expires-at': past };
  await make(aws, 'nf-escrow/lab.rna/r1', { ...dead, run: 'r1' });
  await make(aws, 'nf-escrow/lab.rna/r2', { ...dead, run: 'r2' }, 'b'.repeat(64));
  t.match(
    (await box.escrow(['sweep'])).stdout,
    /--yes removes 1 of these\.\nThe others stay: .*describe-secret/,
  );
  const { leftovers } = await box.json<Leftovers>(['sweep', '--yes']);
  t.match(leftovers, [
    { run: 'r1', removable: true, removed: true },
    { run: 'r2', removable: false, removed: false },
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r2']);
});

withAws(
  'sweep goes on past what is refused, and past an environment that cannot be asked',
  async (t, aws) => {
    aws.rules.ageMs = 5 * DAY;
    const box = await boxOn(t, aws);
    const elsewhere = [
      '--region',
      'eu-central-1',
      '--execution-role',
      `arn:aws:iam::${OTHER}:role/execution`,
    ];
    await box.escrow(['compute-envs', 'create', 'a-broken', ...createBatch(aws).slice(3), ...elsewhere]);
    const dead = { owner: userInfo().username, ledger: 'dead', 'created-at': past, 'expires-at': past };
    for (const run of ['r1', 'r2']) await make(aws, `nf-escrow/lab.rna/${run}`, { ...dead, run });
    await define(aws, 'nf-one', { ...dead, run: 'r9' }, arnOf('r9'));
    aws.rules.denied.add('secretsmanager:DeleteSecret');
    const swept = await box.escrow(['sweep', '--yes']);
    t.equal(swept.status, 1, swept.stderr);
    t.match(swept.stderr, new RegExp(`a-broken: .* the secrets go to ${OTHER}`));
    for (const run of ['r1', 'r2'])
      t.match(swept.stderr, new RegExp(`${run}-\\w+ stays\\. It cannot be removed: .* may not do that`));
    t.match(swept.stdout, /nf-one:1 .*\nRemoved 1 of 3\.\n$/s);
    t.same(await active(aws), []);
    aws.rules.denied.clear();
    await box.escrow(['compute-envs', 'remove', 'a-broken', '--yes']);
    t.match(await box.escrow(['sweep', '--yes']), { status: 0, stderr: '', stdout: /Removed 2\.\n$/ });
    t.same(await aws.secrets(), []);
  },
);

withAws('what the product places is its own to sweep, whatever becomes of its tags', async (t, aws) => {
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
  t.match(found, { kind: 'secret', removable: true, reason: /the machine that made it has not come back/ });
  t.same(rest, []);
  t.match(
    await sweepAws(settingsFor(aws), openSession, { ...other, owner: 'bob' }, false),
    [{ removable: false }],
    'of another owner, whose it is cannot be told',
  );
});

const asTags = (tags: Tags): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`nf-escrow:${key}`, value]));
const listOf = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(asTags(tags)).map(([Key, Value]) => ({ Key, Value }));
const arnOf = (run: string, end = 'AbCdEf'): string =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab.rna/${run}-${end}`;
const nameIn = (arn: string): string => arn.replace(/^.*:secret:(.*)-\w{6}$/, '$1');

/** References are ARNs, in the order of names. */
async function define(
  aws: StrictAws,
  name: string,
  tags: Tags,
  ...arns: (string | undefined)[]
): Promise<void> {
  const secrets = arns.map((arn, index) => [`K_${String(index)}`, `${arn ?? ''}:K_${String(index)}::`]);
  await register(aws, name, asTags(tags), Object.fromEntries(secrets) as Record<string, string>);
}

/** Makes a secret as the product does, past the rules; gives its ARN. */
async function make(aws: StrictAws, name: string, tags: Tags, token?: string): Promise<string> {
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

/** As a task of its run does: by the rules, which note it. */
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
