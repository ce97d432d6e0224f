import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { validate } from '../../../daemon/contract/validate.ts';
import type { Audit, Run, RunList, SecretList, WorkspaceList } from '../../../daemon/contract/types.ts';
import { Sandbox } from '../../support/sandbox.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const newValue = (): string => randomBytes(16).toString('hex');
/** Prints the hash of a value in the store that nextflow would read, or of an empty text. */
const show = (name: string): string =>
  `printf %s "$(sed -n 's/.*"name":"${name}","value":"\\([^"]*\\)".*/\\1/p' "\${NXF_SECRETS_FILE-/dev/null}")" | sha256sum`;

void t.test('each workspace has its own secrets, and a personal workspace has none', async (t) => {
  const box = new Sandbox(t);
  const escrow = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await box.escrow(args);
    t.equal(status, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  await escrow('orgs', 'create', 'lab');
  await escrow('workspaces', 'create', 'lab/rna', '--shared');
  await escrow('workspaces', 'create', 'lab/me', '--personal');
  const values = { main: newValue(), rna: newValue(), own: newValue() };
  const set = async (value: string, ...where: string[]): Promise<void> => {
    const name = where.includes('--user') ? 'OWN_KEY' : 'FOO_KEY';
    t.equal((await box.escrow(['secrets', 'set', name, ...where], { input: value })).status, 0);
  };
  await set(values.main);
  await set(values.rna, '--workspace', 'lab/rna');
  await set(values.own, '--user');
  const refused = await box.escrow(['secrets', 'set', 'FOO_KEY', '--workspace', 'lab/me'], {
    input: newValue(),
  });
  t.equal(refused.status, 64);
  t.match(refused.stderr, /lab\/me: it is a personal workspace/);
  const seen = async (...options: string[]): Promise<string[]> => {
    const { stdout } = await box.escrow(['run', ...options, `${show('FOO_KEY')}; ${show('OWN_KEY')}`]);
    return stdout.split('\n').map((line) => line.slice(0, 64));
  };
  t.same((await seen()).slice(0, 2), [hash(values.main), hash(values.own)]);
  t.same((await seen('--workspace', 'lab/rna')).slice(0, 2), [hash(values.rna), hash(values.own)]);
  t.same((await seen('--workspace', 'lab/me')).slice(0, 2), [hash(''), hash('')]);
  const warned = await box.escrow(['run', '--workspace', 'lab/me', 'true']);
  t.match(warned.stderr, /lab\/me is personal: a run in a personal workspace receives no secrets/);
  const asked = await box.escrow(['run', '--workspace', 'lab/me', '--only-secret', 'OWN_KEY', 'true']);
  t.equal(asked.status, 64);
  await escrow('use', 'lab/rna');
  t.same((await seen()).slice(0, 1), [hash(values.rna)], 'use sets the default workspace');
  t.equal((await escrow('config', 'get', 'workspace')).trim(), 'lab/rna');
  const { workspaces } = await box.json<WorkspaceList>(['workspaces', 'list']);
  t.match(workspaces, [
    { name: 'me', visibility: 'personal', secrets: 0 },
    { name: 'rna', visibility: 'shared', secrets: 1, role: 'owner' },
    { name: 'main', visibility: 'private', secrets: 1 },
  ]);
  t.equal((await box.escrow(['workspaces', 'create', 'lab/rna'])).status, 1, 'it already exists');
  t.equal((await box.escrow(['workspaces', 'create', 'nolab/rna'])).status, 1);
  t.equal((await box.escrow(['orgs', 'remove', 'lab', '--yes'])).status, 1, 'it has workspaces');
  t.equal(
    (await box.escrow(['workspaces', 'remove', 'lab/rna'])).status,
    64,
    'requires --yes without a terminal',
  );
  await escrow('workspaces', 'remove', 'lab/rna', '--yes');
  t.equal((await box.escrow(['run', 'true'])).status, 78, 'the default workspace is deleted');
  await escrow('workspaces', 'remove', 'lab/me', '--yes');
  await escrow('orgs', 'remove', 'lab', '--yes');
  const audit = JSON.parse((await box.http('GET', '/v1/audit?limit=1000')).text) as Audit;
  validate<'Audit'>('audit.json', audit);
  const types = new Set(audit.events.map(({ type }) => type));
  for (const type of ['organization.created', 'workspace.removed', 'secret.set', 'run.created'])
    t.ok(types.has(type), type);
  t.same((await box.json<Audit>(['audit', '--limit', '1000'])).events, audit.events);
  const page = await escrow('audit', '--limit', '1', '--before', '2');
  t.match(page, /^1\t\S+Z\t\S+\torganization\.created\t-\t.*lab/);
  for (const value of Object.values(values)) t.same(box.filesWith(value), []);
});

void t.test('imports all secrets or none, and shows conflicts', async (t) => {
  const box = new Sandbox(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(box.directory, name), text, { mode: 0o600 });
    return join(box.directory, name);
  };
  const [one, two] = [newValue(), newValue()];
  const dotenv = file('.env', `# a comment\nFOO_KEY=${one}\nexport BAR_KEY="two words ${two}"\n`);
  const first = await box.escrow(['secrets', 'import', '--from', 'dotenv', dotenv]);
  t.equal(first.status, 0, first.stderr);
  const listed = async (): Promise<string[]> =>
    (await box.json<SecretList>(['secrets', 'list', '--workspace', 'local/main'])).secrets.map(
      ({ name, version }) => `${name} ${String(version)}`,
    );
  t.same(await listed(), ['BAR_KEY 1', 'FOO_KEY 1']);
  const json = file('more.json', JSON.stringify({ FOO_KEY: two, NEW_KEY: one }));
  const conflict = await box.escrow(['secrets', 'import', '--from', 'json', json]);
  t.equal(conflict.status, 1);
  t.match(conflict.stdout, /FOO_KEY/, 'shows the existing secret');
  t.match(conflict.stderr, /already set: FOO_KEY/);
  t.same(await listed(), ['BAR_KEY 1', 'FOO_KEY 1'], 'nothing was changed');
  t.equal((await box.escrow(['secrets', 'import', '--from', 'json', json, '--skip'])).status, 0);
  t.same(await listed(), ['BAR_KEY 1', 'FOO_KEY 1', 'NEW_KEY 1']);
  t.equal((await box.escrow(['secrets', 'import', '--from', 'json', json, '--replace'])).status, 0);
  t.same(await listed(), ['BAR_KEY 1', 'FOO_KEY 2', 'NEW_KEY 2']);
  const store = file('store.json', JSON.stringify([{ name: 'STORE_KEY', value: one }]));
  t.equal((await box.escrow(['secrets', 'import', '--from', 'nextflow', store, '--user'])).status, 0);
  for (const [from, path, status, message] of [
    ['json', file('bad.json', `{"FOO": "${one}`), 64, /is not JSON/],
    ['json', file('deep.json', `{"FOO": {"x": "${one}"}}`), 64, /entry 1 is not a name with a string/],
    [
      'json',
      file(
        'twice.json',
        JSON.stringify([
          { name: 'AA', value: 'x' },
          { name: 'AA', value: 'y' },
        ]),
      ),
      64,
      /name AA occurs twice/,
    ],
    ['dotenv', file('name.env', `GOOD_ONE=${one}\nA-B=${one}\n`), 64, /characters other than/],
    ['dotenv', file('empty.env', `GOOD_ONE=${one}\nNOTHING=\n`), 64, /NOTHING: the value is empty/],
    ['dotenv', file('none.env', '# nothing\n'), 64, /contains no secrets/],
    ['yaml', dotenv, 64, /unknown source "yaml"/],
    ['json', join(box.directory, 'absent'), 64, /ENOENT/],
  ] as const) {
    const ended = await box.escrow(['secrets', 'import', '--from', from, path]);
    t.equal(ended.status, status, `${path}: ${ended.stderr}`);
    t.match(ended.stderr, message);
    t.notOk(ended.stderr.includes(one), 'prints no value');
  }
  t.same(await listed(), ['BAR_KEY 1', 'FOO_KEY 2', 'NEW_KEY 2']);
});

