import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Run, Secret, SecretHolderList } from '../../../daemon/contract/types.ts';
import { accepts, refuses, soon } from '../../support/hostile.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const newValue = (): string => randomBytes(16).toString('hex');
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

void t.test('set, remove and import name the live runs that still hold the old value', async (t) => {
  const box = new Sandbox(t);
  const set = async (name: string, ...options: string[]): Promise<string> =>
    (await accepts(t, box, ['secrets', 'set', name, ...options], { input: newValue() })).stdout;
  await set('FOO_KEY');
  await set('BAR_KEY');
  await set('FOO_KEY', '--user');
  const { id } = JSON.parse(
    (await accepts(t, box, ['run', '--detach', '--json', HOLD, '-name', 'calm_crick'])).stdout,
  ) as Run;
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const holds = (name: string): RegExp =>
    new RegExp(`^Run ${id} \\(calm_crick\\) still holds the old value of ${name} until it ends\\.$`, 'm');
  const holders = async (path: string): Promise<SecretHolderList> => {
    const { status, text } = await box.http('GET', `${path}/holders`);
    t.equal(status, 200, text);
    return JSON.parse(text) as SecretHolderList;
  };
  const own = '/v1/user/secrets/FOO_KEY';
  const workspace = '/v1/workspaces/local/main/secrets';
  const held = { run: id, runName: 'calm_crick', state: 'running', version: 1 };
  await until('the run is known to run', async () => (await holders(own)).holders[0]?.state === 'running');
  t.same(await holders(own), { holders: [{ ...held, current: true }] });
  t.same(
    await holders(`${workspace}/FOO_KEY`),
    { holders: [] },
    'the run got the secret of the user instead',
  );
  t.same(await holders(`${workspace}/NO_SUCH`), { holders: [] });

  t.notMatch(await set('FOO_KEY'), /still holds/, 'a secret that the run did not get');
  t.notMatch(await set('NEW_KEY'), /still holds/);
  t.match(await set('FOO_KEY', '--user'), holds('FOO_KEY'));
  t.same(await holders(own), { holders: [{ ...held, current: false }] });
  const json = JSON.stringify({ BAR_KEY: newValue(), OTHER_KEY: newValue() });
  const imported = await accepts(t, box, ['secrets', 'import', '--from', 'json', '--replace'], {
    input: json,
  });
  t.match(imported.stdout, holds('BAR_KEY'));
  t.match((await accepts(t, box, ['secrets', 'remove', 'BAR_KEY', '--yes'])).stdout, holds('BAR_KEY'));
  t.match(await set('BAR_KEY'), holds('BAR_KEY'), 'a removed secret that is set again');
  t.same(
    JSON.parse((await accepts(t, box, ['secrets', 'remove', 'FOO_KEY', '--user', '--yes', '--json'])).stdout),
    {
      removed: ['FOO_KEY'],
      holders: [{ name: 'FOO_KEY', ...held }],
    },
  );
  await accepts(t, box, ['runs', 'purge', id, '--force', '--yes']);
  t.same(await holders(own), { holders: [] }, 'a purged run holds no value, even if it is alive');
  writeFileSync(join(box.launch, 'go'), '');
  await soon(t, box, ['runs', 'wait', id]);
  t.notMatch(await set('BAR_KEY'), /still holds/, 'after the end of the run');
});

void t.test('lists the secrets of the workspace and of the user, and which override which', async (t) => {
  const box = new Sandbox(t);
  const list = async (...options: string[]): Promise<string[]> =>
    (
      await box.json<{ secrets: (Secret & { overrides?: string[]; overriddenBy?: string })[] }>([
        'secrets',
        'list',
        ...options,
      ])
    ).secrets.map(({ name, scope, overrides, overriddenBy }) =>
      [name, scope, ...(overrides ?? []), overriddenBy].filter((part) => part !== undefined).join(' '),
    );
  t.match(
    (await accepts(t, box, ['secrets', 'list'])).stderr,
    /has no secrets, and you have no secrets of your own\. Add one/,
  );
  for (const [name, ...options] of [
    ['BOTH_KEY'],
    ['BOTH_KEY', '--user'],
    ['OWN_KEY', '--user'],
    ['TEAM_KEY'],
  ])
    await accepts(t, box, ['secrets', 'set', name ?? '', ...options], { input: newValue() });
  t.same(await list(), [
    'BOTH_KEY workspace user',
    'BOTH_KEY user workspace',
    'OWN_KEY user',
    'TEAM_KEY workspace',
  ]);
  t.same(await list('--workspace', 'local/main'), ['BOTH_KEY workspace user', 'TEAM_KEY workspace']);
  t.same(await list('--user'), ['BOTH_KEY user', 'OWN_KEY user']);
  const { stdout } = await accepts(t, box, ['secrets', 'list']);
  t.match(stdout, /^BOTH_KEY\t1\tworkspace\toverridden by yours\t/m);
  t.match(stdout, /^BOTH_KEY\t1\tyou\toverrides workspace\t/m);
  t.match(stdout, /^TEAM_KEY\t1\tworkspace\t-\t/m);
  const { secrets } = JSON.parse((await accepts(t, box, ['run', '--explain', '--json', 'x'])).stdout) as {
    secrets: object[];
  };
  t.match(
    secrets,
    [
      { name: 'BOTH_KEY', scope: 'user', overrides: ['workspace'] },
      { name: 'OWN_KEY' },
      { name: 'TEAM_KEY' },
    ],
    'a run gets what the list says',
  );
});

