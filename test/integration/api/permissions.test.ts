// `permissions` of each object: what the caller may do with it.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Permission, RunList } from '../../../daemon/contract/types.ts';
import { Sandbox } from '../../support/sandbox.ts';

const CREATED = '/v1/workspaces/lab/rna';

void t.test('returns the permissions of the caller with each object, also in lists', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const send = async (method: string, path: string, body?: object, key?: string): Promise<unknown> =>
    JSON.parse(
      (await box.http(method, path, body, key === undefined ? {} : { 'idempotency-key': key })).text,
    );
  const workspace: Permission[] = [
    'workspaces:read',
    'workspaces:delete',
    'members:read',
    'members:write',
    'pipeline_secrets:read',
    'pipeline_secrets:write',
    'runs:read',
    'runs:launch',
    'runs:manage_all',
    'audit:read',
  ];
  const organization = { permissions: ['organizations:read', 'organizations:delete', 'workspaces:create'] };
  const secret = { permissions: ['pipeline_secrets:read', 'pipeline_secrets:write'] };
  const environment = { permissions: ['compute_environments:read', 'compute_environments:write'] };

  for (const attempt of ['the first request', 'its repetition'])
    t.match(await send('POST', '/v1/organizations', { name: 'lab' }, 'organization'), organization, attempt);
  t.match(await send('GET', '/v1/organizations/lab'), organization);
  t.match(await send('GET', '/v1/organizations'), { organizations: [organization, organization] });

  for (const attempt of ['the first request', 'its repetition'])
    t.match(
      await send('POST', '/v1/workspaces', { organization: 'lab', name: 'rna' }, 'workspace'),
      { permissions: workspace },
      attempt,
    );
  t.match(await send('GET', CREATED), { permissions: workspace });
  t.match(await send('GET', '/v1/workspaces'), {
    workspaces: [{ permissions: workspace }, { permissions: workspace }],
  });
  const personal = { organization: 'lab', name: 'ada', visibility: 'personal' };
  t.match(
    await send('POST', '/v1/workspaces', personal),
    { permissions: workspace.filter((one) => one !== 'pipeline_secrets:write' && one !== 'members:write') },
    'a personal workspace keeps no secrets',
  );

  for (const path of [`${CREATED}/secrets`, '/v1/user/secrets']) {
    await send('PUT', `${path}/FOO_KEY`, { value: randomBytes(16).toString('hex') });
    t.match(await send('GET', `${path}/FOO_KEY`), secret);
    t.match(await send('GET', path), { secrets: [secret] });
  }
  for (const attempt of ['the first request', 'its repetition'])
    t.match(
      await send('POST', '/v1/compute-envs', { name: 'other', platform: 'hpc' }, 'environment'),
      environment,
      attempt,
    );
  t.match(await send('GET', '/v1/compute-envs/other'), environment);
  t.match(await send('GET', '/v1/compute-envs'), { computeEnvironments: [environment, environment] });

  await box.escrow(['run', 'true']);
  const run = { permissions: ['runs:read', 'runs:manage'] };
  const { runs } = (await send('GET', '/v1/runs')) as RunList;
  t.match(runs, [run]);
  t.match(await send('GET', `/v1/runs/${runs[0]?.id ?? ''}`), run);
  t.match(await send('POST', `/v1/runs/${runs[0]?.id ?? ''}/purge`), run);
});
