// Commands of a user who is signed in to a team server.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import type {
  Identity,
  ReleaseList,
  ReleaseSummary,
  RunList,
  Secret,
  Workspace,
} from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { HttpsFront } from '../../support/server/https-front.ts';
import { TeamServer } from '../../support/team-server.ts';

interface Ground {
  readonly box: Sandbox;
  readonly server: TeamServer;
  readonly front: HttpsFront;
  readonly token: string;
  readonly login: (input: string, ...options: string[]) => ReturnType<Sandbox['escrow']>;
}

async function start(t: Test): Promise<Ground> {
  const server = await TeamServer.start(t);
  const user = await server.user('ada');
  await server.organization('lab', [[user, 'owner']]);
  await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
  const { text: token } = await server.token(user);
  const front = await HttpsFront.start(t, server.socketPath);
  const box = new Sandbox(t);
  const login = (input: string, ...options: string[]) =>
    box.escrow(
      [
        ...['login', `https://localhost:${String(front.port)}/`, '--token-stdin'],
        ...['--ca-file', front.authority.caFile, ...options],
      ],
      { input },
    );
  return { box, server, front, token, login };
}

t.setTimeout(300_000);

void t.test('signs in, shows the account, and signs out', async (t) => {
  const { box, token, login, front } = await start(t);
  const { status, stdout, stderr } = await login(`${token}\n`, '--name', 'vault');
  t.equal(status, 0, stderr);
  t.match(stdout, /Signed in to vault as ada/);
  const file = join(box.state, 'servers.json');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(readFileSync(file, 'utf8'), token);
  const { servers } = await box.json<{ servers: { name: string; identity: Identity }[] }>(['whoami']);
  t.match(servers, [{ name: 'vault', identity: { name: 'ada', kind: 'user', workspace: null } }]);
  front.interfere = () => 'refuse';
  const away = await box.escrow(['whoami']);
  t.equal(away.status, 69);
  t.match(away.stderr, /cannot get your account on vault/);
  t.equal((await box.escrow(['logout', 'other'])).status, 77);
  t.match((await box.escrow(['logout'])).stdout, /Signed out of vault/);
  t.notMatch(readFileSync(file, 'utf8'), token);
  t.equal((await box.escrow(['logout', 'vault'])).status, 77);
});

void t.test('stores nothing without a valid token, name and address', async (t) => {
  const { box, token, login } = await start(t);
  const canary = `canary-${randomBytes(12).toString('hex')}`;
  const cases = [
    [canary, [], 64],
    [`${canary}${'x'.repeat(10_000)}`, [], 64],
    [`nfe_${'x'.repeat(49)}`, [], 64],
    [token, ['--name', 'local'], 64],
    [token, ['--name', 'A B'], 64],
  ] as const;
  for (const [input, options, expected] of cases) {
    const { status, stdout, stderr } = await login(input, ...options);
    t.equal(status, expected, stderr);
    t.notMatch(stdout + stderr, canary);
  }
  for (const url of ['http://localhost', 'https://user:password@localhost', 'vault', 'https://x/?token=1'])
    t.equal((await box.escrow(['login', url, '--token-stdin'], { input: token })).status, 64, url);
  const both = ['login', 'https://localhost', '--token-stdin', '--scope', 'read'];
  t.equal((await box.escrow(both, { input: token })).status, 64, 'a token has its scopes');
  t.same((await box.json<{ servers: [] }>(['whoami'])).servers, []);
});

