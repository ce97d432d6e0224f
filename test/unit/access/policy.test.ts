import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { assertMay, policy, type Action } from '../../../daemon/access/policy.ts';
import type { Role } from '../../../daemon/contract/types.ts';
import { root } from '../../support/sandbox.ts';

const roles = (
  JSON.parse(readFileSync(join(root, 'schemas/role.json'), 'utf8')) as {
    enum: Role[];
  }
).enum;

/** The roles that the documentation promises for each action. */
const documented: Readonly<Record<Action, string>> = {
  see: 'owner admin maintain launch view',
  launch: 'owner admin maintain launch',
  'change-secrets': 'owner admin maintain',
  administer: 'owner admin',
  'delete-workspace': 'owner',
};

void t.test('grants each action to the documented roles only', async (t) => {
  t.same(Object.keys(policy).sort(), Object.keys(documented).sort());
  for (const [action, allowed] of Object.entries(documented) as [Action, string][])
    for (const role of roles) {
      const may = allowed.split(' ').includes(role);
      const attempt = (): void => {
        assertMay(role, action, 'lab/rna');
      };
      if (may) t.doesNotThrow(attempt, `${role} may ${action}`);
      else t.throws(attempt, { code: 'not-permitted', message: /lab\/rna/ }, `${role} may not ${action}`);
    }
});

void t.test('grants each role everything that lesser roles may do', async (t) => {
  for (const allowed of Object.values(policy)) t.same(allowed, roles.slice(0, allowed.length));
});
