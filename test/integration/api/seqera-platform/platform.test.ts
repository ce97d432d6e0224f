// Statuses and bodies of the routes for clients of Seqera Platform, on a real daemon.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { PipelineSecretList } from '../../../../daemon/contract/types.ts';
import { startPlatform, type Platform } from '../../../support/platform.ts';
import type { Answer } from '../../../support/http.ts';

const FORBIDDEN = { message: 'Forbidden' };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const canary = randomBytes(12).toString('hex');

const read = ({ text }: Answer): unknown => (text === '' ? undefined : JSON.parse(text));

/** Creates a secret of the user, or of the workspace that `query` names, and returns its id. */
async function create({ box }: Platform, name: string, query = ''): Promise<number> {
  const answer = await box.http('POST', `/pipeline-secrets${query}`, { name, value: canary });
  return (read(answer) as { secretId: number }).secretId;
}

async function listed({ box }: Platform, query = ''): Promise<PipelineSecretList> {
  return read(await box.http('GET', `/pipeline-secrets${query}`)) as PipelineSecretList;
}

void t.test('serves clients of Seqera Platform', async (t) => {
  const platform = await startPlatform(t);
  const { box, userId, workspaceId } = platform;
  const inWorkspace = `?workspaceId=${String(workspaceId)}`;

  for (const prefix of ['', '/api'])
    await t.test(`returns the documented statuses and bodies under "${prefix}/"`, async (t) => {
      const call = (method: string, path: string, body?: object): Promise<Answer> => {
        const query = `${path.includes('?') ? '&' : '?'}workspaceId=${String(workspaceId)}&unknown=1&a[b]=2`;
        return box.http(method, `${prefix}/pipeline-secrets${path}${query}`, body);
      };
      const expectBody = (answer: Answer, status: number, body: unknown): void => {
        t.equal(answer.status, status, answer.text);
        t.same(read(answer), body);
        if (body !== undefined) t.match(answer.type, /^application\/json/);
        t.notOk(answer.text.includes(canary), 'without the value');
      };
      expectBody(await call('GET', ''), 200, { pipelineSecrets: [], totalSize: 0 });
      const created = await call('POST', '', { name: 'FOO_KEY', value: canary, more: true });
      const { secretId } = read(created) as { secretId: number };
      t.ok(Number.isSafeInteger(secretId) && secretId > 0, created.text);
      expectBody(created, 200, { secretId });
      const [secret] = (await listed(platform, inWorkspace)).pipelineSecrets;
      t.match(secret, { id: secretId, name: 'FOO_KEY', lastUsed: null, dateCreated: ISO, lastUpdated: ISO });
      t.same(Object.keys(secret ?? {}).sort(), ['dateCreated', 'id', 'lastUpdated', 'lastUsed', 'name']);
      expectBody(await call('GET', ''), 200, { pipelineSecrets: [secret], totalSize: 1 });
      expectBody(await call('GET', `/${String(secretId)}`), 200, { pipelineSecret: secret });
      expectBody(await call('GET', '/validate?name=BAR_KEY'), 204, undefined);
      t.match(await call('GET', '/validate?name=FOO_KEY'), { status: 409, text: /"message":".*FOO_KEY/ });
      t.match(await call('GET', '/validate?name=1KEY'), { status: 400, text: /"message":".*digit/ });
      expectBody(await call('PUT', `/${String(secretId)}`, { value: `${canary}2`, more: 1 }), 204, undefined);
      expectBody(await call('DELETE', `/${String(secretId)}`), 204, undefined);
      for (const method of ['GET', 'DELETE'])
        expectBody(await call(method, `/${String(secretId)}`), 403, FORBIDDEN);
      expectBody(await call('PUT', `/${String(secretId)}`, { value: canary }), 403, FORBIDDEN);
      const user = read(await box.http('GET', `${prefix}/user-info?unknown=1`));
      t.match(user, { user: { id: userId, userName: String } });
      t.same(read(await box.http('GET', `${prefix}/user/${String(userId)}/workspaces?max=1`)), {
        orgsAndWorkspaces: [
          { orgId: await organizationId(platform), orgName: 'local', workspaceId, workspaceName: 'main' },
        ],
      });
      t.match(read(await box.http('GET', `${prefix}/service-info`)), {
        serviceInfo: { version: /^\d+\.\d+\.\d+/, apiVersion: /^1\.\d+\.\d+$/ },
      });
    });

  await t.test('separates the secrets of the user from those of a workspace', async (t) => {
    const own = await create(platform, 'OWN_KEY');
    const shared = await create(platform, 'SHARED_KEY', inWorkspace);
    t.match(await listed(platform), { totalSize: 1, pipelineSecrets: [{ id: own, name: 'OWN_KEY' }] });
    t.match(await listed(platform, inWorkspace), { totalSize: 1, pipelineSecrets: [{ id: shared }] });
    for (const [id, query] of [
      [own, inWorkspace],
      [shared, ''],
    ] as const)
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? { value: canary } : undefined;
        const answer = await box.http(method, `/pipeline-secrets/${String(id)}${query}`, body);
        t.equal(answer.status, 403, method);
        t.same(read(answer), FORBIDDEN);
      }
    t.match(await box.json(['secrets', 'list', '--user']), { secrets: [{ name: 'OWN_KEY', version: 1 }] });
    for (const [id, query] of [
      [own, ''],
      [shared, inWorkspace],
    ] as const)
      t.equal((await box.http('DELETE', `/pipeline-secrets/${String(id)}${query}`)).status, 204);
  });

  await t.test('reports errors in the form of Seqera Platform, without quoting values', async (t) => {
    const id = String(await create(platform, 'FOO_KEY'));
    const unknown = '8123456789012345';
    const put = `/pipeline-secrets/${id}`;
    const bodies: [string, string | object | undefined][] = [
      ['no body', undefined],
      ['no name', { value: canary }],
      ['no value', { name: 'BAR_KEY' }],
      ['a value that is no text', { name: 'BAR_KEY', value: [canary] }],
      ['an empty value', { name: 'BAR_KEY', value: '' }],
      ['a NUL', { name: 'BAR_KEY', value: `${canary}\0` }],
      ['a value that is too large', { name: 'BAR_KEY', value: canary.padEnd(65_537, 'x') }],
      ['a body that is too large', { name: 'BAR_KEY', value: canary.padEnd(600_000, 'x') }],
      ['half of a surrogate pair', `{"name":"BAR_KEY","value":"${canary}\\ud800"}`],
      ['no JSON', `{"name":"BAR_KEY","value":"${canary}`],
      ['a list', '[]'],
      ['an invalid name', { name: `${canary}-key`, value: canary }],
    ];
    const cases: [string, string, string, string | object | undefined, number][] = [
      ...bodies.map(([what, body]) => [what, 'POST', '/pipeline-secrets', body, 400] as never),
      ['a name that is taken', 'POST', '/pipeline-secrets', { name: 'FOO_KEY', value: canary }, 409],
      ['an update without a value', 'PUT', put, {}, 400],
      ['an empty update', 'PUT', put, { value: '' }, 400],
      ['no name to validate', 'GET', '/pipeline-secrets/validate', undefined, 400],
      ['an empty name', 'GET', '/pipeline-secrets/validate?name=', undefined, 400],
      ['two names', 'GET', '/pipeline-secrets/validate?name=AA_KEY&name=BB_KEY', undefined, 400],
      // Seqera Platform's own pattern needs exponential time for this name.
      ['a costly name', 'GET', `/pipeline-secrets/validate?name=${'a'.repeat(49)}!`, undefined, 400],
      ['a long name', 'GET', `/pipeline-secrets/validate?name=${'a_'.repeat(4000)}`, undefined, 400],
      ['a workspace that is not a number', 'GET', '/pipeline-secrets?workspaceId=main', undefined, 400],
      ['an empty workspace', 'GET', '/pipeline-secrets?workspaceId=', undefined, 400],
      ['two workspaces', 'GET', '/pipeline-secrets?workspaceId=1&workspaceId=2', undefined, 400],
      ['an unknown workspace', 'GET', `/pipeline-secrets?workspaceId=${unknown}`, undefined, 403],
      ['the largest id', 'GET', '/pipeline-secrets?workspaceId=9223372036854775807', undefined, 403],
      ['the id of the user', 'GET', `/pipeline-secrets?workspaceId=${String(userId)}`, undefined, 403],
      [
        'a name there',
        'GET',
        `/pipeline-secrets/validate?name=AA_KEY&workspaceId=${unknown}`,
        undefined,
        403,
      ],
      [
        'a secret there',
        'POST',
        `/pipeline-secrets?workspaceId=${unknown}`,
        { name: 'AA_KEY', value: canary },
        403,
      ],
      ['an unknown secret', 'GET', `/pipeline-secrets/${unknown}`, undefined, 403],
      ['the largest id of a secret', 'GET', '/pipeline-secrets/9223372036854775807', undefined, 403],
      ['an id that is not a number', 'GET', '/pipeline-secrets/FOO_KEY', undefined, 400],
      ['an id that is too long', 'DELETE', `/pipeline-secrets/${'1'.repeat(40)}`, undefined, 400],
      ['another user', 'GET', `/user/${unknown}/workspaces`, undefined, 403],
      ['another method', 'PATCH', put, undefined, 405],
      ['no route', 'GET', '/api/workflow', undefined, 404],
      ['a path that cannot be decoded', 'GET', '/api/pipeline-secrets/%zz', undefined, 400],
    ];
    for (const [what, method, path, body, status] of cases) {
      const answer = await box.http(method, path, body);
      t.equal(answer.status, status, `${what}: ${answer.text}`);
      t.equal(answer.type, 'application/json; charset=utf-8', what);
      t.same(Object.keys(read(answer) as object), ['message'], what);
      if (status === 403) t.same(read(answer), FORBIDDEN, what);
      t.notOk(answer.text.includes(canary), what);
    }
    const form = await box.http('POST', '/pipeline-secrets', 'name=BAR_KEY', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    t.match(form, { status: 400, type: /^application\/json/ });
    const foreign = await box.http('GET', '/api/user-info', undefined, { origin: 'https://example.org' });
    t.match(foreign, { status: 403, text: /^\{"message":"The request has an Origin header/ });
    t.match(await listed(platform), { totalSize: 1, pipelineSecrets: [{ id: Number(id) }] });
    t.equal((await box.http('DELETE', put)).status, 204);
  });

  await t.test('accepts each value that fits, however JSON escapes it', async (t) => {
    for (const value of ['\u0001'.repeat(65_536), `${canary}\r\n"ä€😀'$(x)\t`]) {
      const answer = await box.http('POST', '/pipeline-secrets', { name: 'FOO_KEY', value });
      t.equal(answer.status, 200, answer.text);
      const { secretId } = read(answer) as { secretId: number };
      t.equal((await box.http('PUT', `/pipeline-secrets/${String(secretId)}`, { value })).status, 204);
      t.equal((await box.http('DELETE', `/pipeline-secrets/${String(secretId)}`)).status, 204);
    }
  });

  await t.test('handles concurrent requests for the same secret', async (t) => {
    const body = { name: 'RACE_KEY', value: canary };
    const created = await Promise.all(
      Array.from({ length: 8 }, () => box.http('POST', '/pipeline-secrets', body)),
    );
    t.same(created.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409, 409, 409]);
    const { secretId } = read(created.find(({ status }) => status === 200) as Answer) as { secretId: number };
    const path = `/pipeline-secrets/${String(secretId)}`;
    const updated = await Promise.all(
      Array.from({ length: 8 }, () => box.http('PUT', path, { value: canary })),
    );
    t.same(new Set(updated.map(({ status }) => status)), new Set([204]));
    const removed = await Promise.all(Array.from({ length: 8 }, () => box.http('DELETE', path)));
    t.same(removed.map(({ status }) => status).sort(), [204, 403, 403, 403, 403, 403, 403, 403]);
  });

  await t.test('keeps ids after a restart, and does not use the id of a removed secret again', async (t) => {
    const id = await create(platform, 'FOO_KEY', inWorkspace);
    const before = await listed(platform, inWorkspace);
    await box.escrow(['daemon', 'stop']);
    await box.escrow(['daemon', 'start']);
    t.match(read(await box.http('GET', '/user-info')), { user: { id: userId } });
    t.same(await listed(platform, inWorkspace), before);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: canary });
    t.match(await listed(platform, inWorkspace), { pipelineSecrets: [{ id }] }, 'a new version keeps the id');
    await box.escrow(['secrets', 'remove', 'FOO_KEY', '--yes']);
    const next = await create(platform, 'FOO_KEY', inWorkspace);
    t.not(next, id);
    const old = `/pipeline-secrets/${String(id)}${inWorkspace}`;
    t.equal((await box.http('PUT', old, { value: canary })).status, 403);
    t.equal((await box.http('DELETE', old)).status, 403);
    t.match(await listed(platform, inWorkspace), { totalSize: 1, pipelineSecrets: [{ id: next }] });
  });
});

async function organizationId({ box, userId }: Platform): Promise<number> {
  const answer = await box.http('GET', `/user/${String(userId)}/workspaces`);
  const [first] = (read(answer) as { orgsAndWorkspaces: { orgId: number }[] }).orgsAndWorkspaces;
  return first?.orgId ?? 0;
}