void t.test('manages the secrets of a workspace of the server', async (t) => {
  t.setTimeout(240_000);
  const { box, server, token, login, front } = await start(t);
  await login(token, '--name', 'vault');
  const { workspaces } = await box.json<{ workspaces: (Workspace & { server: string | null })[] }>([
    'workspaces',
    'list',
  ]);
  t.match(
    workspaces.map((one) => [one.server, one.organization, one.name]),
    [
      [null, 'local', 'main'],
      ['vault', 'lab', 'rna'],
    ],
  );
  const value = `canary-${randomBytes(12).toString('hex')}`;
  const set = await box.escrow(['secrets', 'set', 'A_KEY', '--workspace', 'lab/rna'], { input: value });
  t.equal(set.status, 0, set.stderr);
  t.match(set.stdout, /A_KEY is set for workspace vault:lab\/rna/);
  const scope = await findWorkspace(server.ledger.db, 'lab/rna');
  const [{ secretId } = { secretId: '' }] = await server.modules.vault.versions(server.ledger.db, scope);
  t.equal((await server.modules.vault.open(secretId, 1)).open().toString(), value);
  const list = (title: string) => box.json<{ secrets: Secret[] }>(['secrets', 'list', '--workspace', title]);
  t.match((await list('vault:lab/rna')).secrets, [{ name: 'A_KEY', version: 1 }]);
  t.match(await box.json<Secret>(['secrets', 'show', 'A_KEY', '--workspace', 'lab/rna']), { name: 'A_KEY' });
  t.match(
    (await box.escrow(['use', 'lab/rna'])).stdout,
    /Set workspace to vault:lab\/rna/,
    'another server could have the name later',
  );
  t.equal((await box.escrow(['use', 'vault:lab/rna'])).status, 0);
  t.match((await box.json<{ secrets: Secret[] }>(['secrets', 'list'])).secrets, [{ name: 'A_KEY' }]);
  await box.escrow(['orgs', 'create', 'lab']);
  await box.escrow(['workspaces', 'create', 'local:lab/rna']);
  const ambiguous = await box.escrow(['secrets', 'list', '--workspace', 'lab/rna']);
  t.equal(ambiguous.status, 64);
  t.match(ambiguous.stderr, /local:lab\/rna, vault:lab\/rna/);
  t.same((await list('local:lab/rna')).secrets, []);
  const removed = await box.escrow(['secrets', 'remove', 'A_KEY', '--yes', '--workspace', 'vault:lab/rna']);
  t.equal(removed.status, 0, removed.stderr);
  t.same(await server.modules.vault.versions(server.ledger.db, scope), []);
  front.close();
  t.equal((await box.escrow(['secrets', 'list', '--workspace', 'vault:lab/rna'])).status, 69);
  const listed = await box.escrow(['workspaces', 'list']);
  t.equal(listed.status, 69);
  t.match(listed.stdout, /local\/main/);
});

