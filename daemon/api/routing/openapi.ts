import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorTable, EscrowError, type ErrorCode } from '../../errors.ts';
import { packageFile } from '../../package-files.ts';
import { problemOf } from '../problem.ts';
import type { Operation, OperationGroup, ResponseBody } from './operation.ts';
import { problemsOf } from './problems-of.ts';
import { headerParameters, pathParameters, type Parameter } from './parameters.ts';

type Schema = Readonly<Record<string, unknown>> & { readonly examples?: readonly unknown[] };

/**
 * Returns the OpenAPI 3.1 description of the API. OpenAPI 3.1 uses JSON Schema 2020-12, so the files in schemas/ are
 * included unchanged. https://spec.openapis.org/oas/v3.1.0
 */
export function openApi(version: string, groups: readonly OperationGroup[]): object {
  const schemas = readSchemas();
  const paths: Record<string, Record<string, object>> = {};
  for (const { title, operations } of groups)
    for (const one of operations) {
      paths[one.path] ??= {};
      (paths[one.path] as Record<string, object>)[one.method] = describe(one, title, schemas);
    }
  return {
    openapi: '3.1.0',
    info: {
      title: 'nf-escrow',
      version,
      summary: 'Deliver secrets to Nextflow runs, watch the runs, and remove the secrets',
      description:
        "The API of a user's daemon. It listens on a Unix socket that only this user can open, so it needs no login. Errors are problem documents (RFC 9457) with a stable `code` and a `hint`. No response contains the value of a secret.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The Unix socket of the daemon' }],
    security: [],
    tags: groups.map(({ title, description }) => ({ name: title, description })),
    paths,
    components: { schemas: reachable(paths, schemas) },
  };
}

function describe(one: Operation, tag: string, schemas: Readonly<Record<string, Schema>>): object {
  const { id, summary, description, request, requestOptional = false, responses } = one;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parametersOf(one, schemas),
    ...(request === undefined
      ? {}
      : {
          requestBody: {
            required: !requestOptional,
            content: { 'application/json': media(request, schemas) },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, body]) => [
          status,
          { description: STATUS[status] ?? 'Success', ...contentOf(body, schemas) },
        ]),
      ),
      ...problemResponses(one),
    },
  };
}

const STATUS: Readonly<Record<string, string>> = {
  200: 'Success',
  201: 'Created',
  202: 'Accepted',
  204: 'Done. The response has no body',
};

function contentOf(body: ResponseBody, schemas: Readonly<Record<string, Schema>>): object {
  if (body === null) return {};
  if (typeof body === 'string') return { content: { 'application/json': media(body, schemas) } };
  const { type, schema } = body;
  const isText = type !== 'application/json';
  return {
    content: {
      [type]: {
        schema: { type: isText ? 'string' : 'object' },
        // OpenAPI 3.1 cannot describe the data of a stream, so its schema is an extension.
        ...(schema === undefined ? {} : { 'x-data-schema': reference(schema) }),
      },
    },
  };
}

function media(file: string, schemas: Readonly<Record<string, Schema>>): object {
  const examples = schemas[file]?.examples ?? [];
  return {
    schema: reference(file),
    examples: Object.fromEntries(
      examples.map((value, index) => [index === 0 ? 'example' : `example${String(index + 1)}`, { value }]),
    ),
  };
}

function reference(file: string): object {
  return { $ref: `#/components/schemas/${file}` };
}

function parametersOf(
  { path, query, headers = [] }: Operation,
  schemas: Readonly<Record<string, Schema>>,
): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...known(pathParameters, name),
  }));
  const { properties = {}, required = [] } = (query === undefined ? {} : schemas[query]) as {
    properties?: Record<string, Schema & { description?: string }>;
    required?: readonly string[];
  };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    description: description ?? name,
    schema,
  }));
  const inHeaders = headers.map((name) => ({
    name,
    in: 'header',
    required: false,
    ...known(headerParameters, name),
  }));
  return [...inPath, ...inQuery, ...inHeaders];
}

function known(parameters: Readonly<Record<string, Parameter>>, name: string): Parameter {
  const found = parameters[name];
  if (found === undefined) throw new Error(`The parameter ${name} is not described in parameters.ts.`);
  return found;
}

/** Returns the responses of errors by status. Each lists its codes, with an example for each. */
function problemResponses(one: Operation): Record<string, object> {
  const byStatus = new Map<string, ErrorCode[]>();
  for (const code of problemsOf(one)) {
    const status = String(errorTable[code].http);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('. '),
        content: {
          'application/problem+json': {
            schema: reference('problem'),
            examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
}

function exampleOf(code: ErrorCode): object {
  return problemOf(new EscrowError(code, `${errorTable[code].title}.`));
}

/** Returns the schemas that the paths refer to, also through other schemas. */
function reachable(
  paths: object,
  schemas: Readonly<Record<string, Schema>>,
): Readonly<Record<string, Schema>> {
  const found = new Set<string>();
  const search = (node: unknown): void => {
    for (const [, file = ''] of JSON.stringify(node).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (found.has(file)) continue;
      found.add(file);
      search(schemas[file]);
    }
  };
  search(paths);
  return Object.fromEntries(Object.entries(schemas).filter(([file]) => found.has(file)));
}

function readSchemas(): Record<string, Schema> {
  const directory = packageFile('schemas');
  const inside = (key: string, value: unknown): unknown =>
    key === '$ref' && typeof value === 'string'
      ? `#/components/schemas/${value.replace(/\.json$/, '')}`
      : value;
  return Object.fromEntries(
    readdirSync(directory)
      .filter((file) => file.endsWith('.json'))
      .map((file) => {
        const text = readFileSync(join(directory, file), 'utf8');
        const entries = Object.entries(JSON.parse(text, inside) as Record<string, unknown>);
        const schema = Object.fromEntries(entries.filter(([key]) => key !== '$id' && key !== '$schema'));
        return [file.replace(/\.json$/, ''), schema];
      }),
  );
}
