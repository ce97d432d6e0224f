import t from 'tap';
import { readIdentity } from '../../../daemon/cli/commands/servers/read-identity.ts';

const IDENTITY = { name: 'ada', kind: 'user', scopes: ['read'], workspace: null };

const clientOf = (answer: unknown): Parameters<typeof readIdentity>[0] => ({
  call: <T>() => Promise.resolve(answer as T),
});

void t.test('returns the account, and nothing else that the server sends', async (t) => {
  t.same(await readIdentity(clientOf({ ...IDENTITY, more: 1 }), 's'), IDENTITY);
  const session = { ...IDENTITY, scopes: null, workspace: 'lab/rna' };
  t.same(await readIdentity(clientOf(session), 's'), session);
});

void t.test('rejects an answer with other types', async (t) => {
  const wrong: readonly unknown[] = [
    ...[undefined, null, 'ada', 7, [], {}],
    ...[{ name: 7 }, { name: '' }, { name: { toString: 1 } }, { name: 'x'.repeat(301) }],
    ...[{ kind: 'machine' }, { scopes: 'read' }, { scopes: [7] }, { scopes: Array(21).fill('read') }],
    ...[{ scopes: undefined }, { workspace: 7 }, { workspace: undefined }],
  ].map((change) =>
    typeof change === 'object' && change !== null && !Array.isArray(change) && Object.keys(change).length > 0
      ? { ...IDENTITY, ...change }
      : change,
  );
  for (const answer of wrong)
    await t.rejects(readIdentity(clientOf(answer), 's'), {
      code: 'server-unreachable',
      message: 'Cannot read your account on s: the response has an unexpected format.',
    });
});
