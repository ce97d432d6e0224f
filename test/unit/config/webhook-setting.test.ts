import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSettings } from '../../../daemon/config/settings.ts';
import { readWebhooks, type WebhookSetting } from '../../../daemon/config/webhook-setting.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const secretFile = '/home/u/webhook.secret';
const read = (value: string | undefined): Promise<readonly WebhookSetting[]> =>
  readWebhooks({ value, place: 'config.yaml, line 7' });

void t.test('accepts HTTPS, and HTTP on loopback', async (t) => {
  for (const url of [
    'https://hooks.example.org/x',
    'http://127.0.0.1:8080/x',
    'http://[::1]/',
    'http://localhost:1/',
  ])
    t.match(
      await read(JSON.stringify([{ url, secretFile }])),
      [{ events: ['run.ended', 'removal.pending'], removalPendingMinutes: 15, secretFile }],
      url,
    );
  t.same(await read(undefined), []);
});

void t.test('rejects other receivers, and does not quote a URL that may contain a token', async (t) => {
  const cases: [unknown, RegExp][] = [
    ['{', /not valid JSON/],
    [{ url: 'https://a.example', secretFile }, /the value must be a list/],
    [[{ url: 'https://a.example' }], /secretFile of item 1 is missing/],
    [[{ url: 'https://a.example', secretFile, secret: 'tok-en' }], /secret of item 1 is not a known field/],
    [[{ url: 'https://a.example', secretFile, events: ['nothing'] }], /must be run.ended or removal.pending/],
    [[{ url: 'https://a.example', secretFile, removalPendingMinutes: 0 }], /a number from 1 to 10080/],
    [[{ url: 'http://a.example/tok-en', secretFile }], /neither an https address/],
    [[{ url: 'http://127.0.0.1.a.example/tok-en', secretFile }], /neither an https address/],
    [[{ url: 'http://10.0.0.1/tok-en', secretFile }], /neither an https address/],
    [[{ url: 'file:///etc/passwd', secretFile }], /neither an https address/],
    [[{ url: 'unix:/run/x.sock', secretFile }], /neither an https address/],
    [[{ url: 'tok-en', secretFile }], /not a URL/],
    [[{ url: 'https://u:tok-en@a.example', secretFile }], /user name or a password/],
    [[{ url: 'https://a.example', secretFile: 'webhook.secret' }], /not an absolute path/],
    [
      [
        { url: 'https://a.example', secretFile },
        { url: 'https://A.example/', secretFile },
      ],
      /the same url/,
    ],
  ];
  for (const [value, message] of cases) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    await t.rejects(read(text), { code: 'config-invalid', message }, text);
    const { message: told } = await read(text).then(
      () => new Error(''),
      (error: unknown) => error as Error,
    );
    t.match(told, 'Invalid value of webhooks in config.yaml, line 7: ');
    t.notMatch(told, 'tok-en');
  }
});

void t.test('reads receivers from YAML and from the environment', async (t) => {
  const home = temporaryDirectory(t);
  writeFileSync(
    join(home, 'config.yaml'),
    `webhooks:\n  - url: https://a.example\n    secretFile: ${secretFile}\n    events: [run.ended]\n`,
    { mode: 0o600 },
  );
  const settings = await loadSettings({ NF_ESCROW_HOME: home });
  t.match(await readWebhooks(settings.webhooks), [{ events: ['run.ended'] }]);
  const NF_ESCROW_WEBHOOKS = JSON.stringify([{ url: 'https://b.example', secretFile }]);
  const other = await loadSettings({ NF_ESCROW_HOME: home, NF_ESCROW_WEBHOOKS });
  const [hook] = await readWebhooks(other.webhooks);
  t.equal(hook?.url.host, 'b.example');
});
