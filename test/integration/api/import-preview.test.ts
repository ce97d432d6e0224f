// The preview of an import: the result of the import, without its effect.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Audit, Problem, SecretList } from '../../../daemon/contract/types.ts';
import type { Answer } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';

void t.test('previews what an import creates, replaces and skips, and changes nothing', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  // Random bytes can contain a NUL, which a value cannot.
  const value = Buffer.from(randomBytes(16).toString('hex')).toString('base64');
  const one = (name: string, valueBase64 = value) => ({ name, valueBase64 });
  const secrets = [one('FOO_KEY'), one('BAR_KEY')];
  for (const path of ['/v1/workspaces/local/main/secrets', '/v1/user/secrets']) {
    const preview = (body: object, query = '?preview=true', key?: string): Promise<Answer> =>
      box.http('POST', `${path}/import${query}`, body, key === undefined ? {} : { 'idempotency-key': key });
    const codeOf = async (answer: Promise<Answer>): Promise<string> =>
      (JSON.parse((await answer).text) as Problem).code;
    await box.http('PUT', `${path}/FOO_KEY`, { valueBase64: value });
    const state = async (): Promise<readonly unknown[]> => {
      const { secrets: now } = JSON.parse((await box.http('GET', path)).text) as SecretList;
      const audit = await box.http('GET', '/v1/audit');
      return [
        now.map(({ name, version }) => [name, version]),
        (JSON.parse(audit.text) as Audit).events.length,
      ];
    };
    const before = await state();
    for (const [onConflict, expected] of [
      ['replace', { created: ['BAR_KEY'], replaced: ['FOO_KEY'], skipped: [] }],
      ['skip', { created: ['BAR_KEY'], replaced: [], skipped: ['FOO_KEY'] }],
    ] as const) {
      const answer = await preview({ secrets, onConflict }, '?preview=true', `preview-${onConflict}`);
      t.same(JSON.parse(answer.text), expected);
      t.notMatch(answer.text, value);
    }
    t.equal(await codeOf(preview({ secrets, onConflict: 'refuse' })), 'import-conflict');
    t.equal(await codeOf(preview({ secrets: [one('a b')], onConflict: 'skip' })), 'name-invalid');
    t.equal(
      await codeOf(preview({ secrets: [one('NUL_KEY', 'AAAA')], onConflict: 'skip' })),
      'value-invalid',
    );
    const twice = { secrets: [one('BAR_KEY'), one('BAR_KEY')], onConflict: 'skip' };
    t.equal(await codeOf(preview(twice)), 'import-invalid');
    t.equal(await codeOf(preview({ secrets, onConflict: 'skip' }, '?preview=maybe')), 'request-invalid');
    t.same(await state(), before, 'nothing changed');
    const imported = await preview({ secrets, onConflict: 'replace' }, '?preview=false');
    t.same(JSON.parse(imported.text), { created: ['BAR_KEY'], replaced: ['FOO_KEY'], skipped: [] });
    t.not((await state())[0], before[0]);
  }
});

void t.test('previews without the key of the vault, and reports a personal workspace', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const personal = { organization: 'local', name: 'ada', visibility: 'personal' };
  await box.http('POST', '/v1/workspaces', personal);
  const body = { secrets: [{ name: 'FOO_KEY', valueBase64: 'YQ==' }], onConflict: 'skip' };
  const { text } = await box.http('POST', '/v1/workspaces/local/ada/secrets/import?preview=true', body);
  t.match(JSON.parse(text), { code: 'workspace-personal' });
  const { text: vault } = await box.http('GET', '/v1/vault');
  await box.http('POST', '/v1/user/secrets/import?preview=true', body);
  t.same(JSON.parse((await box.http('GET', '/v1/vault')).text), JSON.parse(vault), 'creates no key');
});

void t.test('previews and imports a text, by name', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const path = '/v1/workspaces/local/main/secrets';
  const value = randomBytes(16).toString('hex');
  await box.http('PUT', `${path}/FOO_KEY`, { value });
  const send = async (body: object, query = ''): Promise<unknown> => {
    const { text } = await box.http('POST', `${path}/import${query}`, { onConflict: 'replace', ...body });
    t.notMatch(text, value);
    return JSON.parse(text);
  };
  const textOf = (text: string | Buffer, format: string): object => ({
    textBase64: Buffer.from(text).toString('base64'),
    format,
  });
  const list = [
    ...['FOO_KEY', 'BAR_KEY', 'BAR_KEY', 'PATH', `${value}-`].map((name) => ({ name, value })),
    { name: 'NUMBER_KEY', value: 1 },
    { name: 'NUL_KEY', value: 'a\0' },
  ];
  const json = textOf(JSON.stringify(list), 'json');
  t.match(await send(json, '?preview=true'), {
    ...{ created: ['BAR_KEY'], replaced: ['FOO_KEY'], skipped: [] },
    refused: [
      { name: 'BAR_KEY', reason: 'the name occurs twice' },
      { name: 'PATH', reason: 'shells use this variable' },
      { name: `${value.slice(0, 4)}…`, reason: /it (starts with a digit|contains characters other)/ },
      { name: 'NUMBER_KEY', reason: 'the value is not text' },
      { name: 'NUL_KEY', reason: 'the value contains a NUL at byte 2' },
    ],
  });
  const only = (...names: readonly (readonly [string, number | null])[]): object => ({
    only: names.map(([name, version]) => ({ name, version })),
  });
  const dotenv = textOf(`FOO_KEY=${value}\nBAR_KEY="${value}"\n`, 'dotenv');
  for (const [body, code] of [
    [{ ...dotenv, ...only(['FOO_KEY', null]) }, 'precondition-failed'],
    [{ ...dotenv, ...only(['FOO_KEY', 2]) }, 'precondition-failed'],
    [{ ...dotenv, ...only(['BAR_KEY', 1]) }, 'precondition-failed'],
    [{ ...dotenv, ...only(['OTHER_KEY', null]) }, 'import-invalid'],
    [{ ...json, ...only(['NUMBER_KEY', null]) }, 'import-invalid'],
    [{ ...json, ...only(['PATH', null]) }, 'name-invalid'],
    [{ ...json, ...only(['BAR_KEY', null]) }, 'import-invalid'],
    [textOf('{', 'json'), 'import-invalid'],
    [textOf(Buffer.from([0xff]), 'dotenv'), 'import-invalid'],
    [{ ...dotenv, secrets: [] }, 'request-unprocessable'],
    [{ ...dotenv, format: undefined }, 'request-unprocessable'],
    [{}, 'request-unprocessable'],
  ] as const)
    t.match(await send(body), { code }, JSON.stringify(body).replaceAll(value, ''));
  t.same(await send({ ...dotenv, ...only(['FOO_KEY', 1], ['BAR_KEY', null]) }), {
    ...{ created: ['BAR_KEY'], replaced: ['FOO_KEY'], skipped: [] },
  });
});