void t.test('refuses names that shells or the loader use, before it prompts for the value', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  for (const [name, message] of [
    ['UID', /Cannot set a secret named UID: bash sets this variable/],
    ['PATH', /Cannot set a secret named PATH: shells use this variable/],
    ['LD_PRELOAD', /Cannot set a secret named LD_PRELOAD: the dynamic loader/],
    ['JAVA_TOOL_OPTIONS', /interpreters take options/],
    ['LC_ALL', /programs take their language/],
    ['NXF_TASK_WORKDIR', /Nextflow or nf-escrow uses this variable/],
  ] as const)
    await refuses(t, box, ['secrets', 'set', name], [64, message], { input: value });
  const file = join(box.directory, 'mixed.env');
  writeFileSync(file, `GOOD_KEY=${value}\nHOME=${value}\n`, { mode: 0o600 });
  await refuses(t, box, ['secrets', 'import', '--from', 'dotenv', file], [64, /named HOME/]);
  t.same((await box.json<{ secrets: Secret[] }>(['secrets', 'list'])).secrets, [], 'imports all or none');
  const { status, text } = await box.http('PUT', '/v1/user/secrets/EUID', { value });
  t.equal(status, 422);
  t.match(text, /name-invalid/);
  await accepts(t, box, ['secrets', 'import', '--from', 'dotenv', file, 'GOOD_KEY']);
  t.same(
    box.filesWith(value, (path) => path === file),
    [],
  );
});

void t.test('imports from standard input, and only the named secrets', async (t) => {
  const box = new Sandbox(t);
  const [one, two] = [newValue(), newValue()];
  const dotenv = `FOO_KEY=${one}\nBAR_KEY=${two}\nnot-a-name=${one}\nUID=7\n`;
  const names = async (): Promise<string[]> =>
    (await box.json<{ secrets: Secret[] }>(['secrets', 'list'])).secrets.map(
      ({ name, version }) => `${name} ${String(version)}`,
    );
  const run = async (args: string[], input: string): Promise<string> =>
    (await accepts(t, box, ['secrets', 'import', '--from', ...args], { input })).stdout;
  t.match(await run(['dotenv', '-', 'FOO_KEY'], dotenv), /^Imported into workspace local\/main\.$/m);
  t.same(await names(), ['FOO_KEY 1']);
  await run(['dotenv', '--only', 'BAR_KEY', '--only', 'FOO_KEY', '--skip'], dotenv);
  t.same(await names(), ['BAR_KEY 1', 'FOO_KEY 1'], 'without FILE too');
  await run(['json', '-'], JSON.stringify({ THIRD_KEY: two }));
  await run(
    ['nextflow', '-', 'LAST_KEY'],
    JSON.stringify([
      { name: 'LAST_KEY', value: one },
      { name: 'X', value: '' },
    ]),
  );
  t.same(await names(), ['BAR_KEY 1', 'FOO_KEY 1', 'LAST_KEY 1', 'THIRD_KEY 1']);
  for (const [args, input, status, message] of [
    [
      ['dotenv', '-', 'NO_SUCH', 'FOO_KEY'],
      dotenv,
      64,
      /Cannot import NO_SUCH: standard input has no such secret/,
    ],
    [['dotenv', '-'], dotenv, 64, /named UID|Invalid secret name/],
    [['dotenv'], '', 64, /Cannot import standard input: it contains no secrets/],
    [['json', '-'], `{"FOO": "${one}`, 64, /Cannot import standard input: it is not JSON/],
    [['nextflow', '--only', 'FOO_KEY'], '', 64, /Nextflow's secrets store does not exist/],
  ] as const)
    await refuses(t, box, ['secrets', 'import', '--from', ...args], [status, message], { input });
  t.same(await names(), ['BAR_KEY 1', 'FOO_KEY 1', 'LAST_KEY 1', 'THIRD_KEY 1']);
  for (const value of [one, two]) t.same(box.filesWith(value), []);
});
