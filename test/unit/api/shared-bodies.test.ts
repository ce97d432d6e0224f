import t from 'tap';
import { SharedBodies, textOf } from '../../../daemon/api/routing/shared-bodies.ts';

void t.test('makes a body once per result and role', (t) => {
  const bodies = new SharedBodies<object, { readonly of: string }>();
  const result = {};
  const first = bodies.of(result, 'owner', () => ({ of: 'owner' }));
  t.equal(
    bodies.of(result, 'owner', () => ({ of: 'a second call' })),
    first,
  );
  t.same(
    bodies.of(result, 'view', () => ({ of: 'view' })),
    { of: 'view' },
    'another role has other permissions',
  );
  t.same(
    bodies.of({}, 'owner', () => ({ of: 'another result' })),
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
