import type { Operation } from './operation.ts';
import { headerParameters, pathParameters, responseHeaders, type Parameter } from './parameters.ts';

/** A JSON schema of the files in schemas/. */
export type Schema = Readonly<Record<string, unknown>> & { readonly examples?: readonly unknown[] };

/** Returns the description of the headers of a response. */
export function headersOf(
  { query, tagged = false, repeatable, headers = [], responses }: Operation,
  status: string,
  schemas: Readonly<Record<string, Schema>>,
): object {
  const { properties = {} } = (query === undefined ? {} : schemas[query]) as { properties?: object };
  const names = [
    ...(tagged && responses[Number(status) as 200] !== null ? ['ETag'] : []),
    ...('cursor' in properties ? ['Link'] : []),
    ...(String(repeatable) === status ? ['Idempotency-Replayed'] : []),
    ...(headers.includes('Range') ? ['Accept-Ranges'] : []),
    ...(status === '206' ? ['Content-Range'] : []),
  ];
  return names.length === 0
    ? {}
    : { headers: Object.fromEntries(names.map((name) => [name, known(responseHeaders, name)])) };
}

/** Returns the description of the parameters of an operation: in its path, in its query, and in headers. */
export function parametersOf(
  { path, query, headers = [], preconditions = [], requiresPrecondition = false, repeatable }: Operation,
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
  const named = [...headers, ...preconditions, ...(repeatable === undefined ? [] : ['Idempotency-Key'])];
  const inHeaders = named.map((name) => ({
    name,
    in: 'header',
    required: requiresPrecondition && name === 'If-Match',
    ...known(headerParameters, name),
  }));
  return [...inPath, ...inQuery, ...inHeaders];
}

function known(parameters: Readonly<Record<string, Parameter>>, name: string): Parameter {
  const found = parameters[name];
  if (found === undefined) throw new Error(`The parameter ${name} is not described in parameters.ts.`);
  return found;
}
