// The descriptions of the API mention every route that the server has, and no other.
import t from 'tap';
import { operationGroups } from '../../../../daemon/api/operations/operations.ts';
import { openApi } from '../../../../daemon/api/routing/openapi.ts';
import { platformApi, platformGroup } from '../../../../daemon/api/seqera-platform/operations.ts';
import { isPlatformPath } from '../../../../daemon/api/seqera-platform/platform-paths.ts';
import type { Served } from '../../../../daemon/api/served.ts';
import { createServer } from '../../../../daemon/api/server.ts';

interface Description {
  readonly servers: { readonly url: string }[];
  readonly paths: Record<string, Record<string, { operationId: string; responses: object }>>;
}

/** A part of Express that its types do not have. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
}

const own = openApi('0.1.0', operationGroups) as Description;
const platform = openApi('0.1.0', [platformGroup], platformApi) as Description;

const routesOf = ({ servers, paths }: Description): string[] =>
  servers.flatMap(({ url }) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${url.replace(/\/$/, '')}${path}`),
    ),
  );

void t.test('describes every mounted route', (t) => {
  const app = createServer({ recorder: { requests: (): void => undefined } } as unknown as Served);
  const layers = (app.router as unknown as { stack: Layer[] }).stack;
  const mounted = layers.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );
  t.ok(mounted.length > 60, `${String(mounted.length)} routes`);
  t.same(mounted.sort(), [...routesOf(own), ...routesOf(platform)].sort());
  t.end();
});

void t.test('reports errors in the form that each route describes', (t) => {
  for (const route of routesOf(platform)) t.ok(isPlatformPath(route.split(' ')[1] ?? ''), route);
  for (const route of routesOf(own)) t.notOk(isPlatformPath(route.split(' ')[1] ?? ''), route);
  for (const path of ['/apis', '/user-information', '/user/1', '/users/1/workspaces', '/v1/api'])
    t.notOk(isPlatformPath(path), path);
  t.end();
});

void t.test('describes only the errors that clients of Seqera Platform know', (t) => {
  for (const [path, methods] of Object.entries(platform.paths))
    for (const [method, { responses }] of Object.entries(methods)) {
      const known = ['200', '204', '400', '401', '403', '409', '429', '500', '503'];
      t.same(
        Object.keys(responses).filter((status) => !known.includes(status)),
        [],
        `${method} ${path}`,
      );
    }
  t.end();
});
