// Runs of a user's daemon with secrets of a team server.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { userScope } from '../../../daemon/access/scopes.ts';
import { createOrganization } from '../../../daemon/access/organizations.ts';
import { createWorkspace } from '../../../daemon/access/workspaces.ts';
import { RunRedactors } from '../../../daemon/runs/records/run-redactors.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { until } from '../../support/sandbox.ts';
import { TeamRuns } from '../../support/team-runs.ts';

/** Returns the secrets of a run in Nextflow's format, which runs without the plugin get. */
function readStore({ runs }: TeamRuns, run = ''): string {
  return readFileSync(join(runs, run, 'store.json'), 'utf8');
}

void t.test('delivers the pinned versions of the server, and the user overrides them', async (t) => {
  const team = await TeamRuns.start(t);
  const { modules } = team;
  const theirs = { A_KEY: await team.set('A_KEY'), B_KEY: await team.set('B_KEY') };
  const own = `canary-${randomBytes(16).toString('hex')}`;
  const scope = await userScope(modules.ledger.db, machineUser());
  await modules.vault.set(machineUser(), scope, 'B_KEY', new SecretValue(Buffer.from(own)));
  const plan = await modules.runs.explain(team.request('lab/rna'));
  t.match(plan, {
    workspace: 'vault.example.org:lab/rna',
    note: /values of the team server were not checked/,
    secrets: [
      { name: 'A_KEY', scope: 'workspace', version: 1, overrides: [] },
      { name: 'B_KEY', scope: 'user', version: 1, overrides: ['workspace'] },
    ],
  });
  t.same(
    await team.server.ledger.db.selectFrom('releases').select('id').execute(),
    [],
    'a plan releases nothing',
  );
  const { run } = await modules.runs.create(team.request('lab/rna'));
  const delivered = readStore(team, run?.id);
  t.match(delivered, theirs.A_KEY);
  t.match(delivered, own);
  t.notMatch(delivered, theirs.B_KEY);
  t.equal(run?.workspace, 'vault.example.org:lab/rna');
  t.match(
    await team.release(run?.id ?? ''),
    { secrets: '[["A_KEY",1]]' },
    'an overridden secret is not released',
  );
  t.notMatch(team.front.traffic, theirs.A_KEY);
  t.notMatch(team.front.traffic, Buffer.from(theirs.A_KEY).toString('base64'));
  t.equal(modules.deps.redactors.redact(`x ${theirs.A_KEY} x`).includes(theirs.A_KEY), false);
  const row = await modules.ledger.db.selectFrom('runs').selectAll().executeTakeFirstOrThrow();
  const { redact, unknown } = await new RunRedactors().of(modules.deps, row);
  t.same(unknown, []);
  t.notMatch(redact(`x ${theirs.A_KEY} x`), theirs.A_KEY, 'masked after a restart too');
  const rows = JSON.stringify([
    await modules.ledger.db.selectFrom('runs').selectAll().execute(),
    await modules.ledger.db.selectFrom('journal').selectAll().execute(),
    await modules.ledger.db.selectFrom('received_releases').selectAll().execute(),
  ]);
  t.notMatch(rows, theirs.A_KEY);
  const kept = () =>
    modules.ledger.db.selectFrom('secret_versions').select('name').where('name', '=', 'A_KEY').execute();
  t.equal((await kept()).length, 1);
  await modules.runs.callOff(row.id);
  await until('the run is purged', async () => (await modules.runs.find(row.id)).state === 'purged');
  t.same(await kept(), [], 'deleted with the run');
});

void t.test('repeats a request whose response is lost, with one release', async (t) => {
  const team = await TeamRuns.start(t);
  const value = await team.set('A_KEY');
  let lost = 0;
  team.front.interfere = (path) =>
    path === 'POST /v1/releases' && (lost += 1) === 1 ? 'lose the response' : undefined;
  const { run } = await team.modules.runs.create(team.request('lab/rna'));
  t.equal(lost, 2);
  t.match(readStore(team, run?.id), value);
  t.equal((await team.server.ledger.db.selectFrom('releases').select('id').execute()).length, 1);
});

void t.test('repeats requests while the database of the server is being replaced', async (t) => {
  const team = await TeamRuns.start(t);
  const value = await team.set('A_KEY');
  const refused = new Set<string>();
  team.front.interfere = (path) => {
    if (refused.has(path)) return undefined;
    refused.add(path);
    return /secrets|releases/.test(path) ? 'answer that the database is away' : undefined;
  };
  const { run } = await team.modules.runs.create(team.request('lab/rna'));
  t.match([...refused].join(), /GET [^,]*secrets.*POST \/v1\/releases/);
  t.match(readStore(team, run?.id), value);
  t.equal((await team.server.ledger.db.selectFrom('releases').select('id').execute()).length, 1);
});

void t.test('creates nothing if the server does not answer, refuses, or has a newer version', async (t) => {
  const team = await TeamRuns.start(t);
  await team.set('A_KEY');
  const refused = async (code: string): Promise<void> => {
    await t.rejects(team.modules.runs.create(team.request('vault.example.org:lab/rna')), { code }, code);
    t.same(existsSync(team.runs) ? readdirSync(team.runs) : [], [], 'no run directory');
    t.same(await team.modules.ledger.db.selectFrom('runs').select('id').execute(), []);
  };
  team.front.interfere = (path) => (path === 'POST /v1/releases' ? 'refuse' : undefined);
  await refused('server-unreachable');
  team.front.interfere = async (path) => {
    if (path === 'POST /v1/releases') await team.set('A_KEY');
    return undefined;
  };
  await refused('secret-changed');
  team.front.interfere = () => undefined;
  const { text } = await team.server.token(team.user, { scopes: ['read'] });
  team.servers[0] = team.front.stored('vault.example.org', text);
  await refused('not-permitted');
  team.servers[0] = team.front.stored('vault.example.org', `nfe_${'x'.repeat(49)}`);
  await refused('unauthenticated');
  team.front.close();
  await refused('server-unreachable');
});

void t.test('refuses a name with several meanings, and takes a qualified one', async (t) => {
  const team = await TeamRuns.start(t);
  const { ledger, runs } = team.modules;
  await team.set('A_KEY');
  await createOrganization(ledger, machineUser(), 'lab');
  await createWorkspace(ledger, machineUser(), { organization: 'lab', name: 'rna', visibility: 'private' });
  await team.setOwn('lab/rna', 'OWN_KEY');
  await t.rejects(runs.explain(team.request('lab/rna')), {
    code: 'workspace-ambiguous',
    hint: /local:lab\/rna, vault\.example\.org:lab\/rna/,
  });
  const secretsOf = async (title: string): Promise<string[]> =>
    (await runs.explain(team.request(title))).secrets.map(({ name }) => name);
  t.same(await secretsOf('local:lab/rna'), ['OWN_KEY']);
  t.same(await secretsOf('vault.example.org:lab/rna'), ['A_KEY']);
  t.same(await secretsOf('local/main'), []);
  await t.rejects(secretsOf('other.example.org:lab/rna'), { code: 'server-not-stored' });
  await t.rejects(secretsOf('vault.example.org:lab/none'), { code: 'workspace-not-found' });
  await t.rejects(secretsOf('lab/none'), { code: 'workspace-not-found' });
  team.front.close();
  await t.rejects(secretsOf('lab/rna'), { code: 'server-unreachable' }, 'the server could have it too');
  t.same(await secretsOf('local:lab/rna'), ['OWN_KEY']);
});
