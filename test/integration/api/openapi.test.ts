import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { operations } from '../../../daemon/api/operations/operations.ts';
import { root, Sandbox } from '../../support/sandbox.ts';

void t.test('serves each listed operation with responses that match their schema', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: 'a value of the test' });
  await box.escrow(['run', 'true']);
  const known: Record<string, string> = {
    run:
      (JSON.parse((await box.http('GET', '/v1/runs')).text) as { runs: { id: string }[] }).runs[0]?.id ?? '',
    organization: 'local',
    workspace: 'main',
    secret: 'FOO_KEY',
  };
  const queries: Record<string, string> = {
    getParameterSchema: `?pipeline=main.nf&launchDirectory=${box.launch}`,
  };
  for (const { id, method, path, request, ofTeamServer } of operations) {
    if (path === '/v1/daemon/stop' || id === 'streamEvents') continue; // the stream does not end
    // The built-in organization and the built-in compute environment are both called local.
    const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      method === 'delete' ? 'absent' : (known[name] ?? 'local'),
    );
    const { status, text } = await box.http(
      method.toUpperCase(),
      `${place}${queries[id] ?? ''}`,
      request === undefined ? undefined : {},
    );
    const what = `${method} ${path}: ${String(status)}`;
    // An invalid request, such as one without its body, is rejected as on a team server.
    if (ofTeamServer === true) t.match(text, /"(?:team-server-required|request-invalid)"/, what);
    else if (method === 'get') t.equal(status, 200, what);
    t.notMatch(text, '"code":"not-found"', what);
    t.not(status, 500, `${what} ${text}`); // a response that does not match its description fails
  }
});

void t.test('describes the API with OpenAPI, without dangling references', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const { text } = await box.http('GET', '/v1/openapi.json');
  const description = JSON.parse(text) as {
    openapi: string;
    paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
    components: { schemas: Record<string, unknown> };
  };
  t.equal(description.openapi, '3.1.0');
  t.equal(new Set(operations.map(({ id }) => id)).size, operations.length, 'operation ids are unique');
  t.equal(Object.keys(description.paths).length, new Set(operations.map(({ path }) => path)).size);
  for (const { method, path, query } of operations) {
    if (query === undefined) continue;
    const schema = JSON.parse(readFileSync(join(root, 'schemas', `${query}.json`), 'utf8')) as {
      properties: object;
    };
    const listed = description.paths[path]?.[method]?.parameters.filter((one) => one.in === 'query');
    t.same(
      listed?.map(({ name }) => name),
      Object.keys(schema.properties),
      `${method} ${path}`,
    );
  }
  t.ok(operations.filter(({ query }) => query !== undefined).length >= 3);
  const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference = '']) => reference);
  t.ok(references.length > 50);
  for (const reference of new Set(references))
    t.ok(
      Object.hasOwn(description.components.schemas, reference.replace('#/components/schemas/', '')),
      reference,
    );
});
