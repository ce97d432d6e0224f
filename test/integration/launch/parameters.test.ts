// Parameters of launches, and the schema of the pipeline with which the daemon compares them. Schemas are hostile.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type {
  LaunchPreview,
  ParameterCheck,
  ParameterSchema,
  Problem,
  RunList,
} from '../../../daemon/contract/types.ts';
import { checkParameters } from '../../../daemon/launch/child/check-parameters.ts';
import { parseParameters } from '../../../daemon/launch/child/parse-parameters.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

/** A schema in the form of nf-core. */
const schemaWith = (drafts: { draft: string; definitions: string }): object => ({
  $schema: drafts.draft,
  $id: 'https://raw.githubusercontent.com/nf-core/x/master/nextflow_schema.json',
  title: 'nf-core/x',
  type: 'object',
  [drafts.definitions]: {
    input_output_options: {
      title: 'Input/output options',
      type: 'object',
      required: ['input'],
      properties: {
        input: {
          type: 'string',
          format: 'file-path',
          exists: true,
          pattern: '^\\S+\\.(csv|t\\-sv)$',
          fa_icon: 'fas',
        },
        email: { type: 'string', pattern: '^([a-z]+)@([a-z]+)$' },
      },
    },
    other: {
      type: 'object',
      properties: { depth: { type: 'integer', minimum: 1 }, aligner: { enum: ['star', 'hisat2'] } },
    },
  },
  allOf: [
    { $ref: `#/${drafts.definitions}/input_output_options` },
    { $ref: `#/${drafts.definitions}/other` },
  ],
});
const MODERN = { draft: 'https://json-schema.org/draft/2020-12/schema', definitions: '$defs' };
const OLD = { draft: 'http://json-schema.org/draft-07/schema', definitions: 'definitions' };
/** Exponential in the length of the text. */
const HOSTILE = {
  type: 'object',
  properties: { input: { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' } },
};

void t.test('compares parameters with schemas of nf-core', async (t) => {
  for (const drafts of [MODERN, OLD]) {
    const schema = schemaWith(drafts);
    const violations = (parameters: Parameters<typeof checkParameters>[1]): unknown =>
      checkParameters(schema, parameters);
    t.same(violations({ input: 'a.csv', depth: 3, email: '', aligner: null, unknown: 1 }), {
      violations: [],
    });
    t.same(violations({}), { violations: [{ parameter: 'input', detail: 'input is missing.' }] });
    t.match(violations({ input: 'a.txt', depth: 0, aligner: 'bwa' }), {
      violations: [
        { parameter: 'input' },
        { parameter: 'depth', detail: 'depth must be a number from 1.' },
        { parameter: 'aligner', detail: 'aligner must be star or hisat2.' },
      ],
    });
  }
});

void t.test('treats a parameter such as "constructor" as absent if it is not set', async (t) => {
  const schema = { properties: { constructor: { type: 'string' }, toString: { type: 'integer' } } };
  t.same(checkParameters(schema, {}), { violations: [] });
  t.match(checkParameters({ ...schema, required: ['constructor'] }, {}), {
    violations: [{ parameter: 'constructor', detail: 'constructor is missing.' }],
  });
  t.match(checkParameters(schema, JSON.parse('{"constructor":1}') as object as Record<string, number>), {
    violations: [{ parameter: 'constructor', detail: 'constructor must be text.' }],
  });
});

void t.test('reports schemas that cannot be used, and reads nothing from elsewhere', async (t) => {
  for (const schema of [
    { properties: { a: { $ref: 'https://example.org/x.json' } } },
    { properties: { a: { $ref: 'file:///etc/passwd' } } },
    { properties: { a: { pattern: '(' } } },
    { properties: { a: { type: 'strin' } } },
    { $ref: '#/$defs/absent' },
  ])
    t.match(checkParameters(schema, { a: 'x' }), { failure: /./ }, JSON.stringify(schema));
});

async function start(t: Test): Promise<{
  box: Sandbox;
  pipeline: string;
  write: (schema: object | string) => void;
  launch: (body: object, query?: string) => Promise<Answer>;
  check: (parameters: object) => Promise<ParameterCheck>;
}> {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const pipeline = join(box.directory, 'pipeline');
  mkdirSync(pipeline);
  writeFileSync(join(pipeline, 'main.nf'), '');
  const launch = (body: object, query = ''): Promise<Answer> =>
    box.http('POST', `/v1/launches${query}`, {
      launchDirectory: box.launch,
      pipeline: '../pipeline',
      ...body,
    });
  return {
    ...{ box, pipeline, launch },
    write: (schema) => {
      writeFileSync(
        join(pipeline, 'nextflow_schema.json'),
        typeof schema === 'string' ? schema : JSON.stringify(schema),
      );
    },
    check: async (parameters) =>
      (JSON.parse((await launch({ parameters }, '?preview=true')).text) as LaunchPreview).parameters,
  };
}

void t.test('launches nothing with invalid parameters, and never shows their values', async (t) => {
  const { box, write, launch, check } = await start(t);
  write(schemaWith(MODERN));
  const value = randomBytes(16).toString('hex');
  const answer = await launch({ parameters: { input: value, depth: value } });
  t.equal(answer.status, 422);
  const problem = JSON.parse(answer.text) as Problem;
  t.match(problem, { code: 'parameters-invalid', field: 'parameters.input' });
  t.match(problem.detail, /^Invalid parameters: input must be .* 1 more violation/);
  t.notMatch(answer.text, value);
  t.match(await check({ input: value, depth: value }), {
    result: 'invalid',
    violations: [{ parameter: 'input' }, { parameter: 'depth' }],
  });
  t.match(await check({ input: 'a.csv' }), { result: 'valid', reason: null, violations: [] });
  t.same((await box.json<RunList>(['runs', 'list'])).runs, []);
  t.same(box.filesWith(value), []);
});

void t.test('a hostile pattern ends after a time limit and blocks no other request', async (t) => {
  const { box, write, launch, check } = await start(t);
  write(HOSTILE);
  const parameters = { input: 'a'.repeat(60) };
  let isChecked = false;
  const pending = launch({ parameters }).finally(() => (isChecked = true));
  t.equal((await box.http('GET', '/v1/health')).status, 200);
  t.notOk(isChecked, 'the daemon answers during the check');
  const answer = await pending;
  t.equal(codeOf(answer), 'parameters-not-checked', answer.text);
  t.match(await check(parameters), { result: 'failed', reason: /time or memory/ });
  t.match((await launch({ parameters, checkParameters: false })).status, 201);
});

void t.test('reads parameters from YAML like Nextflow', async (t) => {
  const read = (text: string): unknown => parseParameters(text);
  t.same(read('a: yes\nb: n\nc: 010\nd: 2026-01-05\ne: [1, {f: off}]\n"g": "yes"\nh: 1.5\n'), {
    parameters: { a: true, b: 'n', c: 8, d: '2026-01-05', e: [1, { f: false }], g: 'yes', h: 1.5 },
  });
  t.same(read('{"a": "x", "b": null}'), { parameters: { a: 'x', b: null } });
  for (const text of ['', '# nothing\n', 'null']) t.same(read(text), { parameters: {} });
  const value = randomBytes(16).toString('hex');
  const aliases = Array.from(
    { length: 40 },
    (_, at) => `a${String(at + 1)}: &a${String(at + 1)} [*a${String(at)}, *a${String(at)}]`,
  );
  for (const [text, failure] of [
    [`a: [${value}`, /line 1, column \d+ is not valid YAML/],
    [`a: 1\na: ${value}`, /line 2, column 1 is not valid YAML: the key occurs twice/],
    [`- ${value}`, /"name: value"/],
    [value, /"name: value"/],
    ['a: 12345678901234567890', /too many digits/],
    ['a: .inf', /not finite/],
    [['a0: &a0 [x]', ...aliases].join('\n'), /an alias is wrong/],
    ['a: '.concat('['.repeat(20_000)), /./],
  ] as const) {
    t.match(read(text), { failure }, text.slice(0, 30));
    t.notMatch(JSON.stringify(read(text)), value);
  }
});

void t.test('a launch takes parameters as text', async (t) => {
  const { box, launch, write } = await start(t);
  write(schemaWith(MODERN));
  const preview = async (body: object): Promise<unknown> =>
    JSON.parse((await launch(body, '?preview=true')).text);
  t.match(await preview({ parametersText: 'depth: 0\n' }), {
    parameters: { result: 'invalid', violations: [{ parameter: 'input' }, { parameter: 'depth' }] },
  });
  t.match(await preview({ parametersText: 'a: [' }), {
    ...{ code: 'request-unprocessable', field: 'parametersText', hint: /name: value/ },
    detail: /^parametersText cannot be read: line 1/,
  });
  t.match(await preview({ parametersText: '"a b": 1' }), { code: 'request-invalid', field: /^parameters/ });
  t.match(await preview({ parametersText: 'a: 1', parameters: {} }), { field: 'parametersText' });
  const copy = 'tr "\\0" "\\n" </proc/$PPID/cmdline | grep params.json | xargs -I{} cp {} copy';
  const parametersText = 'input: a.csv\nskip: yes\n';
  t.equal((await launch({ pipeline: copy, parametersText })).status, 201);
  await until('the run ends', async () => (await box.json<RunList>(['runs', 'list'])).runs[0]?.endedAt);
  t.same(JSON.parse(readFileSync(join(box.launch, 'copy'), 'utf8')), { input: 'a.csv', skip: true });
});

void t.test('returns the schema of a local pipeline', async (t) => {
  const { box, pipeline, write, check } = await start(t);
  const read = async (query: Record<string, string>): Promise<ParameterSchema> => {
    const asked = new URLSearchParams({ launchDirectory: box.launch, pipeline, ...query });
    return JSON.parse(
      (await box.http('GET', `/v1/launches/parameters?${asked.toString()}`)).text,
    ) as ParameterSchema;
  };
  t.match(await read({}), { schema: null, file: null, reason: 'the pipeline has no nextflow_schema.json' });
  t.match(await read({ pipeline: 'nf-core/rnaseq' }), { schema: null, reason: /no nextflow_schema.json/ });
  t.match(await read({ pipeline: 'nf-core/rnaseq', revision: '1' }), { reason: /not on the daemon's host/ });
  const schema = schemaWith(OLD);
  write(schema);
  for (const named of [pipeline, '../pipeline', '../pipeline/main.nf'])
    t.same(await read({ pipeline: named }), {
      schema,
      file: join(pipeline, 'nextflow_schema.json'),
      reason: null,
    });
  for (const [text, reason] of [
    ['{', /is not JSON/],
    ['[]', /is not an object/],
    ['['.repeat(100_000) + ']'.repeat(100_000), /is not an object/],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /more than 40 levels/],
    [`{"a":"${'x'.repeat(1024 * 1024)}"}`, /larger than 1 MiB/],
  ] as const) {
    write(text);
    t.match(await read({}), { schema: null, reason });
    t.match(await check({ input: 'a.csv' }), { result: 'failed', reason });
  }
  const absent = await box.http('GET', '/v1/launches/parameters?pipeline=x&launchDirectory=/absent');
  t.equal(codeOf(absent), 'launch-directory-unusable');
  t.equal(codeOf(await box.http('GET', '/v1/launches/parameters?pipeline=x')), 'request-invalid');
});

void t.test('nextflow reads exactly the parameters of the request', async (t) => {
  const { box, launch } = await start(t);
  const parameters = {
    text: 'a "b"\n\\ $HOME ${x} é',
    number: 1.5,
    no: false,
    none: null,
    list: ['a', { b: 1 }],
  };
  const copy = 'tr "\\0" "\\n" </proc/$PPID/cmdline | grep params.json | xargs -I{} cp {} copy';
  t.equal((await launch({ pipeline: copy, parameters })).status, 201);
  const path = join(box.launch, 'copy');
  await until('the run ends', async () => (await box.json<RunList>(['runs', 'list'])).runs[0]?.endedAt);
  t.same(JSON.parse(readFileSync(path, 'utf8')), parameters);
});
