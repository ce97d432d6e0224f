import t, { type Test } from 'tap';
import {
  addOrganizationMember,
  changeOrganizationMember,
  listOrganizationMembers,
  removeOrganizationMember,
} from '../../../daemon/access/members/organization-members.ts';
import { listMembers } from '../../../daemon/access/members/list-members.ts';
import { addMember, changeMember, removeMember } from '../../../daemon/access/members/workspace-members.ts';
import { createOrganization, removeOrganization } from '../../../daemon/access/organizations.ts';
import { machineUser, type User } from '../../../daemon/access/principal.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { createWorkspace, listWorkspaces, removeWorkspace } from '../../../daemon/access/workspaces.ts';
import { setUserState } from '../../../daemon/access/accounts/users.ts';
import { Team } from '../../support/team.ts';

interface Ground {
  readonly team: Team;
  readonly root: User;
  readonly owner: User;
  readonly admin: User;
  readonly member: User;
}

async function ground(t: Test): Promise<Ground> {
  const team = await Team.open(t);
  const root = await team.user('root', true);
  const [owner, admin, member] = [
    await team.user('owner'),
    await team.user('admin'),
    await team.user('member'),
  ];
  await team.organization('lab', [
    [owner, 'owner'],
    [admin, 'admin'],
    [member, 'member'],
  ]);
  await createWorkspace(team.ledger, owner, { organization: 'lab', name: 'rna' });
  return { team, root, owner, admin, member };
}

void t.test('keeps an active owner in each organization', async (t) => {
  const { team, root, owner, admin } = await ground(t);
  const { ledger } = team;
  const last = { code: 'last-owner' };
  await t.rejects(removeOrganizationMember(ledger, owner, 'lab', 'owner'), last, 'leaves');
  await t.rejects(
    changeOrganizationMember(ledger, owner, 'lab', { user: 'owner', role: 'admin' }),
    last,
    'demoted',
  );
  await changeOrganizationMember(ledger, owner, 'lab', { user: 'admin', role: 'owner' });
  await setUserState(ledger, root, 'admin', 'suspended');
  await t.rejects(
    removeOrganizationMember(ledger, owner, 'lab', 'owner'),
    last,
    'the other owner is suspended',
  );
  await setUserState(ledger, root, 'admin', 'active');
  const both = await Promise.allSettled([
    removeOrganizationMember(ledger, owner, 'lab', 'owner'),
    removeOrganizationMember(ledger, admin, 'lab', 'admin'),
  ]);
  t.same(
    both.map(({ status }) => status).sort(),
    ['fulfilled', 'rejected'],
    'two owners who leave at the same time',
  );
});

void t.test('lets nobody give or take a higher role than their own', async (t) => {
  const { team, owner, admin, member } = await ground(t);
  const { ledger } = team;
  const denied = { code: 'not-permitted' };
  const stranger = await team.user('stranger');
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => addOrganizationMember(ledger, admin, 'lab', { user: 'stranger', role: 'owner' }),
    () => changeOrganizationMember(ledger, admin, 'lab', { user: 'admin', role: 'owner' }),
    () => changeOrganizationMember(ledger, admin, 'lab', { user: 'owner', role: 'member' }),
    () => removeOrganizationMember(ledger, admin, 'lab', 'owner'),
    () => addOrganizationMember(ledger, member, 'lab', { user: 'stranger', role: 'member' }),
    () => removeOrganizationMember(ledger, member, 'lab', 'admin'),
  ];
  for (const attempt of attempts) await t.rejects(attempt(), denied);
  await t.rejects(removeOrganizationMember(ledger, stranger, 'lab', 'stranger'), {
    code: 'organization-not-found',
  });
  const scope = await findWorkspace(ledger.db, 'lab/rna');
  await addMember(ledger, owner, scope, { user: 'member', role: 'admin' });
  await t.rejects(addMember(ledger, member, scope, { user: 'admin', role: 'owner' }), denied);
  await t.rejects(changeMember(ledger, member, scope, { user: 'member', role: 'owner' }), denied);
  t.match(await changeMember(ledger, member, scope, { user: 'member', role: 'view' }), { role: 'view' });
  await t.rejects(
    addMember(ledger, member, scope, { user: 'admin', role: 'view' }),
    denied,
    'has given it up',
  );
});

