// Pages of collections: no item is missing or repeated while others are added, and a cursor fits only its collection.
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { sql } from 'kysely';
import { listRuns, type RunFilter } from '../../../daemon/runs/records/list-runs.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { placesIn } from '../../support/daemon-modules.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

interface List {
  readonly next?: string;
  readonly [items: string]: unknown;
}

interface NewRun {
  readonly id: string;
  readonly name?: string;
  readonly state?: string;
  readonly outcome?: string;
  readonly workspace?: string;
  readonly at?: string;
}

async function addRun(ledger: Ledger, { id, ...run }: NewRun): Promise<void> {
  const { name = null, state = 'purged', outcome = 'succeeded', workspace = 'local/main' } = run;
  const at = run.at ?? '2026-11-20T10:00:00.000Z';
  await ledger.write((db) =>
    sql`INSERT INTO runs (id, state, outcome, workspace, launch_directory, nextflow, arguments, plan, launcher,
      launch_deadline, run_name, created_at) VALUES (${id}, ${state}, ${outcome}, ${workspace}, ${`/scratch/${id}`}, 'nextflow',
      '["run","nf-core/rnaseq"]', '[]', '{}', '', ${name}, ${at})`.execute(db),
  );
}

async function ledgerOf(t: Test, ids: readonly string[]): Promise<Ledger> {
  const ledger = await openTestLedger(placesIn(temporaryDirectory(t)).ledger);
  t.teardown(() => ledger.close());
  for (const id of ids) await addRun(ledger, { id });
  return ledger;
}

onEachLedger('lists each run once while runs are added, even if the clock is set back', async (t) => {
  const ledger = await ledgerOf(t, ['r1', 'r2', 'r3', 'r4', 'r5']);
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let added = 6; ; added += 1) {
    const { items, next } = await listRuns(ledger.db, { limit: 2, cursor });
    seen.push(...items.map(({ id }) => id));
    if (next === undefined) break;
    cursor = next;
    await addRun(ledger, { id: `r${String(added)}`, at: '1999-01-01T00:00:00.000Z' });
  }
  t.same(seen, ['r5', 'r4', 'r3', 'r2', 'r1']);
});

onEachLedger('filters runs by state, outcome, workspace, time and text', async (t) => {
  const ledger = await ledgerOf(t, []);
  await addRun(ledger, {
    id: 'r1',
    name: 'happy_euler',
    workspace: 'lab/rna',
    at: '2026-11-01T23:59:59.999Z',
  });
  await addRun(ledger, { id: 'r2', outcome: 'failed', at: '2026-11-02T00:00:00.000Z' });
  await addRun(ledger, { id: 'r3', state: 'running', workspace: 'lab/rna', at: '2026-11-03T00:00:00.000Z' });
  await ledger.db.updateTable('runs').set({ run_name: 'sad_"gauss' }).where('id', '=', 'r3').execute();
  const found = async (filter: Partial<RunFilter>): Promise<string[]> =>
    (await listRuns(ledger.db, { limit: 10, ...filter })).items.map(({ id }) => id);
  const cases: readonly (readonly [Partial<RunFilter>, readonly string[]])[] = [
    [{}, ['r3', 'r2', 'r1']],
    [{ state: 'running' }, ['r3']],
    [{ state: 'open' }, ['r3']],
    [{ outcome: 'failed' }, ['r2']],
    [{ workspace: 'lab/rna' }, ['r3', 'r1']],
    [{ since: '2026-11-02' }, ['r3', 'r2']],
    [{ until: '2026-11-02' }, ['r1']],
    [{ since: '2026-11-02T01:00:00+01:00', until: '2026-11-02T00:00:00.001Z' }, ['r2']],
    [{ text: 'rnaseq' }, ['r3', 'r2', 'r1']],
    [{ text: 'nf-core/rna' }, ['r3', 'r2', 'r1']],
    [{ text: 'HAPPY_eul' }, ['r1']],
    [{ text: 'rnaseq happy' }, ['r1']],
    [{ text: '/scratch/r2' }, ['r2']],
    [{ text: 'sad_"gauss' }, ['r3']],
    [{ text: 'euler', workspace: 'lab/rna', state: 'purged' }, ['r1']],
    [{ text: 'euler', state: 'running' }, []],
    [{ text: 'nothing' }, []],
    [{ text: 'NOT rnaseq' }, []],
    [{ text: '"' }, []],
    [{ text: '---' }, []],
  ];
  for (const [filter, ids] of cases) t.same(await found(filter), ids, JSON.stringify(filter));
  await t.rejects(found({ since: '2026-02-30T25:00Z' }), { code: 'request-unprocessable' });
  await ledger.db.deleteFrom('runs').where('id', '=', 'r1').execute();
  t.same(await found({ text: 'happy' }), []);
});

