import t from 'tap';
import type { ServerEnvironmentInput } from '../../../daemon/contract/types.ts';
import { validate } from '../../../daemon/contract/validate.ts';
import { serverPlatforms } from '../../../daemon/stores/registry.ts';

const { 'aws-batch': platform } = serverPlatforms;
const settings: Omit<ServerEnvironmentInput, 'name' | 'platform'> = {
  aws: {
    ...{ region: 'eu-west-1', queue: 'spot', workDir: 's3://lab-work/nextflow' },
    executionRole: 'arn:aws:iam::123456789012:role/nf-escrow-lab-rna',
  },
};
const account = '123456789012';
const assumeRole = `arn:aws:iam::${account}:role/nf-escrow-server`;

void t.test(
  'acts with the identity that the configuration has for the account of the execution role',
  (t) => {
    const awsAccounts = [
      { account: '999999999999', profile: 'other' },
      { account, assumeRole, externalId: 'lab', prefix: 'team' },
    ];
    t.same(platform.complete('lab/rna', settings, { awsAccounts }), {
      aws: { ...settings.aws, assumeRole, externalId: 'lab', prefix: 'team' },
    });
    t.equal(platform.ownResource(settings), settings.aws.executionRole);
    t.end();
  },
);

void t.test('rejects accounts that the configuration does not permit to the workspace', (t) => {
  const invalid = { code: 'compute-environment-invalid', hint: /awsAccounts/ };
  t.throws(() => platform.complete('lab/rna', settings, {}), invalid);
  t.throws(
    () => platform.complete('lab/rna', settings, { awsAccounts: [{ account: '999999999999' }] }),
    invalid,
  );
  for (const [workspaces, isPermitted] of [
    [['lab/rna'], true],
    [['lab/*'], true],
    [['lab/dna'], false],
    [['other/*'], false],
    [[], false],
  ] as const) {
    const complete = (): object =>
      platform.complete('lab/rna', settings, { awsAccounts: [{ account, workspaces: [...workspaces] }] });
    if (isPermitted) t.match(complete(), settings, String(workspaces));
    else t.throws(complete, invalid, String(workspaces));
  }
  t.end();
});

void t.test('rejects queues and keys that do not fit the execution role', (t) => {
  const complete = (change: object): object =>
    platform.complete('lab/rna', { aws: { ...settings.aws, ...change } }, { awsAccounts: [{ account }] });
  for (const change of [
    { queue: 'arn:aws:batch:eu-west-1:999999999999:job-queue/spot' },
    { queue: `arn:aws:batch:us-east-1:${account}:job-queue/spot` },
    { kmsKey: `arn:aws:kms:us-east-1:${account}:key/x` },
    { region: 'cn-north-1' },
  ])
    t.throws(() => complete(change), { code: 'compute-environment-invalid' }, JSON.stringify(change));
  t.end();
});

void t.test('lets a workspace name neither an identity nor an endpoint nor a prefix', (t) => {
  const input = { name: 'batch', platform: 'aws-batch', ...settings };
  t.same(validate('server-environment-input.json', input), input);
  for (const change of [
    ...[{ endpoint: 'https://attacker.example' }, { profile: 'root' }, { prefix: 'other' }, { fips: false }],
    ...[{ assumeRole }, { externalId: 'x1' }, { deadMan: true }, { deadManRole: assumeRole }],
  ])
    t.throws(
      () => validate('server-environment-input.json', { ...input, aws: { ...settings.aws, ...change } }),
      { code: 'request-invalid' },
      JSON.stringify(change),
    );
  t.end();
});