void t.test('uses the runs directory of the compute environment', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const scratch = join(box.directory, 'scratch');
  const created = await box.escrow([
    'compute-envs',
    'create',
    'cluster',
    '--platform',
    'hpc',
    '--runs-dir',
    scratch,
  ]);
  t.equal(created.status, 0, created.stderr);
  const where = 'dirname "$NXF_SECRETS_FILE"';
  const first = await box.escrow(['run', '--compute-env', 'cluster', where]);
  t.ok(first.stdout.startsWith(`${scratch}/r`), first.stdout);
  t.ok((await box.escrow(['run', where])).stdout.startsWith(join(box.state, 'runs')));
  t.equal((await box.escrow(['compute-envs', 'update', 'cluster', '--default'])).status, 0);
  t.ok((await box.escrow(['run', where])).stdout.startsWith(scratch));
  const { runs } = await box.json<RunList>(['runs', 'list']);
  t.same(
    runs.map(({ computeEnvironment }) => computeEnvironment),
    ['cluster', 'local', 'cluster'],
  );
  t.equal((await box.escrow(['compute-envs', 'remove', 'cluster', '--yes'])).status, 1, 'it is the default');
  t.equal((await box.escrow(['compute-envs', 'update', 'cluster', '--unset', 'runs-dir'])).status, 0);
  t.ok(
    (await box.escrow(['run', where])).stdout.startsWith(join(box.state, 'runs')),
    'uses the runs directory in the settings',
  );
  t.equal((await box.escrow(['run', '--compute-env', 'nowhere', 'true'])).status, 78);
  t.equal((await box.escrow(['compute-envs', 'create', 'x', '--platform', 'moon'])).status, 64);
  t.equal((await box.escrow(['compute-envs', 'create', 'local', '--platform', 'hpc'])).status, 1);
  t.same(box.filesWith(value), []);
});

