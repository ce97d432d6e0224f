import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { permissionsOn } from '../../../daemon/access/permissions.ts';
import { policy } from '../../../daemon/access/policy.ts';
import type { Permission } from '../../../daemon/contract/types.ts';
import { documentedRule, permissions } from '../../support/permission-oracle.ts';
import { root } from '../../support/sandbox.ts';

/** The roles of each kind of object, the highest first. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  workspace: rolesIn('role'),
  organization: rolesIn('organization-role'),
  server: ['administrator'],
  self: ['person'],
};

function rolesIn(schema: string): string[] {
  return (JSON.parse(readFileSync(join(root, 'schemas', `${schema}.json`), 'utf8')) as { enum: string[] })
    .enum;
}

void t.test('grants each permission to the documented roles and scopes only', async (t) => {
  t.same(Object.keys(policy).sort(), [...permissions].sort());
  for (const permission of permissions) {
    const { on, lowest, scope, notPersonal } = documentedRule(permission);
    const roles = ROLES[on] ?? [];
    const rule = { on, roles: roles.slice(0, roles.indexOf(lowest) + 1), scope };
    t.same(policy[permission], notPersonal ? { ...rule, personal: false } : rule, permission);
  }
});

void t.test('lists on an object the permissions of the role that concern it', async (t) => {
  t.same(permissionsOn('maintain', 'secret'), ['pipeline_secrets:read', 'pipeline_secrets:write']);
  t.same(permissionsOn('launch', 'secret'), ['pipeline_secrets:read']);
  t.same(permissionsOn('view', 'run'), ['runs:read']);
  t.same(permissionsOn('launch', 'run'), ['runs:read', 'runs:manage']);
  t.same(permissionsOn('maintain', 'computeEnvironment'), ['compute_environments:read']);
  t.notOk(permissionsOn('admin', 'workspace').includes('workspaces:delete'));
  t.notOk(permissionsOn('member', 'organization').includes('organization_members:write'));
});

void t.test('gives no token what needs a session of a person', (t) => {
  const ofSessions: Permission[] = [
    'tokens:create',
    'service_accounts:issue_token',
    'approvals:create',
    'sign_in_links:create',
    'invitations:create',
  ];
  t.same(permissions.filter((one) => policy[one].scope === 'session').sort(), ofSessions.sort());
  t.end();
});
