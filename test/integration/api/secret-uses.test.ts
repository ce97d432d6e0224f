// The uses of a secret: deliveries to runs, and processes whose tasks received it.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Problem, RunList, RunUseList, SecretUseList } from '../../../daemon/contract/types.ts';
import { Sandbox } from '../../support/sandbox.ts';

const PATH = '/v1/workspaces/local/main/secrets/FOO_KEY';

/** Returns a command that writes events of tasks that received secrets, like the plugin. */
function tasks(...events: readonly (readonly [process: string, secret: string])[]): string {
  const lines = events.map(([process, secret], index) =>
    JSON.stringify({
      type: 'task.submit',
      task: String(index + 1),
      process,
      name: process,
      secrets: [secret],
    }),
  );
  return lines
    .map((line) => `printf '%s\\n' '${line}' >>"$(dirname "$NXF_SECRETS_FILE")/events.jsonl"`)
    .join('; ');
}

void t.test('lists runs and processes that used a secret, also after its removal', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const value = randomBytes(16).toString('hex');
  const set = (name: string) => box.http('PUT', PATH.replace('FOO_KEY', name), { value });
  const listed = async (query = '', path = PATH): Promise<SecretUseList> =>
    JSON.parse((await box.http('GET', `${path}/uses${query}`)).text) as SecretUseList;
  const shown = ({ uses }: SecretUseList) =>
    uses.map(({ run, version, process }) => [run, version, process] as const);
  await set('FOO_KEY');
  await set('BAR_KEY');
  t.same(await listed(), { uses: [] });

  await box.escrow(['run', tasks(['ALIGN', 'FOO_KEY'], ['CALL', 'FOO_KEY'], ['CALL', 'BAR_KEY'])]);
  await set('FOO_KEY');
  await box.escrow(['run', tasks(['ALIGN', 'FOO_KEY'], ['FORGED', 'NO_SUCH_KEY'])]);
  const { runs } = JSON.parse((await box.http('GET', '/v1/runs')).text) as RunList;
  const [second = '', first = ''] = runs.map(({ id }) => id);
  const expected = [
    [second, 2, null],
    [second, 2, 'ALIGN'],
    [first, 1, null],
    [first, 1, 'ALIGN'],
    [first, 1, 'CALL'],
  ];
  const all = await listed();
  t.same(shown(all), expected);
  for (const { firstUsed, lastUsed } of all.uses) t.ok(Date.parse(firstUsed) <= Date.parse(lastUsed));
  t.same(
    shown(await listed('', PATH.replace('FOO_KEY', 'BAR_KEY'))).map(([, , process]) => process),
    [null, null, 'CALL'],
  );
  t.same(await listed('', '/v1/user/secrets/FOO_KEY'), { uses: [] }, 'another scope');
  t.same(await listed('', PATH.replace('FOO_KEY', 'NO_SUCH_KEY')), { uses: [] });

  const usesOf = async (run: string, query = ''): Promise<RunUseList> =>
    JSON.parse((await box.http('GET', `/v1/runs/${run}/uses${query}`)).text) as RunUseList;
  const shownOf = ({ uses: found }: RunUseList) =>
    found.map(({ secret, scope, version, process }) => [secret, scope, version, process] as const);
  const expectedOfFirst = [
    ['BAR_KEY', 'workspace', 1, null],
    ['BAR_KEY', 'workspace', 1, 'CALL'],
    ['FOO_KEY', 'workspace', 1, null],
    ['FOO_KEY', 'workspace', 1, 'ALIGN'],
    ['FOO_KEY', 'workspace', 1, 'CALL'],
  ];
  t.same(shownOf(await usesOf(first)), expectedOfFirst, 'the same uses by run');
  const parts = [];
  for (let query = '?limit=2'; query !== '';) {
    const { next, ...page } = await usesOf(first, query);
    parts.push(...shownOf(page));
    query = next === undefined ? '' : `?limit=2&cursor=${next}`;
  }
  t.same(parts, expectedOfFirst);
  t.equal((await box.http('GET', '/v1/runs/rnone/uses')).status, 404);

  const paged = [];
  for (let query = '?limit=2'; query !== '';) {
    const { next, ...page } = await listed(query);
    paged.push(...shown(page));
    query = next === undefined ? '' : `?limit=2&cursor=${next}`;
  }
  t.same(paged, expected, 'each use once');
  const { next = '' } = await listed('?limit=2');
  const other = await box.http('GET', `${PATH.replace('FOO_KEY', 'BAR_KEY')}/uses?cursor=${next}`);
  t.equal((JSON.parse(other.text) as Problem).code, 'cursor-invalid', 'a cursor fits one secret');

  await box.http('DELETE', PATH);
  t.same(shown(await listed()), expected, 'after the removal of the secret');
  await box.http('POST', '/v1/runs/prune', { days: 0 });
  t.same(await listed(), { uses: [] }, 'deleted with the records of the runs');
});
