// The IAM documents of a compute environment that belongs to a team server.
import t from 'tap';
import { policyPurposes } from '../../../daemon/aws/iam/iam-policies.ts';
import { renderServerDocuments, type ServerPolicyOptions } from '../../../daemon/aws/iam/server-policies.ts';

const ACCOUNT = '123456789012';
const OPTIONS: ServerPolicyOptions = {
  ...{ workspace: 'lab/rna', account: ACCOUNT, region: 'eu-west-1', executionRole: 'execution-lab-rna' },
};

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

const statementsOf = (document: object | undefined): readonly Statement[] =>
  (document as { Statement: Statement[] }).Statement;
const actionsIn = (document: object | undefined): string[] =>
  statementsOf(document).flatMap(({ Action }) => Action);

void t.test('renders one document for each identity, and says where it belongs', (t) => {
  const own = renderServerDocuments(OPTIONS);
  t.same(Object.keys(own), [
    'secrets-policy-server.json',
    'secrets-policy-execution-role.json',
    'secrets-policy-launcher.json',
    'secrets-trust-execution-role.json',
  ]);
  const all = renderServerDocuments({ ...OPTIONS, serverRole: 'escrow', deadManRole: 'dead-man' });
  t.equal(Object.keys(all).length, 8);
  for (const name of Object.keys(all)) t.ok(policyPurposes[name], name);
  t.notMatch(JSON.stringify(all), /YOUR-|\$\{/, 'no placeholder remains');
  for (const [name, document] of Object.entries(all))
    t.ok(JSON.stringify(document).length < 6144, `${name} fits into a managed policy`);
  t.end();
});

void t.test('the launching person gets no permission in Secrets Manager, and passes one role', (t) => {
  const all = { ...OPTIONS, serverRole: 'escrow', deadManRole: 'dead-man' };
  const kmsKey = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1`;
  const launcher = renderServerDocuments({ ...all, kmsKey })['secrets-policy-launcher.json'];
  t.notMatch(JSON.stringify(launcher), /secretsmanager|kms:|scheduler|sts:/);
  const passing = statementsOf(launcher).filter(({ Action }) => [Action].flat().includes('iam:PassRole'));
  t.same(
    passing.map(({ Resource }) => Resource),
    [`arn:aws:iam::${ACCOUNT}:role/execution-lab-rna`],
  );
  t.end();
});

void t.test('the execution role reads the secrets of its workspace only', (t) => {
  const execution = renderServerDocuments(OPTIONS)['secrets-policy-execution-role.json'];
  t.match(statementsOf(execution), [
    {
      Action: 'secretsmanager:GetSecretValue',
      Resource: `arn:aws:secretsmanager:*:${ACCOUNT}:secret:nf-escrow/lab.rna/*`,
    },
  ]);
  t.equal(statementsOf(execution).length, 1);
  t.end();
});

void t.test('the server creates and deletes in the prefix of the workspace, and reads nothing', (t) => {
  const server = renderServerDocuments({ ...OPTIONS, prefix: 'team' })['secrets-policy-server.json'];
  const onSecrets = statementsOf(server).filter(({ Action }) =>
    [Action].flat().some((one) => one.startsWith('secretsmanager:') && !one.endsWith(':ListSecrets')),
  );
  for (const { Resource } of onSecrets)
    t.equal(Resource, `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:team/lab.rna/*`);
  const actions = actionsIn(server);
  t.notOk(actions.some((action) => /GetSecretValue|PassRole|SubmitJob|Register/.test(action)));
  t.notOk(actions.some((action) => action.startsWith('scheduler:')));
  const switched = renderServerDocuments({ ...OPTIONS, deadManRole: 'dead-man' });
  const names = actionsIn(switched['secrets-policy-server.json']);
  for (const action of ['scheduler:CreateSchedule', 'iam:PassRole']) t.ok(names.includes(action), action);
  t.end();
});

void t.test('the role of the server is assumed with the external id, by the named identity', (t) => {
  const serverIdentity = 'arn:aws:iam::999999999999:role/escrow-host';
  const documents = renderServerDocuments({
    ...{ ...OPTIONS, serverRole: `arn:aws:iam::${ACCOUNT}:role/team/escrow`, externalId: 'a-b-c' },
    serverIdentity,
  });
  t.match(documents['secrets-trust-server.json'], {
    Statement: [
      {
        Principal: { AWS: serverIdentity },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'a-b-c' } },
      },
    ],
  });
  t.match(documents['secrets-policy-server-identity.json'], {
    Statement: [{ Action: 'sts:AssumeRole', Resource: `arn:aws:iam::${ACCOUNT}:role/team/escrow` }],
  });
  t.end();
});

void t.test('ARNs are of the partition of the region', (t) => {
  for (const [region, partition] of [
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
  ] as const) {
    const text = JSON.stringify(
      renderServerDocuments({ ...OPTIONS, region, serverRole: 'escrow', deadManRole: 'dead-man' }),
    );
    t.notMatch(text, /"arn:aws:/, region);
    t.ok(text.includes(`"arn:${partition}:secretsmanager:${region}:`));
  }
  t.end();
});

void t.test('rejects values that would change the meaning of a policy', (t) => {
  const wrong: [Partial<ServerPolicyOptions>, RegExp][] = [
    [{ workspace: 'lab/*' }, /--workspace/],
    [{ workspace: 'lab' }, /--workspace/],
    [{ account: '1234' }, /--account/],
    [{ region: '*' }, /--region/],
    [{ executionRole: '*' }, /role/],
    [{ executionRole: 'arn:aws:iam::999999999999:role/execution' }, /not the ARN of a role in account/],
    [{ executionRole: `arn:aws:iam::${ACCOUNT}:user/ada` }, /not the ARN of a role/],
    [{ serverRole: 'a*' }, /--server-role/],
    [{ serverRole: 'escrow', serverIdentity: '*' }, /--server-identity/],
    [{ serverRole: 'escrow', externalId: '' }, /--external-id/],
    [{ externalId: 'abc' }, /need --server-role/],
    [{ prefix: 'a/*' }, /--prefix/],
    [{ kmsKey: '*' }, /--kms-key/],
  ];
  for (const [one, message] of wrong)
    t.throws(
      () => renderServerDocuments({ ...OPTIONS, ...one }),
      { code: 'usage', message },
      JSON.stringify(one),
    );
  t.end();
});
