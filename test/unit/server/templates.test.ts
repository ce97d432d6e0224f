import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { serverKeys } from '../../../daemon/server/configuration/server-keys.ts';
import { loadServerSettings } from '../../../daemon/server/configuration/server-settings.ts';
import { root } from '../../support/sandbox.ts';

const template = (name: string): string => readFileSync(join(root, 'templates/server', name), 'utf8');

interface Compose {
  readonly services: Record<
    string,
    { readonly environment?: Record<string, string>; readonly secrets?: string[] }
  >;
  readonly secrets: Record<string, { readonly file: string }>;
}

void t.test('the compose file passes secrets as files, and defines each of them', (t) => {
  const { services, secrets } = parse(template('compose.yaml'), { merge: true }) as Compose;
  for (const [name, { environment = {}, secrets: used = [] }] of Object.entries(services)) {
    for (const [variable, value] of Object.entries(environment))
      t.ok(
        !/PASS|KEY|URL|SECRET|TOKEN/.test(variable) || /_FILE$/.test(variable),
        `${name}: ${variable}=${value}`,
      );
    for (const secret of used) t.ok(Object.hasOwn(secrets, secret), `${name} uses ${secret}`);
  }
  t.same(Object.keys(services), ['postgres', 'replica-1', 'replica-2', 'proxy']);
  t.not(
    services['postgres']?.environment?.['POSTGRES_USER'],
    'nf_escrow_app',
    'the replicas are no superuser',
  );
  t.match(template('server.yaml'), /ownerUrlFile: \/run\/secrets\/owner-database-url/);
  t.end();
});

void t.test('the example of the configuration is valid', async (t) => {
  // The secret files exist only in the containers.
  const text = template('server.yaml').replace(/^database:\n(?: .*\n)+/m, '');
  const configuration = parse(text) as { listen: string; trustedProxies: string[] };
  const env = Object.fromEntries(
    serverKeys().flatMap(({ path, variable }) => {
      const value = path.reduce<unknown>(
        (tree, key) => (tree as Record<string, unknown> | undefined)?.[key],
        configuration,
      ) as string | string[] | undefined;
      return value === undefined ? [] : [[variable, value.toString()]];
    }),
  );
  t.match(await loadServerSettings({}, env), {
    address: { host: '0.0.0.0', port: 8443 },
    tls: { keyFile: '/run/secrets/replica.key' },
  });
});

void t.test('the unit names settings that exist, and waits for the shutdown', (t) => {
  const unit = template('nf-escrow-server.service');
  const variables = serverKeys().map(({ variable }) => variable);
  const named = [...unit.matchAll(/NF_ESCROW_SERVER_[A-Z_]+/g)].map(([name]) => name);
  t.ok(named.length > 0);
  for (const name of named) t.ok(variables.includes(name), name);
  t.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) > 40, 'longer than the default times of a drain');
  t.end();
});