void t.test('writes settings to config.yaml and preserves comments', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const path = join(box.state, 'config.yaml');
  writeFileSync(path, '# mine\nidleSeconds: 60 # a minute\n', { mode: 0o600 });
  t.equal((await box.escrow(['config', 'set', 'keepRunsDays', '30'])).status, 0);
  t.match(readFileSync(path, 'utf8'), /^# mine\nidleSeconds: 60 # a minute\nkeepRunsDays: /);
  t.equal(
    (await box.escrow(['config', 'set', 'keepRunsDays', 'x'])).status,
    64,
    'does not write an invalid value',
  );
  t.equal((await box.escrow(['config', 'set', 'nonsense', 'x'])).status, 64);
  t.equal((await box.escrow(['config', 'get', 'keepRunsDays'])).stdout, '30\n');
  t.equal((await box.escrow(['config', 'set', 'keepRunsDays', ''])).status, 0);
  t.match((await box.escrow(['config', 'list'])).stdout, /^keepRunsDays\t90\tdefault$/m);
  t.ok(existsSync(path));
});

void t.test('lists runs by page and prunes them by age', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: newValue() });
  for (let index = 0; index < 3; index += 1) await box.escrow(['run', 'true']);
  const ids = (await box.json<RunList>(['runs', 'list'])).runs.map(({ id }) => id);
  const first = JSON.parse((await box.http('GET', '/v1/runs?limit=1')).text) as RunList;
  const second = await box.http('GET', `/v1/runs?limit=2&cursor=${first.next ?? ''}`);
  const page = JSON.parse(second.text) as RunList;
  t.same(
    page.runs.map(({ id }: Run) => id),
    ids.slice(1),
  );
  t.equal((await box.http('GET', '/v1/runs?limit=x')).status, 400);
  t.same((await box.json<RunList>(['runs', 'list', '--state', 'running'])).runs, []);
  t.match((await box.escrow(['runs', 'prune', '--older-than', '1', '--yes'])).stdout, /records of 0 runs/);
  t.match((await box.escrow(['runs', 'prune', '--older-than', '0', '--yes'])).stdout, /records of 3 runs/);
  t.same((await box.json<RunList>(['runs', 'list'])).runs, []);
});
