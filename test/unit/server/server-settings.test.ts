import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  loadServerSettings,
  type ServerOptions,
} from '../../../daemon/server/configuration/server-settings.ts';
import { serverKeys } from '../../../daemon/server/configuration/server-keys.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const TLS = 'tls: {certificateFile: /x/c, keyFile: /x/k}';
const URL_LINE = 'publicUrl: https://escrow.example.org:8443';

function fileOf(t: Test, text: string): string {
  const path = join(temporaryDirectory(t), 'server.yaml');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function load(
  t: Test,
  text: string,
  env: Record<string, string> = {},
  options: ServerOptions = {},
): ReturnType<typeof loadServerSettings> {
  return loadServerSettings({ config: fileOf(t, text), ...options }, env);
}

void t.test('reads the file, overridden by variables, overridden by options', async (t) => {
  const text = `${URL_LINE}\nlisten: 127.0.0.1:1\n${TLS}\ndrain:\n  delaySeconds: 3\n`;
  const env = {
    NF_ESCROW_SERVER_LISTEN: '[::1]:2',
    NF_ESCROW_SERVER_TLS_KEY_FILE: '/y/k',
    NF_ESCROW_SERVER_DRAIN_DEADLINE_SECONDS: '7',
    NF_ESCROW_SERVER_SERVER_NAMES: 'a.example, b.example',
    NF_ESCROW_SERVER_TRUSTED_PROXIES: '10.0.0.0/8',
    STATE_DIRECTORY: '/var/lib/one:/var/lib/two',
  };
  const settings = await load(t, text, env);
  t.match(settings, {
    address: { host: '::1', port: 2 },
    tls: { certificateFile: '/x/c', keyFile: '/y/k' },
    drain: { delaySeconds: 3, deadlineSeconds: 7 },
    stateDirectory: '/var/lib/one',
    vault: { keyFile: '/var/lib/one-key/vault.key' },
  });
  t.same([...settings.names], ['escrow.example.org', 'a.example', 'b.example']);
  t.ok(settings.trustedProxies.has('10.1.2.3'));
  t.ok(Object.isFrozen(settings) && Object.isFrozen(settings.drain) && Object.isFrozen(settings.vault));
  const listening = await load(t, text, env, { listen: '127.0.0.1:3' });
  t.same(listening.address, { host: '127.0.0.1', port: 3 });
  t.ok(serverKeys().length > 15, 'each setting has a variable');
});

void t.test('names the place and a remedy of an invalid setting, and does not quote it', async (t) => {
  const canary = randomBytes(8).toString('hex');
  const cases: [string, Record<string, string>, RegExp, RegExp][] = [
    [
      `${URL_LINE}\n${TLS}\nlistn: x`,
      {},
      /server\.yaml", line 3, column 1: listn is not a known/,
      /Did you mean listen\?/,
    ],
    [
      `${URL_LINE}\ntls: {keyFil: ${canary}}`,
      {},
      /line 2, .*tls\.keyFil is not a known/,
      /Did you mean keyFile\?/,
    ],
    [
      `${URL_LINE}\n${TLS}`,
      { NF_ESCROW_SERVER_DRAIN_DELAY_SECONDS: canary },
      /NF_ESCROW_SERVER_DRAIN_DELAY_SECONDS/,
      /./,
    ],
    [TLS, {}, /has no publicUrl/, /^Set publicUrl/],
    [`publicUrl: http://x.example\n${TLS}`, {}, /must be https/, /^Set/],
    [`publicUrl: https://u:${canary}@x.example\n${TLS}`, {}, /must be https/, /^Set/],
    [`${URL_LINE}\ntls: {keyFile: /x}`, {}, /needs certificateFile and keyFile/, /./],
    [`${URL_LINE}\ntls: {certificateFile: c, keyFile: k}`, {}, /must be an absolute path/, /./],
    [`${URL_LINE}\n${TLS}\nlisten: example.org:1`, {}, /not an IP address/, /./],
    [`${URL_LINE}\n${TLS}\nlisten: unix:x`, {}, /not absolute/, /./],
    [`${URL_LINE}\n${TLS}\nlisten: 127.0.0.1:70000`, {}, /not an IP address with a port/, /./],
    [`${URL_LINE}\n${TLS}\nserverNames: ["a b"]`, {}, /must be host names/, /./],
    [
      `${URL_LINE}\n${TLS}\nforwardedHeader: forwrded`,
      {},
      /forwardedHeader must be/,
      /Did you mean forwarded\?/,
    ],
    [
      `${URL_LINE}\n${TLS}\nvault: {passphraseFile: /a, keyCommand: ${canary}}`,
      {},
      /both passphraseFile and keyCommand/,
      /./,
    ],
    [
      `${URL_LINE}\nlisten: 0.0.0.0:80\ntrustedProxies: [10.0.0.1]`,
      {},
      /only on a loopback address or a Unix socket/,
      /tls/,
    ],
    [
      `${URL_LINE}\n${TLS}\nawsAccounts: [{account: "123456789012"}, {account: "123456789012"}]`,
      {},
      /account 123456789012 is listed twice/,
      /awsAccounts/,
    ],
    [
      `${URL_LINE}\n${TLS}\nawsAccounts: [{account: "123456789012", assumeRole: "arn:aws:iam::999999999999:role/x"}]`,
      {},
      /is a role of another account/,
      /./,
    ],
    [
      `${URL_LINE}\n${TLS}\nawsAccounts: [{account: "123456789012", externalId: lab}]`,
      {},
      /needs assumeRole/,
      /./,
    ],
    [`${URL_LINE}\n${TLS}\nawsAccounts: [{account: 1}]`, {}, /account must be/, /./],
    [`${URL_LINE}\n${TLS}\noidc: {issuer: https://id.example}`, {}, /oidc needs issuer and clientId/, /./],
    [`${URL_LINE}\n${TLS}\noidc: {issuer: http://id.example, clientId: x}`, {}, /must be https/, /^Set/],
    [
      `${URL_LINE}\n${TLS}\noidc: {issuer: "https://u:${canary}@id.example", clientId: x}`,
      {},
      /must be https/,
      /^Set/,
    ],
    [
      `${URL_LINE}\n${TLS}\noidc: {issuer: https://id.example, clientId: x, allowedDomains: ["*.example"]}`,
      {},
      /allowedDomains must be domains/,
      /without a star/,
    ],
    [
      `${URL_LINE}\n${TLS}\noidc: {issuer: https://id.example, clientId: x, clientSecretFile: secret}`,
      {},
      /clientSecretFile must be an absolute path/,
      /./,
    ],
    [`${URL_LINE}\n${TLS}\nsessions: {idleMinutes: 1}`, {}, /idleMinutes/, /./],
    [`${URL_LINE}\nlisten: 127.0.0.1:80`, {}, /trustedProxies must list who may connect/, /trustedProxies/],
    [`${URL_LINE}\nlisten: 127.0.0.1:80\ntrustedProxies: [unix]`, {}, /must list who may connect/, /./],
    [
      `${URL_LINE}\nlisten: unix:/x/s\ntrustedProxies: [127.0.0.1]`,
      {},
      /must list who may connect/,
      /unix for/,
    ],
  ];
  for (const [text, env, message, hint] of cases) {
    const error = await load(t, text, env).then(
      () => ({ code: 'none', message: '', hint: '' }),
      (thrown: unknown) => thrown as { code: string; message: string; hint: string },
    );
    t.match(error, { code: 'config-invalid', message, hint }, message.source);
    t.notOk(`${error.message}${error.hint}`.includes(canary));
  }
  await t.rejects(loadServerSettings({ config: '/none/server.yaml' }, {}), { code: 'config-invalid' });
});

void t.test('refuses a configuration file that others can change', async (t) => {
  const path = fileOf(t, `${URL_LINE}\n${TLS}`);
  chmodSync(path, 0o666);
  await t.rejects(loadServerSettings({ config: path }, {}), { code: 'permissions-too-open' });
});

void t.test('accepts plain HTTP only behind a listed proxy', async (t) => {
  const local = `${URL_LINE}\nlisten: 127.0.0.1:80\ntrustedProxies: [127.0.0.1]`;
  t.equal((await load(t, local)).tls, undefined);
  const socket = `${URL_LINE}\nlisten: unix:/run/x/s\ntrustedProxies: [unix]`;
  t.same((await load(t, socket)).address, { socketPath: '/run/x/s' });
});

void t.test(
  'takes the database URL from the option, DATABASE_URL or a file, without showing a password',
  async (t) => {
    const password = randomBytes(8).toString('hex');
    const text = `${URL_LINE}\n${TLS}`;
    const url = `postgresql://escrow:${password}@db.example/escrow`;
    t.equal((await load(t, text)).database.url, undefined);
    t.equal((await load(t, text, { DATABASE_URL: url })).database.url, url);
    const plain = 'postgresql://escrow@/escrow?host=/run/postgresql';
    t.equal((await load(t, text, { DATABASE_URL: url }, { databaseUrl: plain })).database.url, plain);
    const file = fileOf(t, `${url}\n`);
    t.equal((await load(t, `${text}\ndatabase: {urlFile: ${file}}`)).database.url, url);
    const owner = await load(t, `${text}\ndatabase: {ownerUrlFile: ${file}}`, { DATABASE_URL: plain });
    t.match(owner.database, { url: plain, ownerUrl: url });
    chmodSync(file, 0o644);
    await t.rejects(load(t, `${text}\ndatabase: {urlFile: ${file}}`), { code: 'permissions-too-open' });
    for (const databaseUrl of [url, `postgresql:///x?password=${password}`]) {
      const refused = load(t, text, {}, { databaseUrl });
      await t.rejects(refused, { code: 'usage', hint: /DATABASE_URL/ });
      await refused.catch((error: unknown) => t.notOk(String(error).includes(password)));
    }
    const wrong = load(t, text, { DATABASE_URL: `mysql://x:${password}@y` });
    await t.rejects(wrong, { code: 'config-invalid' });
    await wrong.catch((error: unknown) => t.notOk(String(error).includes(password)));
  },
);

void t.test('accepts the forms in which AWS KMS names keys, and an endpoint', async (t) => {
  const account = '123456789012';
  const keys = [
    `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    `arn:aws-us-gov:kms:us-gov-west-1:${account}:alias/team/nf-escrow`,
    'mrk-1234abcd12ab34cd56ef1234567890ab',
    'alias/nf-escrow',
  ];
  for (const key of keys) {
    const env = { NF_ESCROW_SERVER_VAULT_KMS_KEY_ID: key };
    t.match(await load(t, `${URL_LINE}\n${TLS}\n`, env), { vault: { kmsKeyId: key } });
  }
  for (const endpoint of ['https://vpce-1.kms.eu-west-1.vpce.amazonaws.com', 'http://127.0.0.1:5000'])
    t.match(await load(t, `${URL_LINE}\n${TLS}\nvault: {kmsEndpoint: '${endpoint}'}`), {
      vault: { kmsEndpoint: endpoint },
    });
});

void t.test('rejects other text as a key of AWS KMS, and endpoints that are not encrypted', async (t) => {
  const wrong = [
    ...['arn:aws:kms:eu-west-1:1:key/x', 'arn:aws:s3:::x', 'arn:aws:kms:eu-west-1:123456789012:grant/x'],
    ...['../../x', 'alias/', 'a b', 'x;y', '-'.repeat(200)],
  ];
  for (const key of wrong)
    await t.rejects(
      load(t, `${URL_LINE}\n${TLS}\nvault: {kmsKeyId: '${key}'}`),
      { code: 'config-invalid', message: /vault\.kmsKeyId does not name a key/ },
      key,
    );
  for (const endpoint of [
    'http://kms.eu-west-1.amazonaws.com',
    'https://u:p@x',
    'https://x/path',
    'x',
    'file:///x',
  ])
    await t.rejects(
      load(t, `${URL_LINE}\n${TLS}\nvault: {kmsEndpoint: '${endpoint}'}`),
      { code: 'config-invalid', message: /vault\.kmsEndpoint must be an https URL/ },
      endpoint,
    );
  await t.rejects(load(t, `${URL_LINE}\n${TLS}\nvault: {kmsKeyId: alias/x, passphraseFile: /x}`), {
    code: 'config-invalid',
    message: /both passphraseFile and kmsKeyId/,
  });
});