void t.test(
  'manages a server: organizations, workspaces, members, accounts, tokens and the audit log',
  async (t) => {
    const { box, server, token, login } = await start(t);
    const administrator = await server.user('root', true);
    const other = await server.user('other');
    await server.ledger.write(async (db) => {
      const { id } = await db
        .selectFrom('organizations')
        .select('id')
        .where('name', '=', 'lab')
        .executeTakeFirstOrThrow();
      const member = {
        organization_id: id,
        user_id: other.id,
        role: 'owner',
        added_at: '2026-01-05',
      } as const;
      await db.insertInto('organization_members').values(member).execute(); // one owner has to be active
    });
    const { text } = await server.token(administrator);
    await login(token, '--name', 'vault');
    const runs = async (args: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await box.escrow(args);
      t.equal(status, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    const fails = async (args: readonly string[], expected: number, message: RegExp): Promise<void> => {
      const { status, stderr } = await box.escrow(args);
      t.equal(status, expected, args.join(' '));
      t.match(stderr, message);
    };

    t.match(await runs(['workspaces', 'create', 'lab/dna']), 'Created private workspace vault:lab/dna.');
    t.match(await runs(['orgs', 'list']), /^vault\tlab\t2\t/m);
    t.match(await runs(['orgs', 'show', 'vault:lab']), /^lab\t2\t/m);
    await runs(['service-accounts', 'create', 'lab/ci']);
    t.match(await runs(['service-accounts', 'list', 'vault:lab']), /^vault:lab\/ci\t/m);
    t.match(
      await runs(['members', 'add', 'lab/dna', 'service-account:ci', '--role', 'launch']),
      'Added service-account:ci to vault:lab/dna',
    );
    await runs(['members', 'update', 'lab/dna', 'service-account:ci', '--role', 'view']);
    t.match(await runs(['members', 'list', 'lab/dna']), /^service-account:ci\tview\t/m);
    t.match(await runs(['members', 'list', 'lab']), /^ada\towner\t/m);
    await runs(['members', 'remove', 'lab/dna', 'service-account:ci', '--yes']);
    t.match(await runs(['tokens', 'list']), 'read,launch,secrets:write,manage');
    t.match(await runs(['audit', '--server', 'vault', '--workspace', 'lab/dna']), 'workspace.created');
    t.match(await runs(['audit', '--workspace', 'lab/dna']), 'workspace.created');
    await runs(['workspaces', 'remove', 'lab/dna', '--yes']);
    await runs(['service-accounts', 'remove', 'lab/ci', '--yes']);
    t.notMatch(await runs(['audit']), 'service_account', 'the daemon has recorded none of this');

    // An organization of the same name on both: nothing is guessed.
    await runs(['orgs', 'create', 'lab']);
    await fails(['workspaces', 'create', 'lab/dna'], 64, /Use one of: local:lab, vault:lab/);
    t.match(await runs(['workspaces', 'create', 'local:lab/dna']), 'workspace lab/dna.');
    t.match(await runs(['workspaces', 'create', 'vault:lab/protein']), 'workspace vault:lab/protein.');
    await fails(['orgs', 'create', 'vault:other'], 77, /not permitted|administrator/i);
    await fails(['users', 'list'], 77, /permi|administrator/i);

    // A second account on another server.
    await box.escrow(['logout', 'vault']);
    await fails(['tokens', 'list'], 77, /You are not signed in to a team server/);
    await login(text, '--name', 'vault');
    t.match(await runs(['users', 'list']), /^ada\t/m);
    await runs(['users', 'suspend', 'ada', '--yes']);
    await runs(['users', 'resume', 'ada', '--server', 'vault']);
    await runs(['orgs', 'create', 'vault:new']);
    await runs(['orgs', 'remove', 'vault:new', '--yes']);
    await fails(['tokens', 'list', '--server', 'other'], 77, /You are not signed in to the server "other"/);
  },
);

void t.test('runs with secrets of a server, and lists who received them', async (t) => {
  const { box, server, token, login } = await start(t);
  await login(token, '--name', 'vault');
  const value = `canary-${randomBytes(12).toString('hex')}`;
  await box.escrow(['secrets', 'set', 'A_KEY', '--workspace', 'lab/rna'], { input: value });
  const list = async (...options: string[]): Promise<readonly ReleaseSummary[]> =>
    (await box.json<ReleaseList>(['releases', 'list', ...options])).releases;
  t.same(await list(), []);
  const ran = await box.escrow(['run', '--workspace', 'lab/rna', 'grep -c A_KEY "$NXF_SECRETS_FILE"']);
  t.equal(ran.status, 0, ran.stderr);
  await until('the server knows the end', async () => (await list())[0]?.state === 'purged');
  const { runs } = await box.json<RunList>(['runs', 'list']);
  t.match(await list('--workspace', 'vault:lab/rna', '--state', 'purged'), [
    {
      run: runs[0]?.id,
      workspace: 'lab/rna',
      user: 'ada',
      outcome: 'succeeded',
      secrets: [{ name: 'A_KEY' }],
    },
  ]);
  t.same(await list('--server', 'vault', '--state', 'running'), []);
  const { stdout } = await box.escrow(['releases', 'list']);
  t.match(stdout, /^r\w+\tlab\/rna\tpurged\tsucceeded\t1\tada's daemon\t/m);
  t.equal((await box.escrow(['releases', 'list', '--server', 'vault', '--workspace', 'a:b/c'])).status, 64);
  t.notMatch(JSON.stringify(await server.ledger.db.selectFrom('releases').selectAll().execute()), value);
});
