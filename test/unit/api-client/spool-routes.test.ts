// Compares the routes that may be written to the spool with the list of all operations of the API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Method } from '../../../daemon/api-client/client.ts';
import { assertTravels, spoolRoutes } from '../../../daemon/api-client/spool-routes.ts';
import { operations } from '../../../daemon/api/operations/operations.ts';
import { root } from '../../support/sandbox.ts';

/** Names of properties with secret values or credentials. */
const CONFIDENTIAL =
  /^(value|valueBase64|passphrase|identities|awsCredentials|secretAccessKey|sessionToken|token|export)$/;

function propertiesOf(schema: string, seen = new Set<string>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const names: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string' && value.endsWith('.json'))
        names.push(...propertiesOf(value.replace('.json', ''), seen));
      if (key === 'properties') names.push(...Object.keys(value as object));
      walk(value);
    }
  };
  walk(JSON.parse(readFileSync(join(root, 'schemas', `${schema}.json`), 'utf8')));
  return names;
}

const isAllowed = (method: string, path: string, body?: unknown): boolean => {
  try {
    assertTravels(method as Method, path, body, 'login1');
    return true;
  } catch {
    return false;
  }
};
const filled = (path: string): string => path.replace(/\{\w+\}/g, 'x1');

void t.test('rejects bodies that can contain a secret value or a credential', async (t) => {
  const confidential = operations.filter(
    ({ request }) => request !== undefined && propertiesOf(request).some((name) => CONFIDENTIAL.test(name)),
  );
  t.ok(confidential.length >= 9, `${String(confidential.length)} of them`);
  for (const { method, path } of confidential)
    t.notOk(isAllowed(method.toUpperCase(), filled(path), {}), `${method} ${path}`);
});

void t.test('lists existing operations only, and allows a body only where one is listed', async (t) => {
  for (const [route, carries] of Object.entries(spoolRoutes)) {
    const operation = operations.find(({ method, path }) => route === `${method.toUpperCase()} ${path}`);
    t.ok(operation, route);
    if (carries === 'body') t.ok(operation?.request, `${route} has a schema`);
    t.equal(
      isAllowed(...(route.replace(/\{\w+\}/g, 'x1').split(' ') as [string, string]), {}),
      carries === 'body',
    );
  }
});

void t.test('rejects paths that resemble a listed route', async (t) => {
  for (const [method, path] of [
    ['POST', '/v1/vault/unlock'],
    ['POST', '/V1/runs'],
    ['POST', '//v1/runs'],
    ['POST', '/v1/runs/'],
    ['POST', '/v1/runs/../vault/unlock'],
    ['POST', '/v1/runs/x/submit/../../../vault/unlock'],
    ['PUT', '/v1/runs'],
    ['PUT', '/v1/user/secrets/FOO_KEY'],
    ['POST', '/v1/user/secrets/import?preview=true'],
    ['POST', '/v1/tokens'],
    ['POST', '/v1/runs\n/v1/vault/unlock'],
    ['POST', '/v1/runs#'],
    ['GET', 'http://other.example/v1/runs'],
    ['GET', '/v1/anything-new'],
  ] as const)
    t.notOk(isAllowed(method, path, {}), `${method} ${path}`);
});

void t.test('names the host and the route in the error, and nothing else of the request', async (t) => {
  t.throws(
    () => assertTravels('POST', '/v1/runs/r1/purge?force=true', { awsCredentials: 'canary' }, 'login1'),
    {
      code: 'daemon-on-other-host',
      message: /^Cannot send POST \/v1\/runs\/r1\/purge to the daemon on login1: it may contain/,
      hint: 'Run the command on login1.',
    },
  );
  t.doesNotThrow(() => assertTravels('POST', '/v1/runs/r1/purge?force=true', undefined, 'login1'));
});
