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

/** The table of the contract, as it is shown to people: who may do what. */
const promised: Readonly<Record<Action, string>> = {
  see: 'owner admin maintain launch view',
  launch: 'owner admin maintain launch',
  'change-secrets': 'owner admin maintain',
  administer: 'owner admin',
  'delete-workspace': 'owner',
};

void t.test('who may do what is as promised', async (t) => {
  t.same(Object.keys(policy).sort(), Object.keys(promised).sort());
  for (const [action, allowed] of Object.entries(promised) as [Action, string][])
    for (const role of roles) {
      const may = allowed.split(' ').includes(role);
      const attempt = (): void => {
        assertMay(role, action, 'lab/rna');
      };
      if (may) t.doesNotThrow(attempt, `${role} may ${action}`);
      else t.throws(attempt, { code: 'not-permitted', message: /lab\/rna/ }, `${role} may not ${action}`);
    }
});

void t.test('a role that may do something, may do all that lesser roles may', async (t) => {
  for (const allowed of Object.values(policy)) t.same(allowed, roles.slice(0, allowed.length));
});
