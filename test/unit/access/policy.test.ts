import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { permissionsOn } from '../../../daemon/access/permissions.ts';
import { assertMay, policy } from '../../../daemon/access/policy.ts';
import type { Permission, Role } from '../../../daemon/contract/types.ts';
import { root } from '../../support/sandbox.ts';

const roles = (
  JSON.parse(readFileSync(join(root, 'schemas/role.json'), 'utf8')) as {
    enum: Role[];
  }
).enum;

/** The roles that the documentation promises for each permission. */
const documented: Readonly<Record<Permission, string>> = {
  'organizations:read': 'owner admin maintain launch view',
  'organizations:delete': 'owner',
  'workspaces:create': 'owner admin',
  'workspaces:read': 'owner admin maintain launch view',
  'workspaces:delete': 'owner',
  'members:write': 'owner admin',
  'pipeline_secrets:read': 'owner admin maintain launch view',
  'pipeline_secrets:write': 'owner admin maintain',
  'runs:read': 'owner admin maintain launch view',
  'runs:launch': 'owner admin maintain launch',
  'runs:manage': 'owner admin maintain launch',
  'runs:manage_all': 'owner admin',
  'audit:read': 'owner admin',
  'compute_environments:read': 'owner admin maintain launch view',
  'compute_environments:write': 'owner admin',
};

void t.test('grants each permission to the documented roles only', async (t) => {
  t.same(Object.keys(policy).sort(), Object.keys(documented).sort());
  for (const [permission, allowed] of Object.entries(documented) as [Permission, string][])
    for (const role of roles) {
      const may = allowed.split(' ').includes(role);
      const attempt = (): void => {
        assertMay(role, permission, 'lab/rna');
      };
      if (may) t.doesNotThrow(attempt, `${role} has ${permission}`);
      else
        t.throws(
          attempt,
          { code: 'not-permitted', message: /lab\/rna/ },
          `${role} does not have ${permission}`,
        );
    }
});

void t.test('grants each role everything that lesser roles may do', async (t) => {
  for (const allowed of Object.values(policy)) t.same(allowed, roles.slice(0, allowed.length));
});

void t.test('lists on an object the permissions of the role that concern it', async (t) => {
  t.same(permissionsOn('maintain', 'secret'), ['pipeline_secrets:read', 'pipeline_secrets:write']);
  t.same(permissionsOn('launch', 'secret'), ['pipeline_secrets:read']);
  t.same(permissionsOn('view', 'run'), ['runs:read']);
  t.same(permissionsOn('launch', 'run'), ['runs:read', 'runs:manage']);
  t.same(permissionsOn('maintain', 'computeEnvironment'), ['compute_environments:read']);
  t.notOk(permissionsOn('admin', 'workspace').includes('workspaces:delete'));
  for (const role of roles)
    for (const kind of ['organization', 'workspace', 'secret', 'run', 'computeEnvironment'] as const)
      for (const permission of permissionsOn(role, kind))
        t.doesNotThrow(() => {
          assertMay(role, permission, 'lab/rna');
        }, `${role} may use ${permission}`);
});
