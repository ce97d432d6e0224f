import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accepts, refuses } from '../../../support/hostile.ts';
import { Sandbox } from '../../../support/sandbox.ts';

const VALUE = 'the-value-no-command-may-show';
type Case = [string[], number, RegExp];

async function all(t: Parameters<typeof refuses>[0], box: Sandbox, cases: readonly Case[]): Promise<void> {
  await Promise.all(cases.map(([args, status, message]) => refuses(t, box, args, [status, message])));
}

void t.test('rejects unknown options, missing arguments and invalid names', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  await all(t, box, [
    [['secrets', 'list', '--nope'], 64, /Unknown option "--nope" of nf-escrow secrets list/],
    [['runs', 'list', '--nope'], 64, /Unknown option/],
    [['daemon', 'nope'], 64, /Unknown command "nope" of nf-escrow daemon/],
    [['run', '--nope', 'x'], 64, /Unknown option "--nope"/],
    [['workspaces', 'create'], 64, /Missing argument ORG\/NAME/],
    [['compute-envs', 'create', 'other'], 64, /--platform/],
    [['runs', 'show', ''], 64, /RUN is empty/],
    [['runs', 'list', '--limit', 'abc'], 64, /--limit must be a whole number from 1 to 1000000, not abc/],
    [
      ['runs', 'prune', '--older-than', 'x', '--yes'],
      64,
      /--older-than must be a number from 0 to 36500, not x/,
    ],
  ]);
  const bad = ['Upper', 'a/b', '', 'a'.repeat(64), '../x', 'a b', 'ü'];
  await all(
    t,
    box,
    bad.map((name): Case => [['orgs', 'create', name], 64, /ORG must be 1 to 63/]),
  );
  await all(
    t,
    box,
    bad.map((name): Case => [
      ['compute-envs', 'create', name, '--platform', 'hpc'],
      64,
      /NAME must be 1 to 63/,
    ]),
  );
  await all(
    t,
    box,
    ['local/Upper', 'local', 'local/', '/main', 'local/../x', `local/${'a'.repeat(64)}`].map((name): Case => [
      ['workspaces', 'create', name],
      64,
      /must be ORG\/NAME|NAME must be 1 to 63/,
    ]),
  );
});

void t.test('rejects names that exist, are in use or do not exist', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['orgs', 'create', 'lab']);
  await accepts(t, box, ['workspaces', 'create', 'lab/rna']);
  await all(t, box, [
    [['orgs', 'create', 'lab'], 1, /organization "lab": it already exists/],
    [['workspaces', 'create', 'lab/rna'], 1, /workspace "lab\/rna": it already exists/],
    [['compute-envs', 'create', 'local', '--platform', 'hpc'], 1, /"local": it already exists/],
    [['orgs', 'remove', 'lab', '--yes'], 1, /it has 1 workspace/],
    [['compute-envs', 'remove', 'local', '--yes'], 1, /is the default/],
    [['workspaces', 'create', 'no/rna'], 1, /no organization "no"/],
    [['run', '--workspace', 'lab/no', 'x'], 78, /no workspace "lab\/no"/],
    [['run', '--compute-env', 'no', 'x'], 78, /no compute environment "no"/],
    [['secrets', 'list', '--workspace', 'lab/no'], 1, /no workspace/],
  ]);
});

void t.test('rejects malformed import files without quoting them', async (t) => {
  const box = new Sandbox(t);
  const file = join(box.launch, 'file');
  const cases: [string, string | Buffer, RegExp][] = [
    ['json', `{"FOO_KEY": "${VALUE}"`, /is not JSON/],
    ['json', `["${VALUE}"]`, /entry 1 is not a name with a string/],
    ['json', `{"FOO_KEY": {"a": "${VALUE}"}}`, /entry 1/],
    ['json', `{"FOO_KEY": "${VALUE}", "no-name": "x"}`, /no-name/],
    ['json', '['.repeat(100_000), /is not JSON/],
    ['json', '3', /contains no secrets/],
    ['dotenv', '= = =\n', /contains no secrets/],
    ['dotenv', Buffer.from([0xff, 0xfe, 0x00]), /is not UTF-8/],
    ['nextflow', `[{"name": "FOO_KEY", "value": "${VALUE}"`, /is not JSON/],
  ];
  for (const [from, text, message] of cases) {
    writeFileSync(file, text, { mode: 0o600 });
    const status = from === 'nextflow' ? 78 : 64;
    await refuses(t, box, ['secrets', 'import', '--from', from, file], [status, message]);
  }
  t.match((await accepts(t, box, ['secrets', 'list'])).stderr, /has no secrets/);
  t.same(
    box.filesWith(VALUE, (path) => path === file),
    [],
  );
});

void t.test('every command reports an invalid config.yaml', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['daemon', 'start']);
  const cases: [string, RegExp][] = [
    ['a: [', /config\.yaml", line 1, column 5: it is not valid YAML/],
    ['- workspace', /must contain "key: value" lines/],
    ['nope: 1', /Unknown key "nope" in ".*config\.yaml", line 1, column 1\.[^]*Use one of: /],
    ['workspace: [local/main]', /value of workspace in .* must be a string/],
    [
      'idleSeconds: soon',
      /idleSeconds in ".*", line 1, column 1: it must be a number from 0 to 999999999, not soon/,
    ],
  ];
  for (const [text, message] of cases) {
    writeFileSync(join(box.state, 'config.yaml'), text, { mode: 0o600 });
    await all(t, box, [
      [['status'], 78, message],
      [['run', 'x'], 78, message],
    ]);
  }
  writeFileSync(join(box.state, 'config.yaml'), '');
});

void t.test('the daemon rejects malformed requests and continues', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const bodies: [string | undefined, number][] = [
    ['{"valueBase64": 5}', 400],
    ['{"__proto__": {"value": "x"}}', 400],
    ['{"constructor": {"prototype": {}}, "value": "x"}', 400],
    [`{"value": "x", "nested": ${deep}}`, 400],
    ['[]', 400],
    ['null', 400],
    ['"text"', 400],
    ['{', 400],
    ['', 400],
    [undefined, 400],
    [JSON.stringify({ value: 'x'.repeat(300_000) }), 413],
  ];
  for (const [body, status] of bodies) {
    const answer = await box.http('PUT', '/v1/user/secrets/BAR_KEY', body);
    t.equal(answer.status, status, body?.slice(0, 50) ?? 'no body');
    t.match(answer.type, 'application/problem+json');
    t.match(JSON.parse(answer.text), { code: status === 413 ? 'payload-too-large' : 'request-invalid' });
  }
  for (const path of [
    '/v1/runs/%zz',
    '/v1/user/secrets/%ff',
    '/v1/runs?limit=1&limit=2',
    '/v1/runs?limit[a]=1',
  ])
    t.equal((await box.http(path.includes('secrets') ? 'DELETE' : 'GET', path)).status, 400, path);
  t.equal((await box.http('GET', '/v1/health', undefined, { host: 'elsewhere.example' })).status, 403);
  t.equal((await box.http('GET', '/v1/health', undefined, { origin: 'http://localhost' })).status, 403);
  t.match((await accepts(t, box, ['secrets', 'list'])).stdout, /FOO_KEY/);
  t.match((await accepts(t, box, ['secrets', 'list', '--user'])).stderr, /You have no secrets/);
});