onEachLedger('finds text in more runs than one chunk of candidates', async (t) => {
  const ledger = await ledgerOf(t, []);
  await addRun(ledger, { id: 'r0', outcome: 'failed' });
  await ledger.write((db) =>
    sql`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO runs (id, state, outcome, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
        created_at) SELECT 'x' || i, 'purged', 'succeeded', 'local/main', '/', '/n', '["rnaseq"]', '[]', '{}', '', '2026' FROM n`.execute(
      db,
    ),
  );
  const filter = { limit: 1000, text: 'rnaseq' };
  t.match((await listRuns(ledger.db, { ...filter, outcome: 'failed' })).items, [{ id: 'r0' }]);
  const seen = new Set<string>();
  for (let cursor: string | undefined, more = true; more;) {
    const { items, next } = await listRuns(ledger.db, { ...filter, cursor });
    for (const { id } of items) seen.add(id);
    cursor = next;
    more = next !== undefined;
  }
  t.equal(seen.size, 3001);
});

onEachLedger('returns parts of the list of runs by their offset, and counts all that match', async (t) => {
  const ledger = await ledgerOf(t, []);
  await ledger.write((db) =>
    sql`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO runs (id, state, outcome, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
        created_at) SELECT 'r' || i, CASE WHEN i % 100 > 0 THEN 'purged' ELSE 'running' END, CASE WHEN i % 2 > 0 THEN 'succeeded' ELSE 'failed' END, 'local/main', '/', '/n',
        CASE WHEN i % 4 > 0 THEN '["rnaseq"]' ELSE '["sarek"]' END, '[]', '{}', '', '2026' FROM n`.execute(
      db,
    ),
  );
  const part = async (filter: Omit<RunFilter, 'limit'>) => {
    const { items, total } = await listRuns(ledger.db, { limit: 2, ...filter });
    return [items.map(({ id }) => id), total] as const;
  };
  t.same(await part({ offset: 0 }), [['r1000', 'r999'], undefined], 'counts only if requested');
  t.same(await part({ offset: 997, count: true }), [['r3', 'r2'], 1000]);
  t.same(await part({ offset: 1000, count: true }), [[], 1000], 'behind the end');
  t.same(await part({ offset: 498, count: true, outcome: 'failed' }), [['r4', 'r2'], 500]);
  t.same(await part({ offset: 1, count: true, state: 'open' }), [['r900', 'r800'], 10]);
  t.same(await part({ offset: 747, count: true, text: 'rnaseq' }), [['r3', 'r2'], 750]);
  t.same(await part({ offset: 248, count: true, text: 'rnaseq', outcome: 'failed' }), [['r6', 'r2'], 250]);
  t.same(await part({ offset: 0, count: true, text: 'nothing' }), [[], 0]);
  const { next } = await listRuns(ledger.db, { limit: 2, offset: 10 });
  t.same((await part({ cursor: next }))[0], ['r988', 'r987'], 'a cursor continues after a part');
  await t.rejects(part({ offset: 1, cursor: next }), { code: 'request-unprocessable' });
});

