// Checks and IAM policies of compute environments.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { policyPurposes, renderDocuments } from '../../../daemon/aws/iam/iam-policies.ts';
import type { DoctorReport, PolicyList, Problem } from '../../../daemon/contract/types.ts';
import { EnvironmentExaminer } from '../../../daemon/doctor/examine-environment.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { environmentOf } from '../../support/aws/test-aws.ts';
import { subjectIn } from '../../support/doctor-context.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { Sandbox } from '../../support/sandbox.ts';

const KEY = '1234abcd-12ab-34cd-56ef-1234567890ab';
const aws = {
  region: 'cn-north-1',
  queue: 'spot',
  workDir: 's3://lab-work/nextflow',
  executionRole: 'arn:aws-cn:iam::123456789012:role/lab/execution',
  profile: 'absent',
};

void t.test('renders the policies of a compute environment from its settings', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const create = (name: string, more: object) =>
    box.http('POST', '/v1/compute-envs', { name, platform: 'aws-batch', aws: { ...aws, ...more } });
  const policies = async (name: string, query = ''): Promise<PolicyList> =>
    JSON.parse((await box.http('GET', `/v1/compute-envs/${name}/policies${query}`)).text) as PolicyList;
  await create('plain', {});
  await create('all', {
    kmsKey: KEY,
    prefix: 'lab',
    deadMan: true,
    deadManRole: 'arn:aws-cn:iam::123456789012:role/dead-man',
  });
  await create('alias', { kmsKey: 'alias/lab' });
  const common = {
    account: '123456789012',
    partition: 'aws-cn',
    owner: machineUser().user,
    executionRole: 'lab/execution',
  };
  const named = (options: Parameters<typeof renderDocuments>[0]): PolicyList['policies'] =>
    Object.entries(renderDocuments(options)).map(([name, document]) => ({
      name,
      purpose: policyPurposes[name] ?? '',
      document,
    }));
  const plain = await policies('plain');
  t.same(plain.policies, named(common));
  for (const { name, purpose } of (await policies('all')).policies)
    t.match(purpose, /^(Attach it|Set it as the trust policy)/, name);
  t.match(
    JSON.stringify(plain),
    'arn:aws-cn:iam::123456789012:role/lab/execution',
    'with the path of the role',
  );
  t.same(
    (await policies('all', '?workspace=lab%2Frna')).policies,
    named({
      ...common,
      workspace: 'lab/rna',
      prefix: 'lab',
      deadManRole: 'dead-man',
      kmsKey: `arn:aws-cn:kms:cn-north-1:123456789012:key/${KEY}`,
    }),
  );
  t.match(await policies('alias'), { code: 'compute-environment-invalid', hint: /--kms-key ARN/ });
  t.same(await policies('local'), { policies: [] });
  t.match(await policies('absent'), { code: 'compute-environment-not-found' });
});

void t.test('examines a compute environment in the daemon', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const examine = async (name: string, query = ''): Promise<DoctorReport & Problem> =>
    JSON.parse((await box.http('GET', `/v1/compute-envs/${name}/doctor${query}`)).text) as DoctorReport &
      Problem;
  const open = join(box.directory, 'open');
  mkdirSync(open);
  await box.http('POST', '/v1/compute-envs', {
    name: 'open',
    platform: 'hpc',
    runsDirectory: join(open, 'runs'),
  });
  await box.http('POST', '/v1/compute-envs', { name: 'batch', platform: 'aws-batch', aws });
  const local = (await examine('local')).checks;
  for (const name of ['java', 'nextflow', 'state directory', 'runs directory', 'free space'])
    t.ok(
      local.some((check) => check.name === name),
      name,
    );
  t.notOk(
    local.some(({ name }) => name === 'current directory'),
    'the directory of the daemon is not that of a launch',
  );
  t.match(
    (await examine('open')).checks.filter(({ name }) => name === 'environment runs directory'),
    [{ state: 'ok', found: /can be created/ }],
  );
  t.match((await examine('batch')).checks.at(-1), { state: 'failure', found: /profile|credentials/i });
  t.equal((await examine('absent')).code, 'compute-environment-not-found');
  t.equal((await examine('local', '?workspace=..%2F..')).code, 'request-invalid');
});

void t.test('shares one examination between concurrent requests', async (t) => {
  let count = 0;
  const check = async (): Promise<never[]> => {
    count += 1;
    return Promise.resolve([]);
  };
  const none = (): Promise<never[]> => Promise.resolve([]);
  const checks = { 'aws-batch': { check, probe: none, sweep: none, policies: () => [] } };
  const context = subjectIn(temporaryDirectory(t));
  const examiner = new EnvironmentExaminer(checks, '0', () => Promise.resolve(context));
  const environment = environmentOf(aws);
  await Promise.all(Array.from({ length: 20 }, () => examiner.examine(environment, undefined)));
  t.equal(count, 1);
  await examiner.examine(environment, 'lab/rna');
  t.equal(count, 2, 'another workspace');
});
