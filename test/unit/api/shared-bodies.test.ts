import t from 'tap';
import type { Principal } from '../../../daemon/access/principal.ts';
import { SharedBodies, textOf } from '../../../daemon/api/routing/shared-bodies.ts';

void t.test('makes a body once per result and principal', (t) => {
  const bodies = new SharedBodies<object, { readonly of: string }>();
  const result = {};
  const owner: Principal = { kind: 'user', id: 'u1', user: 'ada' };
  const token = { id: 't1', scopes: ['read'], workspaceId: null } as const;
  const first = bodies.of(result, owner, () => ({ of: 'owner' }));
  t.equal(
    bodies.of(result, owner, () => ({ of: 'a second call' })),
    first,
  );
  t.same(
    bodies.of(result, { ...owner, token }, () => ({ of: 'a token' })),
    { of: 'a token' },
    'a token has other permissions',
  );
  t.same(
    bodies.of(result, { ...owner, id: 'u2' }, () => ({ of: 'another user of the same name' })),
    { of: 'another user of the same name' },
  );
  t.same(
    bodies.of({}, owner, () => ({ of: 'another result' })),
    { of: 'another result' },
  );
  t.end();
});

void t.test('writes a body as JSON once', (t) => {
  const body = { name: 'ä' };
  t.equal(textOf(body).toString(), '{"name":"ä"}');
  t.equal(textOf(body), textOf(body));
  t.end();
});