void t.test('adds only members and service accounts of the organization to a workspace', async (t) => {
  const { team, owner } = await ground(t);
  const { ledger } = team;
  const scope = await findWorkspace(ledger.db, 'lab/rna');
  await team.user('stranger');
  const other = await team.organization('other');
  await team.account(other, 'ci');
  await t.rejects(addMember(ledger, owner, scope, { user: 'stranger', role: 'view' }), {
    code: 'user-not-found',
  });
  await t.rejects(addMember(ledger, owner, scope, { user: 'service-account:ci', role: 'view' }), {
    code: 'service-account-not-found',
  });
  const added = await addMember(ledger, owner, scope, { user: 'member', role: 'launch' });
  await t.rejects(addMember(ledger, owner, scope, { user: 'member', role: 'view' }), { code: 'name-taken' });
  await t.rejects(changeMember(ledger, owner, scope, { user: 'member', role: 'view' }, { ifMatch: ['x'] }), {
    code: 'precondition-failed',
  });
  await changeMember(ledger, owner, scope, { user: 'member', role: 'view' }, { ifMatch: [added.etag] });
  await t.rejects(removeMember(ledger, owner, scope, 'member', { ifMatch: [added.etag] }), {
    code: 'precondition-failed',
  });
  const { items } = await listMembers(ledger.db, owner, scope, { limit: 10 });
  t.match(items, [
    { user: 'admin', role: 'admin', source: 'organization' },
    { user: 'member', role: 'view', source: 'workspace' },
    { user: 'owner', role: 'owner', source: 'organization' },
  ]);
  const tag = items[1]?.etag ?? '';
  await removeMember(ledger, owner, scope, 'member', { ifMatch: [tag] });
  await t.rejects(removeMember(ledger, owner, scope, 'member'), { code: 'member-not-found' });
});

void t.test('takes all roles in an organization with the membership', async (t) => {
  const { team, owner, member } = await ground(t);
  const { ledger } = team;
  const scope = await findWorkspace(ledger.db, 'lab/rna');
  await addMember(ledger, owner, scope, { user: 'member', role: 'launch' });
  t.equal((await listWorkspaces(ledger.db, member, { limit: 9 })).items.length, 1);
  await removeOrganizationMember(ledger, member, 'lab', 'member');
  t.equal((await listWorkspaces(ledger.db, member, { limit: 9 })).items.length, 0);
  t.equal((await listOrganizationMembers(ledger.db, 'lab', { limit: 9 })).items.length, 2);
  await addOrganizationMember(ledger, owner, 'lab', { user: 'member', role: 'member' });
  t.equal((await listWorkspaces(ledger.db, member, { limit: 9 })).items.length, 0, 'not restored');
});

void t.test('uses no name of a removed object again on a server', async (t) => {
  const { team, root, owner } = await ground(t);
  const { ledger } = team;
  const scope = await findWorkspace(ledger.db, 'lab/rna');
  await removeWorkspace(ledger, owner, scope);
  await t.rejects(createWorkspace(ledger, owner, { organization: 'lab', name: 'rna' }), {
    code: 'name-taken',
  });
  await removeOrganization(ledger, owner, 'lab');
  await t.rejects(createOrganization(ledger, root, 'lab'), { code: 'name-taken' });
  await t.rejects(
    createOrganization(ledger, owner, 'mine'),
    { code: 'not-permitted' },
    'not an administrator',
  );
  const machine = machineUser();
  await createOrganization(ledger, machine, 'own');
  await removeOrganization(ledger, machine, 'own');
  t.match(await createOrganization(ledger, machine, 'own'), { name: 'own' }, 'a daemon reserves no names');
});

void t.test('shows a personal workspace to its person only', async (t) => {
  const { team, owner, member } = await ground(t);
  const { ledger } = team;
  await createWorkspace(ledger, member, { organization: 'lab', name: 'mine', visibility: 'personal' });
  const titles = async (by: User): Promise<string[]> =>
    (await listWorkspaces(ledger.db, by, { limit: 9 })).items.map(({ name }) => name);
  t.same(await titles(member), ['mine']);
  t.same(await titles(owner), ['rna']);
  await t.rejects(createWorkspace(ledger, member, { organization: 'lab', name: 'ours' }), {
    code: 'not-permitted',
  });
});
