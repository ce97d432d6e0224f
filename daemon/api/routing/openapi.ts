import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorTable, EscrowError, type ErrorCode } from '../../errors.ts';
import { packageFile } from '../../package-files.ts';
import { problemForm } from '../problem.ts';
import type { ErrorForm } from './error-form.ts';
import type { Operation, OperationGroup, ResponseBody } from './operation.ts';
import { securityOf, securitySchemes } from './security.ts';
import { problemsOf } from './problems-of.ts';
import { headersOf, parametersOf, type Schema } from './openapi-parameters.ts';

/** Data of the description of an API, besides its operations. */
export interface ApiDescription {
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly errors: ErrorForm;
  /** Whether requests need a token, as on a TCP listener. */
  readonly needsToken?: boolean | undefined;
  /** Whether the session of a person is as good as a token, as on a team server. */
  readonly hasSessions?: boolean;
}

const OWN_API: ApiDescription = {
  title: 'nf-escrow',
  summary: 'Deliver secrets to Nextflow runs, watch the runs, and remove the secrets',
  description:
    "The API of a user's daemon. It listens on a Unix socket that only this user can open, so it needs no login. On a TCP listener, requests need a token. Errors are problem documents (RFC 9457) with a stable `code` and a `hint`. No response contains the value of a secret.",
  servers: [{ url: '/', description: 'The Unix socket of the daemon' }],
  errors: problemForm,
};

/** Describes the API on the socket, or on a TCP listener, where requests need a token. */
export function ownApi(needsToken?: boolean): ApiDescription {
  return { ...OWN_API, needsToken };
}

/**
 * Returns the OpenAPI 3.1 description of the API. OpenAPI 3.1 uses JSON Schema 2020-12, so the files in schemas/ are
 * included unchanged. https://spec.openapis.org/oas/v3.1.0
 */
export function openApi(
  version: string,
  groups: readonly OperationGroup[],
  { errors, servers, needsToken = false, hasSessions = false, ...info }: ApiDescription = OWN_API,
): object {
  const schemas = readSchemas();
  const paths: Record<string, Record<string, object>> = {};
  for (const { title, operations } of groups)
    for (const one of operations) {
      paths[one.path] ??= {};
      (paths[one.path] as Record<string, object>)[one.method] = {
        ...describe(one, title, schemas, errors),
        ...(needsToken ? securityOf(one) : {}),
      };
    }
  return {
    openapi: '3.1.0',
    info: { ...info, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: needsToken
      ? servers.map(({ url }) => ({ url, description: 'The TCP listener of the daemon' }))
      : servers,
    security: needsToken ? [{ userToken: [] }, ...(hasSessions ? [{ sessionCookie: [] }] : [])] : [],
    tags: groups.map(({ title, description }) => ({ name: title, description })),
    paths,
    components: {
      schemas: reachable(paths, schemas),
      ...(needsToken ? { securitySchemes } : {}),
    },
  };
}

function describe(
  one: Operation,
  tag: string,
  schemas: Readonly<Record<string, Schema>>,
  errors: ErrorForm,
): object {
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
          {
            description: STATUS[status] ?? 'Success',
            ...headersOf(one, status, schemas),
            ...contentOf(body, schemas),
          },
        ]),
      ),
      ...errorResponses(one, errors),
    },
  };
}

const STATUS: Readonly<Record<string, string>> = {
  200: 'Success',
  201: 'Created',
  202: 'Accepted',
  204: 'Done. The response has no body',
  206: 'A range of the file',
};

function contentOf(body: ResponseBody, schemas: Readonly<Record<string, Schema>>): object {
  if (body === null) return {};
  if (typeof body === 'string') return { content: { 'application/json': media(body, schemas) } };
  const { type, schema } = body;
  const isText = type !== 'application/json';
  const described = schema === undefined ? { type: isText ? 'string' : 'object' } : eventSchema(schema);
  return { content: { [type]: { schema: described } } };
}

/** Returns the schema of each event of a stream. OpenAPI 3.1 does not define what the schema of a stream applies to. */
function eventSchema(data: string): object {
  return {
    type: 'object',
    required: ['data'],
    properties: {
      id: { type: 'string' },
      event: { type: 'string' },
      data: { type: 'string', contentMediaType: 'application/json', contentSchema: reference(data) },
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

/** Returns the responses of errors by status. Each lists its codes, with an example for each. */
function errorResponses(one: Operation, { statusOf, bodyOf, mediaType, schema }: ErrorForm): object {
  const byStatus = new Map<string, ErrorCode[]>();
  for (const code of problemsOf(one)) {
    const status = String(statusOf(code));
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const exampleOf = (code: ErrorCode): object => bodyOf(new EscrowError(code, `${errorTable[code].title}.`));
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('. '),
        content: {
          [mediaType]: {
            schema: reference(schema),
            examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
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
