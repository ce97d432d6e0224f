// ETag, If-Match and If-None-Match: of two changes to the same version of an object one is rejected, and nothing is lost.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { operations } from '../../../daemon/api/operations/operations.ts';
import { schemaOf } from '../../../daemon/contract/validate.ts';
import type { ComputeEnvironment, Secret, SecretList, Workspace } from '../../../daemon/contract/types.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';

const SECRETS = '/v1/workspaces/local/main/secrets';

const newValue = (): { value: string } => ({ value: randomBytes(16).toString('hex') });
/** Returns a valid body: the first example of a file in schemas/. */
const exampleOf = (file: string): object => (schemaOf(`${file}.json`) as { examples: [object] }).examples[0];
const tagOf = ({ headers }: Answer): string => String(headers['etag']);

void t.test('changes a secret only in the version that the client has seen', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  for (const path of [`${SECRETS}/FOO_KEY`, '/v1/user/secrets/FOO_KEY']) {
    const put = (headers: Record<string, string>): Promise<Answer> =>
      box.http('PUT', path, newValue(), headers);
    const versionOf = async (): Promise<number> =>
      (JSON.parse((await box.http('GET', path)).text) as Secret).version;
    t.equal(codeOf(await put({ 'if-match': '*' })), 'precondition-failed', 'it does not exist');
    t.equal(codeOf(await put({ 'if-match': '"1"' })), 'precondition-failed');
    const created = await put({ 'if-none-match': '*' });
    t.match(created, { status: 201, headers: { etag: '"1"' } });
    t.match(await put({ 'if-none-match': '*' }), { status: 412 });
    t.equal(await versionOf(), 1);
    t.match(await put({ 'if-match': tagOf(created) }), { status: 200, headers: { etag: '"2"' } });
    t.equal(tagOf(await box.http('GET', path)), '"2"');
    const stale = await put({ 'if-match': tagOf(created) });
    t.match(stale, { status: 412 });
    t.match(stale.text, 'FOO_KEY');
    t.match(await box.http('DELETE', path, undefined, { 'if-match': '"1"' }), { status: 412 });
    t.match(await put({ 'if-match': 'W/"2"' }), { status: 412 }, 'a weak tag never matches');
    t.equal(await versionOf(), 2, 'rejected changes have no effect');
    t.match(await put({ 'if-match': '"1", "2"' }), { status: 200 });
    t.match(await put({}), { status: 200 }, 'without a precondition');
    t.match(await box.http('DELETE', path, undefined, { 'if-match': '"4"' }), { status: 204 });
    t.equal(codeOf(await box.http('DELETE', path, undefined, { 'if-match': '*' })), 'secret-not-found');
    // A version number is never reused, so a tag from before the removal matches nothing.
    t.match(await put({ 'if-none-match': '*' }), { status: 201, headers: { etag: '"5"' } });
  }
});

void t.test('accepts one of many concurrent changes to the same version', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const statusesOf = async (headers: Record<string, string>): Promise<number[]> => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => box.http('PUT', `${SECRETS}/FOO_KEY`, newValue(), headers)),
    );
    return answers.map(({ status }) => status).sort();
  };
  const rejected = Array.from({ length: 11 }, () => 412);
  t.same(await statusesOf({ 'if-none-match': '*' }), [201, ...rejected]);
  t.same(await statusesOf({ 'if-match': '"1"' }), [200, ...rejected]);
  t.match(JSON.parse((await box.http('GET', `${SECRETS}/FOO_KEY`)).text), { version: 2 });
});

void t.test('removes a workspace only with the secrets that the client has seen', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const path = '/v1/workspaces/local/rna';
  const create = (): Promise<Answer> =>
    box.http('POST', '/v1/workspaces', { organization: 'local', name: 'rna' });
  const remove = (tag?: string): Promise<Answer> =>
    box.http('DELETE', path, undefined, tag === undefined ? {} : { 'if-match': tag });
  const tags = new Set<string>();
  const next = async (change: Answer): Promise<string> => {
    t.ok(change.status < 300);
    const answer = await box.http('GET', path);
    const tag = tagOf(answer);
    t.equal(tag, `"${(JSON.parse(answer.text) as Workspace).etag}"`);
    t.notOk(tags.has(tag), 'each change has a new tag');
    tags.add(tag);
    return tag;
  };
  const created = await next(await create());
  t.equal(codeOf(await remove()), 'precondition-required');
  await next(await box.http('PUT', `${path}/secrets/FOO_KEY`, newValue()));
  await next(await box.http('DELETE', `${path}/secrets/FOO_KEY`));
  await next(await box.http('PUT', `${path}/secrets/BAR_KEY`, newValue()));
  const last = await next(await box.http('PUT', `${path}/secrets/BAR_KEY`, newValue()));
  t.equal(codeOf(await remove(created)), 'precondition-failed');
  const { secrets } = JSON.parse((await box.http('GET', `${path}/secrets`)).text) as SecretList;
  t.match(secrets, [{ name: 'BAR_KEY', version: 2 }]);
  t.equal((await remove(last)).status, 204);
  await next(await create());
  t.equal(codeOf(await remove(last)), 'precondition-failed', 'another workspace of the same name');
  t.equal((await remove('*')).status, 204);
  t.equal(codeOf(await remove('*')), 'workspace-not-found');
});