/** The collections with pages, and how to add an item. */
const COLLECTIONS: readonly (readonly [
  key: string,
  path: string,
  add: (box: Sandbox, name: string) => Promise<Answer>,
])[] = [
  ['organizations', '/v1/organizations', (box, name) => box.http('POST', '/v1/organizations', { name })],
  [
    'workspaces',
    '/v1/workspaces',
    (box, name) => box.http('POST', '/v1/workspaces', { organization: 'local', name }),
  ],
  [
    'computeEnvironments',
    '/v1/compute-envs',
    (box, name) => box.http('POST', '/v1/compute-envs', { name, platform: 'hpc' }),
  ],
  [
    'secrets',
    '/v1/workspaces/local/main/secrets',
    (box, name) => box.http('PUT', `/v1/workspaces/local/main/secrets/K_${name}`, { value: newValue() }),
  ],
  [
    'secrets',
    '/v1/user/secrets',
    (box, name) => box.http('PUT', `/v1/user/secrets/K_${name}`, { value: newValue() }),
  ],
  ['events', '/v1/audit', (box, name) => box.http('POST', '/v1/organizations', { name: `x${name}` })],
];

void t.test('returns pages with a cursor and a link to the next one', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const get = async (path: string): Promise<Answer> => box.http('GET', path);
  for (const [key, path, add] of COLLECTIONS) {
    for (const name of ['n1', 'n2', 'n3', 'n4']) t.ok((await add(box, name)).status < 300, `${path} ${name}`);
    const all = (JSON.parse((await get(path)).text) as List)[key] as unknown[];
    const found: unknown[] = [];
    for (let next: string | undefined = `${path}?limit=3`; next !== undefined;) {
      const { status, text, headers } = await get(next);
      t.equal(status, 200, next);
      const list = JSON.parse(text) as List;
      found.push(...(list[key] as unknown[]));
      const [, target] = /^<([^>]+)>; rel="next"$/.exec(String(headers['link'] ?? '')) ?? [];
      t.equal(target === undefined, list.next === undefined);
      if (list.next !== undefined) t.match(target, `limit=3&cursor=${list.next}`);
      next = target;
    }
    t.same(found, all, path);
    t.ok(found.length >= 4, path);
  }
});

void t.test('rejects the cursor of another list', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  for (const name of ['n1', 'n2']) await box.http('POST', '/v1/organizations', { name });
  const { next = '' } = JSON.parse((await box.http('GET', '/v1/organizations?limit=1')).text) as List;
  t.equal((await box.http('GET', `/v1/organizations?cursor=${next}`)).status, 200);
  const encode = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  const wrong = [
    ['/v1/workspaces', next],
    ['/v1/runs', next],
    ['/v1/organizations', ''],
    ['/v1/organizations', 'x'],
    ['/v1/organizations', `${next}A`],
    ['/v1/organizations', `${next}=`],
    ['/v1/organizations', next.slice(1)],
    ['/v1/organizations', encode({ 0: 1 })],
    ['/v1/organizations', encode([1, 'organizations', 5])],
    ['/v1/organizations', encode([1, 'organizations'])],
    ['/v1/organizations', encode([1, 'organizations', 'a', 'b'])],
    ['/v1/organizations', encode([2, 'organizations', 'a'])],
    ['/v1/organizations', Buffer.from('[1, "organizations", "a"]').toString('base64url')],
    ['/v1/runs', encode([1, 'runs', -1])],
    ['/v1/runs', encode([1, 'runs', 1.5])],
    ['/v1/runs', encode([1, 'runs', '1'])],
    ['/v1/runs', encode([1, 'runs', null])],
    ['/v1/audit', encode([1, 'audit', 1e300])],
    ['/v1/runs', encode([1, 'runs', 1].concat(Array.from({ length: 4000 }, () => 1)))],
  ] as const;
  for (const [path, cursor] of wrong) {
    const answer = await box.http('GET', `${path}?cursor=${cursor}`);
    t.match(
      { status: answer.status, code: codeOf(answer) },
      { status: 422, code: 'cursor-invalid' },
      `${path} ${cursor.slice(0, 60)}`,
    );
  }
});

function newValue(): string {
  return randomBytes(16).toString('hex');
}
