import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { validate } from '../../../daemon/contract/validate.ts';
import type { Problem, RunList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const SECRETS = '/v1/workspaces/local/main/secrets';

void t.test('returns valid responses that contain no secret value', async (t) => {
  const box = new Sandbox(t);
  const value = randomBytes(16).toString('hex');
  await box.escrow(['daemon', 'start']);
  const answers: string[] = [];
  const get = async (path: string): Promise<unknown> => {
    const { status, text } = await box.http('GET', path);
    t.equal(status, 200, path);
    answers.push(text);
    return JSON.parse(text);
  };
  t.equal((await box.http('PUT', `${SECRETS}/FOO_KEY`, { value })).status, 201);
  t.equal(
    (await box.http('PUT', `${SECRETS}/FOO_KEY`, { valueBase64: Buffer.from(value).toString('base64') }))
      .status,
    200,
  );
  t.equal((await box.http('PUT', '/v1/user/secrets/BAR_KEY', { value })).status, 201);
  const started = box.start([
    'run',
    'touch here; while [ ! -e go ]; do sleep 0.05; done',
    '--password',
    value,
  ]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const list = (await get('/v1/runs')) as RunList;
  const id = list.runs[0]?.id ?? '';
  validate<'RunList'>('run-list.json', list);
  validate<'Health'>('health.json', await get('/v1/health'));
  validate<'DaemonStatus'>('daemon-status.json', await get('/v1/daemon'));
  validate<'SecretList'>('secret-list.json', await get(SECRETS));
  validate<'SecretList'>('secret-list.json', await get('/v1/user/secrets'));
  validate<'Run'>('run.json', await get(`/v1/runs/${id.slice(0, 12)}`));
  validate<'TaskList'>('task-list.json', await get(`/v1/runs/${id}/tasks`));
  validate<'Receipt'>('receipt.json', await get(`/v1/runs/${id}/receipt`));
  const alive = await box.http('POST', `/v1/runs/${id}/purge`);
  t.match(JSON.parse(alive.text), { code: 'run-alive', status: 409, retryable: true });
  const following = box.http('GET', `/v1/runs/${id}/events`);
  writeFileSync(join(box.launch, 'go'), '');
  await started.ended;
  const events = await following;
  t.match(events.type, /^text\/event-stream/);
  const types = [...events.text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
  const expected = [
    'run.created',
    'run.examined',
    'lease.placed',
    'run.materialized',
    'run.running',
    'run.ended',
    'lease.removing',
    'lease.gone',
    'run.purged',
  ];
  t.same(types, expected);
  for (const [, data = ''] of events.text.matchAll(/^data: (.*)$/gm))
    validate<'JournalEvent'>('journal-event.json', JSON.parse(data));
  const third = /^id: (\d+)$/gm.exec(events.text.split('\n\n')[2] ?? '')?.[1] ?? '';
  const resumed = await box.http('GET', `/v1/runs/${id}/events`, undefined, { 'last-event-id': third });
  t.same(
    [...resumed.text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type),
    expected.slice(3),
  );
  for (const text of [...answers, alive.text, events.text]) t.notOk(text.includes(value));
  t.equal((await box.http('DELETE', `${SECRETS}/FOO_KEY`)).status, 204);
});

void t.test('returns problem documents that do not quote the input', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const value = randomBytes(16).toString('hex');
  const cases: [string, string, string | object | undefined, number, string][] = [
    ['GET', '/v1/nothing', undefined, 404, 'not-found'],
    ['GET', '/v1/runs/r1', undefined, 404, 'run-not-found'],
    ['POST', '/v1/runs', { password: value }, 400, 'request-invalid'],
    ['POST', '/v1/runs', undefined, 400, 'request-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, `{"value": "${value}`, 400, 'request-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, { value, valueBase64: value }, 400, 'request-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, { valueBase64: `!${value}` }, 400, 'request-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, { value: `${value}\0` }, 422, 'value-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, `{"value":"${value}\\ud800"}`, 422, 'value-invalid'], // an unpaired surrogate
    ['PUT', `${SECRETS}/FOO_KEY`, { value: '' }, 422, 'value-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, { value: value.repeat(3000) }, 422, 'value-invalid'],
    ['PUT', `${SECRETS}/FOO_KEY`, { value: value.repeat(10_000) }, 413, 'payload-too-large'],
    ['PUT', `${SECRETS}/${value}__x`, { value }, 422, 'name-invalid'],
    ['PUT', '/v1/workspaces/no/such/secrets/FOO_KEY', { value }, 404, 'workspace-not-found'],
    ['DELETE', `${SECRETS}/FOO_KEY`, undefined, 404, 'secret-not-found'],
  ];
  for (const [method, path, body, status, code] of cases) {
    const answer = await box.http(method, path, body);
    const problem = JSON.parse(answer.text) as Problem;
    t.match(
      { ...problem, type: answer.type },
      { status, code, type: /^application\/problem\+json/ },
      `${method} ${path.slice(0, 50)}`,
    );
    validate<'Problem'>('problem.json', problem);
    t.notOk(answer.text.includes(value), 'does not quote the input');
  }
  const answered = ['localhost', 'LOCALHOST:80', '127.0.0.1:8443', '[::1]', '[::1]:1'];
  for (const host of answered)
    t.equal((await box.http('GET', '/v1/health', undefined, { host })).status, 200, host);
  const refused = [
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.localhost',
    'localhost, evil.example',
    '127.0.0.1.evil.example',
    '[::2]',
  ];
  for (const host of refused) {
    const { text } = await box.http('GET', '/v1/health', undefined, { host });
    t.match(JSON.parse(text), { status: 403, code: 'origin-forbidden' }, `foreign host name: ${host}`);
    validate<'Problem'>('problem.json', JSON.parse(text));
  }
  const hostless = connect(box.socket).setEncoding('utf8').end('GET /v1/health HTTP/1.0\r\n\r\n');
  t.match(String(await once(hostless, 'data')), /^HTTP\/1\.1 403 /, 'HTTP/1.0 without a Host header');
  const proxied = await box.http('GET', 'http://evil.example/v1/health', undefined, { host: 'localhost' });
  t.match(
    JSON.parse(proxied.text),
    { status: 403, code: 'origin-forbidden' },
    'a full URL in the request line',
  );
  const corrupt = await box.http('PUT', `${SECRETS}/FOO_KEY`, { value }, { 'content-encoding': 'gzip' });
  t.match(JSON.parse(corrupt.text), { status: 400, code: 'request-invalid' }, 'a corrupt gzip body');
  t.equal((await box.http('GET', '/v1/health', undefined, { origin: 'http://localhost' })).status, 403);
  t.same(box.filesWith(value), [], 'not in any file, including the log');
});
