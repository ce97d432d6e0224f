// An organization keeps an active owner, and a server an active administrator, also if several changes happen at once.
import { join } from 'node:path';
import type { Test } from 'tap';
import { setUserState } from '../../../../daemon/access/accounts/users.ts';
import {
  changeOrganizationMember,
  removeOrganizationMember,
} from '../../../../daemon/access/members/organization-members.ts';
import type { User } from '../../../../daemon/access/principal.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { onEachLedger } from '../../../support/each-ledger.ts';
import { Team } from '../../../support/team.ts';
import { openTestLedger } from '../../../support/test-ledger.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

interface Ground {
  readonly team: Team;
  /** Administrators of the server without a role in `lab`. */
  readonly roots: readonly [User, User];
  /** The two owners of `lab`. */
  readonly owners: readonly [User, User];
}

async function ground(t: Test): Promise<Ground> {
  const ledger = await openTestLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  const team = new Team(ledger);
  const roots = [await team.user('root-1', true), await team.user('root-2', true)] as const;
  const owners = [await team.user('owner-1'), await team.user('owner-2')] as const;
  await team.organization('lab', [
    [owners[0], 'owner'],
    [owners[1], 'owner'],
  ]);
  return { team, roots, owners };
}

async function activeOwners({ team }: Ground): Promise<number> {
  const rows = await team.ledger.db
    .selectFrom('organization_members')
    .innerJoin('users', 'users.id', 'organization_members.user_id')
    .select('users.id')
    .where('role', '=', 'owner')
    .where('users.state', '=', 'active')
    .execute();
  return rows.length;
}

const CHANGES: Readonly<Record<string, (ground: Ground, of: 0 | 1) => Promise<unknown>>> = {
  'demote each other': ({ team, owners }, of) =>
    changeOrganizationMember(team.ledger, owners[of === 0 ? 1 : 0], 'lab', {
      user: owners[of].user,
      role: 'member',
    }),
  'remove each other': ({ team, owners }, of) =>
    removeOrganizationMember(team.ledger, owners[of === 0 ? 1 : 0], 'lab', owners[of].user),
  leave: ({ team, owners }, of) => removeOrganizationMember(team.ledger, owners[of], 'lab', owners[of].user),
  'are suspended': ({ team, roots, owners }, of) =>
    setUserState(team.ledger, roots[of], owners[of].user, 'suspended'),
};

for (const [title, change] of Object.entries(CHANGES))
  onEachLedger(`one owner remains if both ${title} at once`, async (t) => {
    for (let round = 0; round < 3; round += 1) {
      const own = await ground(t);
      const results = await Promise.allSettled(([0, 1] as const).map((of) => change(own, of)));
      t.equal(await activeOwners(own), 1);
      t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const result of results)
        if (result.status === 'rejected')
          t.ok(
            result.reason instanceof EscrowError &&
              ['last-owner', 'not-permitted', 'organization-not-found'].includes(result.reason.code),
            String(result.reason),
          );
    }
  });

onEachLedger('one owner remains if one is suspended while the other leaves', async (t) => {
  const own = await ground(t);
  const { team, roots, owners } = own;
  await Promise.allSettled([
    setUserState(team.ledger, roots[0], owners[0].user, 'suspended'),
    removeOrganizationMember(team.ledger, owners[1], 'lab', owners[1].user),
  ]);
  t.equal(await activeOwners(own), 1);
});

onEachLedger('the message about the last owner does not name the organization', async (t) => {
  const { team, roots, owners } = await ground(t);
  await setUserState(team.ledger, roots[0], owners[0].user, 'suspended');
  const refused = setUserState(team.ledger, roots[0], owners[1].user, 'suspended');
  await t.rejects(refused, { code: 'last-owner', message: /^((?!lab).)*$/ });
});

onEachLedger('one administrator remains if two suspend each other at once', async (t) => {
  const { team, roots } = await ground(t);
  const [one, two] = roots;
  const results = await Promise.allSettled([
    setUserState(team.ledger, one, two.user, 'suspended'),
    setUserState(team.ledger, two, one.user, 'suspended'),
  ]);
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  const active = team.ledger.db.selectFrom('users').select('id').where('administrator', '=', 1);
  t.equal((await active.where('state', '=', 'active').execute()).length, 1);
});
