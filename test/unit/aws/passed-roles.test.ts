// SECURITY.md, "Secrets on AWS": to which services the rendered policies let somebody pass a role.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { renderExecutionTrust, renderPolicies } from '../../../daemon/aws/iam/iam-policies.ts';
import { root } from '../../support/sandbox.ts';

const ACCOUNT = '123456789012';
const options = { account: ACCOUNT, executionRole: 'execution', deadManRole: 'dead-man', owner: 'ada' };

const passing = Object.entries(renderPolicies(options)).flatMap(([holder, { Statement }]) =>
  Statement.filter(({ Action }) =>
    [Action].flat().some((one) => /^(iam:(Pass|\*)|\*)/.test(String(one))),
  ).map(({ Action, Resource, Condition }) => ({ holder, Action, Resource, Condition })),
);
const passed = (holder: string, role: string, services: unknown): object => ({
  holder,
  Action: 'iam:PassRole',
  Resource: `arn:aws:iam::${ACCOUNT}:role/${role}`,
  Condition: { StringEquals: { 'iam:PassedToService': services } },
});

void t.test('each policy passes one role to the services that need it', (t) => {
  const tasks = ['batch.amazonaws.com', 'ecs-tasks.amazonaws.com'];
  t.same(passing, [
    passed('instance-role', 'execution', tasks),
    passed('account', 'execution', tasks),
    passed('account', 'dead-man', 'scheduler.amazonaws.com'),
  ]);
  t.end();
});

void t.test('SECURITY.md names each service', (t) => {
  const [, section = ''] = readFileSync(join(root, 'SECURITY.md'), 'utf8').split('## Secrets on AWS');
  const services = new Set(JSON.stringify(passing).match(/[\w-]+\.amazonaws\.com/g));
  t.equal(services.size, 3);
  for (const service of services) t.match(section, `\`${service}\``);
  t.end();
});

void t.test('only ECS tasks of the account can assume the execution role', (t) => {
  t.match(renderExecutionTrust({ account: ACCOUNT }), {
    Statement: [
      {
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      },
    ],
  });
  t.end();
});
