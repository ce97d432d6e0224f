// The descriptions of the API, checked by a linter for OpenAPI, and their examples, checked by their own schemas.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { operationGroups } from '../../../daemon/api/operations/operations.ts';
import { openApi, ownApi } from '../../../daemon/api/routing/openapi.ts';
import { platformApi, platformGroup } from '../../../daemon/api/seqera-platform/operations.ts';
import { root } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

interface Schema {
  readonly type?: string;
  readonly additionalProperties?: unknown;
}

interface Described {
  readonly paths: Record<
    string,
    Record<string, { parameters: { in: string; name: string; example?: unknown }[] }>
  >;
}

const description = openApi('0.1.0', operationGroups);
const platform = openApi('0.1.0', [platformGroup], platformApi);

void t.test('has no problem that the linter knows', async (t) => {
  const file = join(temporaryDirectory(t), 'openapi.json');
  for (const one of [description, platform, openApi('0.1.0', operationGroups, ownApi(true))]) {
    writeFileSync(file, JSON.stringify(one));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'node_modules/@redocly/cli/bin/cli.js'), 'lint', file, '--format=json'],
      { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
    );
    const { problems } = JSON.parse(stdout) as { problems: { message: string }[] };
    t.same(
      problems.map(({ message }) => message),
      [],
    );
  }
});

void t.test('has examples that match their schemas', async (t) => {
  const ajv = new Ajv2020({ strict: false, allowUnionTypes: true })
    .addSchema(description, 'openapi.json')
    .addSchema(platform, 'platform.json');
  let checked = 0;
  let file = 'openapi.json';
  const check = (schema: unknown, pointer: string, example: unknown): void => {
    const found =
      typeof schema === 'object' && schema !== null && '$ref' in schema
        ? ajv.getSchema(`${file}${String(schema.$ref)}`)
        : ajv.compile(schema as object);
    t.ok(found?.(example), `${pointer}: ${ajv.errorsText(found?.errors)}`);
    checked += 1;
  };
  const walk = (node: unknown, pointer: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { schema, example, examples } = node as Record<'schema' | 'example' | 'examples', unknown>;
    if (schema !== undefined && example !== undefined) check(schema, pointer, example);
    if (schema !== undefined && examples !== undefined)
      for (const [name, one] of Object.entries(examples as Record<string, { value: unknown }>))
        check(schema, `${pointer}/${name}`, one.value);
    for (const [key, value] of Object.entries(node)) walk(value, `${pointer}/${key}`);
  };
  walk((description as { paths: object }).paths, '');
  t.ok(checked > 300, `${String(checked)} examples`);
  const own = checked;
  file = 'platform.json';
  walk((platform as { paths: object }).paths, '');
  t.ok(checked - own > 50, `${String(checked - own)} examples for clients of Seqera Platform`);
});

void t.test('has an example for each body and each parameter in a path or header', async (t) => {
  const missing: string[] = [];
  const { paths: own } = description as Described;
  const { paths: others } = platform as Described;
  for (const [path, methods] of [...Object.entries(own), ...Object.entries(others)])
    for (const [method, { parameters }] of Object.entries(methods))
      for (const parameter of parameters)
        if (parameter.in !== 'query' && parameter.example === undefined)
          missing.push(`${method} ${path} ${parameter.name}`);
  const { schemas } = (description as { components: { schemas: Record<string, { examples?: unknown[] }> } })
    .components;
  const bodies = operationGroups
    .flatMap(({ operations }) => operations)
    .flatMap(({ request, responses }) => [request, ...Object.values(responses)])
    .filter((file) => typeof file === 'string');
  missing.push(...bodies.filter((file) => (schemas[file]?.examples ?? []).length === 0));
  t.same(missing, []);
});

void t.test('rejects unknown fields of every body and unknown query parameters', async (t) => {
  for (const { id, query, request } of operationGroups.flatMap(({ operations }) => operations))
    for (const file of [query, request]) {
      if (file === undefined) continue;
      const schema = JSON.parse(readFileSync(join(root, 'schemas', `${file}.json`), 'utf8')) as Schema;
      t.equal(schema.type, 'object', `${id}: ${file}`);
      t.equal(schema.additionalProperties, false, `${id}: ${file}`);
    }
});
