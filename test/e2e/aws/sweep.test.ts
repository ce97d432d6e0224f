// nf-escrow sweep: what it takes for left, and what it leaves to others.
import { userInfo } from 'node:os';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { sweepAws, type Sweeper } from '../../../daemon/aws/sweep.ts';
import { active, register } from '../../support/aws/batch.ts';
import { boxOn, createBatch } from '../../support/aws/aws-sandbox.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { REGION, settingsFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';

const OTHER = '222233334444';

withAws('sweep removes what its owner’s dead machines left, and nothing of others', async (t, aws) => {
  const day = 24 * 3600_000;
  const past = new Date(Date.now() - 3 * day).toISOString();
  const future = new Date(Date.now() + day).toISOString();
  const left = { run: 'r1', owner: 'ada', ledger: 'dead', 'expires-at': past };
  const others = {
    r2: { ...left, run: 'r2', 'expires-at': future },
    r3: { ...left, run: 'r3', owner: 'bob' },
    r4: { ...left, run: 'r4', ledger: 'own' },
  };
  for (const tags of [left, ...Object.values(others)]) await make(aws, `nf-escrow/lab.rna/${tags.run}`, tags);
  await make(aws, 'nf-escrow-other/x/r1', left);
  const definition = { owner: 'ada', ledger: 'dead', 'created-at': past };
  await define(aws, 'nf-expired', { ...definition, run: 'r1' }); // as its secret, which is there
  await define(aws, 'nf-alone', { ...definition, run: 'r9' }); // its secrets are gone
  await define(aws, 'nf-new', { ...definition, run: 'r9', 'created-at': new Date().toISOString() });
  await define(aws, 'nf-lives', { ...definition, run: 'r2' });
  await define(aws, 'nf-bob', { ...definition, run: 'r9', owner: 'bob' });
  await define(aws, 'nf-own', { ...definition, run: 'r4', ledger: 'own' });
  await define(aws, 'nf-elsewhere', { ...definition, run: 'r6' }); // its secrets have another prefix
  await make(aws, 'nf-escrow-other/x/r6', { ...left, run: 'r6', 'expires-at': future });
  await define(aws, 'nf-untold', { run: 'r9', 'created-at': past }); // nobody knows whose it is
  await register(aws, 'nf-foreign', { 'nextflow.io/createdAt': past });
  const sweeper: Sweeper = {
    owner: 'ada',
    ledger: 'own',
    clock: Date.now,
    runState: async (run) => (run === 'r4' ? 'open' : 'unknown'),
  };
  const shown = await sweepAws(settingsFor(aws), openSession, sweeper, false);
  t.same(
    shown.map(({ kind, run, removed }) => [kind, run, removed]),
    [
      ['secret', 'r1', false],
      ['job-definition', 'r1', false],
      ['job-definition', 'r9', false],
    ],
  );
  t.match(
    shown.map(({ target }) => target),
    [/r1-\w+$/, /nf-expired:1$/, /nf-alone:1$/],
  );
  t.equal((await aws.secrets()).length, 6, 'shown is not removed');
  await sweepAws(settingsFor(aws), openSession, sweeper, true);
  t.same(await aws.secrets(), [
    'nf-escrow-other/x/r1',
    'nf-escrow-other/x/r6',
    'nf-escrow/lab.rna/r2',
    'nf-escrow/lab.rna/r3',
    'nf-escrow/lab.rna/r4',
  ]);
  const kept = [
    'nf-bob:1',
    'nf-elsewhere:1',
    'nf-foreign:1',
    'nf-lives:1',
    'nf-new:1',
    'nf-own:1',
    'nf-untold:1',
  ];
  t.same((await active(aws)).sort(), kept);
  const box = await boxOn(t, aws);
  t.match((await box.escrow(['sweep'])).stdout, /Nothing is left/);
  aws.rules.blindMs = 2000;
  aws.calls.length = 0;
  t.equal((await box.escrow(['run', '--compute-env', 'batch', 'sleep 3'])).status, 0);
  t.notOk('secretsmanager:ListSecrets' in aws.counts, 'a removal never depends on a list, which lags behind');
  t.notOk((await aws.secrets()).some((name) => name.includes('local.main')));
});

withAws('sweep with a ledger that knows no such run waits until it has expired', async (t, aws) => {
  const day = 24 * 3600_000;
  const [past, future] = [-3, 1].map((days) => new Date(Date.now() + days * day).toISOString());
  const own = { owner: 'ada', ledger: 'own' };
  await make(aws, 'nf-escrow/lab.rna/r1', { ...own, run: 'r1', 'expires-at': future ?? '' });
  await make(aws, 'nf-escrow/lab.rna/r2', { ...own, run: 'r2', 'expires-at': past ?? '' });
  await make(aws, 'nf-escrow/lab.rna/r3', { ...own, run: 'r3', 'expires-at': future ?? '' });
  await define(aws, 'nf-over', { ...own, run: 'r3', 'created-at': new Date().toISOString() });
  const sweeper: Sweeper = {
    ...own,
    clock: Date.now,
    runState: async (run) => (run === 'r3' ? 'over' : 'unknown'),
  };
  const swept = await sweepAws(settingsFor(aws), openSession, sweeper, true);
  t.match(swept.map(({ run, reason: why }) => [run, why]).sort(), [
    ['r2', /expired at .* and this ledger knows no such run/],
    ['r3', /its run is over/],
    ['r3', /its run is over/],
  ]);
  t.same(await aws.secrets(), ['nf-escrow/lab.rna/r1'], 'that of a run after the backup may live');
  t.same(await active(aws), []);
});

withAws(
  'sweep goes on past what is refused, and past an environment that cannot be asked',
  async (t, aws) => {
    const box = await boxOn(t, aws);
    const elsewhere = [
      '--region',
      'eu-central-1',
      '--execution-role',
      `arn:aws:iam::${OTHER}:role/execution`,
    ];
    await box.escrow(['compute-envs', 'create', 'a-broken', ...createBatch(aws).slice(3), ...elsewhere]);
    const past = new Date(Date.now() - 3 * 24 * 3600_000).toISOString();
    const dead = { owner: userInfo().username, ledger: 'dead', 'created-at': past };
    await make(aws, 'nf-escrow/lab.rna/r1', { ...dead, run: 'r1', 'expires-at': past });
    await make(aws, 'nf-escrow/lab.rna/r2', { ...dead, run: 'r2', 'expires-at': past });
    await define(aws, 'nf-one', { ...dead, run: 'r1' });
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

const asTags = (tags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`nf-escrow:${key}`, value]));

async function define(aws: StrictAws, name: string, tags: Record<string, string>): Promise<void> {
  await register(aws, name, asTags(tags));
}

async function make(aws: StrictAws, name: string, tags: Record<string, string>): Promise<void> {
  const { SecretsManagerClient, CreateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region: REGION, endpoint: aws.bare });
  const Tags = Object.entries(asTags(tags)).map(([Key, Value]) => ({ Key, Value }));
  await client.send(new CreateSecretCommand({ Name: name, SecretString: 'x', Tags }));
  client.destroy();
}
