import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../package-files.ts';
import { operations } from './operations.ts';

/**
 * Returns the OpenAPI 3.1 description of the API. OpenAPI 3.1 uses JSON Schema 2020-12, so the files in schemas/ are
 * included unchanged. https://spec.openapis.org/oas/v3.1.0
 */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  const described = schemas();
  for (const { method, path, summary, query, request, answer, status } of operations) {
    paths[path] ??= {};
    paths[path][method] = {
      summary,
      parameters: [
        ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
          name,
          in: 'path',
          required: true,
          schema: { type: 'string' },
        })),
        ...(query === undefined ? [] : queryParameters(described[query])),
      ],
      ...(request === undefined ? {} : { requestBody: { required: true, content: json(request) } }),
      responses: {
        [String(status ?? 200)]: {
          description: summary,
          ...(answer === undefined ? {} : { content: json(answer) }),
        },
        default: { description: 'Error', content: problem },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'nf-escrow', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: described },
  };
}

const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } };

/** Returns a parameter for each property of the schema of a query. */
function queryParameters(schema: Schema | undefined): object[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema?.required?.includes(name) ?? false,
    schema: property,
  }));
}

function json(file: string): object {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${file}` } } };
}

/** A schema, as far as query parameters need it. */
interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

function schemas(): Readonly<Record<string, Schema>> {
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
