import { randomBytes } from 'node:crypto';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { Team } from '../../support/team.ts';

/** A user with the role `launch` in a workspace, and a token. */
interface Person {
  readonly name: string;
  readonly token: string;
  readonly title: string;
}

/** Creates users, the organization, its workspaces and tokens in the database: no API creates tokens for others. */
export async function createPeople(
  databaseUrl: string,
  count: number,
  titles: readonly string[],
): Promise<Person[]> {
  const ledger = await openPostgresLedger(databaseUrl, { connections: 2 });
  try {
    const team = new Team(ledger);
    const { id } = await ledger.db
      .selectFrom('users')
      .select('id')
      .where('administrator', '=', 1)
      .executeTakeFirstOrThrow();
    const users = [];
    for (let index = 0; index < count; index += 1) users.push(await team.user(`user${String(index)}`));
    const admin = { kind: 'user', id, user: '' } as const;
    await team.organization('lab', [[admin, 'owner'], ...users.map((user) => [user, 'member'] as const)]);
    const workspaces = [];
    for (const title of titles) {
      const [organization = '', name = ''] = title.split('/');
      workspaces.push({ title, id: await team.workspace({ organization, name, visibility: 'private' }) });
    }
    const people: Person[] = [];
    for (const [index, user] of users.entries()) {
      const workspace = workspaces[index % workspaces.length];
      if (workspace === undefined) throw new Error('a campaign has at least one workspace');
      await team.member(workspace.id, user, 'launch');
      const { text: token } = await team.token(user, {
        name: randomBytes(4).toString('hex'),
        scopes: ['read', 'launch'],
      });
      people.push({ name: user.user, token, title: workspace.title });
    }
    return people;
  } finally {
    await ledger.close();
  }
}