void t.test('changes and removes a compute environment and an organization in one version', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const path = '/v1/compute-envs/cluster';
  const created = await box.http('POST', '/v1/compute-envs', { name: 'cluster', platform: 'hpc' });
  const patch = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    box.http('PATCH', path, body, headers);
  t.equal(codeOf(await patch({ headJob: true })), 'precondition-required');
  const [first, second] = await Promise.all([
    patch({ headJob: true }, { 'if-match': tagOf(created) }),
    patch({ headOptions: ['-q'] }, { 'if-match': tagOf(created) }),
  ]);
  t.same([first.status, second.status].sort(), [200, 412]);
  const changed = await box.http('GET', path);
  t.match(JSON.parse(changed.text), first.status === 200 ? { headJob: true } : { headOptions: ['-q'] });
  await box.http('PATCH', path, { isDefault: true }, { 'if-match': '*' });
  t.not(tagOf(await box.http('GET', path)), tagOf(changed), 'the default is part of the representation');
  const local = '/v1/compute-envs/local';
  const { etag } = JSON.parse((await box.http('GET', local)).text) as ComputeEnvironment;
  await box.http('PATCH', local, { isDefault: true }, { 'if-match': `"${etag}"` });
  t.equal((await box.http('DELETE', path, undefined, { 'if-match': tagOf(changed) })).status, 412);
  t.equal((await box.http('DELETE', path, undefined, { 'if-match': '*' })).status, 204);

  const organization = '/v1/organizations/lab';
  const lab = await box.http('POST', '/v1/organizations', { name: 'lab' });
  await box.http('POST', '/v1/workspaces', { organization: 'lab', name: 'rna' });
  t.equal((await box.http('DELETE', organization, undefined, { 'if-match': tagOf(lab) })).status, 412);
  await box.http('DELETE', '/v1/workspaces/lab/rna', undefined, { 'if-match': '*' });
  t.equal((await box.http('DELETE', organization, undefined, { 'if-match': tagOf(lab) })).status, 204);
});

void t.test('rejects invalid preconditions, and those that an operation would ignore', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const put = (headers: Record<string, string>): Promise<Answer> =>
    box.http('PUT', `${SECRETS}/FOO_KEY`, newValue(), headers);
  for (const tags of [
    '1',
    '"1',
    '""',
    '"a b"',
    '*, "1"',
    '"1";"2"',
    Array.from({ length: 60 }, () => '"1"').join(),
  ])
    t.match(await put({ 'if-match': tags }), { status: 400, text: /If-Match/ }, tags);
  for (const tags of ['"1"', '**', '"*"'])
    t.match(await put({ 'if-none-match': tags }), { status: 400 }, tags);
  t.match(await put({ 'if-match': '"1" , W/"2",  "x-_9"' }), { status: 412 });
  for (const { method, path, preconditions = [], request } of operations) {
    if (method === 'get' || preconditions.length > 0) continue;
    const body = request === undefined ? undefined : exampleOf(request);
    const answer = await box.http(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'local'), body, {
      'if-match': '"1"',
    });
    t.match(answer, { status: 400, text: /does not support the header If-Match/ }, `${method} ${path}`);
  }
  t.match(await box.http('POST', '/v1/organizations', { name: 'lab' }, { 'if-none-match': '*' }), {
    status: 400,
    text: /If-None-Match/,
  });
});

void t.test('the command line sends the tag of what it has read', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['workspaces', 'create', 'local/rna']);
  t.match(await box.escrow(['compute-envs', 'update', 'local', '--head-job']), { status: 0 });
  t.match(await box.escrow(['workspaces', 'remove', 'local/rna', '--yes']), { status: 0 });
  t.match(await box.escrow(['secrets', 'show', 'NO_KEY']), { status: 1, stderr: /NO_KEY/ });
});
