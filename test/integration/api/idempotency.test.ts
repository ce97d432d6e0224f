// Idempotency-Key: a repeated request has no second effect, even after the daemon was killed.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import type { RunList, RunStart } from '../../../daemon/contract/types.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { root, Sandbox, until } from '../../support/sandbox.ts';

const faultProgram = join(root, 'dist/test/campaigns/faults/program.js');
const IMPORT = '/v1/user/secrets/import';

const keyed = (key: string): Record<string, string> => ({ 'idempotency-key': key });
const isReplay = ({ headers }: Answer): boolean => headers['idempotency-replayed'] === 'true';

function requestOf(box: Sandbox, more: object = {}): object {
  return {
    selection: {},
    launchDirectory: box.launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: identifySelf(),
    ...more,
  };
}

async function runsOf(box: Sandbox): Promise<RunList['runs']> {
  return (JSON.parse((await box.http('GET', '/v1/runs')).text) as RunList).runs;
}

/** Reads or changes the ledger while the daemon runs. */
function inLedger<T>(box: Sandbox, work: (database: Database.Database) => T): T {
  const database = new Database(join(box.state, 'ledger.db'), { timeout: 5000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

void t.test('creates an object once, and returns it to a repeated request', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const value = randomBytes(16).toString('hex');
  const cases: readonly (readonly [string, object, object])[] = [
    ['/v1/organizations', { name: 'lab' }, { name: 'lab2' }],
    ['/v1/workspaces', { organization: 'lab', name: 'rna' }, { organization: 'lab', name: 'dna' }],
    ['/v1/compute-envs', { name: 'cluster', platform: 'hpc' }, { name: 'other', platform: 'hpc' }],
    [
      IMPORT,
      { secrets: [{ name: 'FOO_KEY', valueBase64: value }], onConflict: 'refuse' },
      { secrets: [{ name: 'FOO_KEY', valueBase64: `${value}AAAA` }], onConflict: 'refuse' },
    ],
  ];
  const key = randomUUID(); // each route has its own keys
  for (const [path, body, other] of cases) {
    const first = await box.http('POST', path, body, keyed(key));
    t.ok(first.status < 300, `${path} ${first.text}`);
    t.notOk(isReplay(first));
    const reordered = Object.fromEntries(Object.entries(body).reverse());
    const again = await box.http('POST', path, reordered, keyed(key));
    t.match(again, { status: first.status, text: first.text }, path);
    t.ok(isReplay(again));
    t.match(await box.http('POST', path, body, keyed(randomUUID())), { status: 409 }, 'another key');
    const reused = await box.http('POST', path, other, keyed(key));
    t.match({ status: reused.status, code: codeOf(reused) }, { status: 422, code: 'idempotency-key-reused' });
  }
  const failed = randomUUID();
  t.equal((await box.http('POST', '/v1/organizations', { name: 'lab' }, keyed(failed))).status, 409);
  t.equal(
    (await box.http('POST', '/v1/organizations', { name: 'dept' }, keyed(failed))).status,
    201,
    'a failed request has no effect, so its key is free',
  );
  for (const wrong of ['', 'two words', 'é', 'x'.repeat(256)])
    t.match(await box.http('POST', '/v1/organizations', { name: 'x' }, keyed(wrong)), { status: 400 }, wrong);
  t.same(box.filesWith(value), []);
});

void t.test('handles concurrent requests with one key as one', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const key = randomUUID();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => box.http('POST', '/v1/runs', requestOf(box), keyed(key))),
  );
  t.same(new Set(answers.map(({ status }) => status)), new Set([201]));
  t.equal(new Set(answers.map(({ text }) => (JSON.parse(text) as RunStart).run?.id)).size, 1);
  t.equal(answers.filter(isReplay).length, 9);
  t.equal((await runsOf(box)).length, 1);
});

void t.test('returns the same run while it can be started, and after it was aborted', async (t) => {
  const box = new Sandbox(t);
  const value = randomBytes(16).toString('hex');
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const key = randomUUID();
  const body = requestOf(box, { arguments: ['run', 'x', '--password', value], detach: true });
  const ask = async (): Promise<RunStart> =>
    JSON.parse((await box.http('POST', '/v1/runs', body, keyed(key))).text) as RunStart;
  const first = await ask();
  t.same(first.start?.arguments.slice(-4), ['run', 'x', '--password', value]);
  t.match(
    await ask(),
    { plan: first.plan, start: first.start },
    'the same start, with the arguments of the request',
  );
  const id = first.run?.id ?? '';
  const holdsValue = (path: string): boolean => path.includes('/runs/'); // delivered to the run
  t.same(box.filesWith(value, holdsValue), [], 'the record contains no argument of the request');
  await box.http('POST', `/v1/runs/${id}/cancel`);
  await until('the run is called off', async () => (await runsOf(box))[0]?.state === 'purged');
  const { run, start } = await ask();
  t.match(run, { id, state: 'purged', outcome: 'cancelled' });
  t.equal(start, undefined, 'a run that is over cannot be started');
  t.equal((await runsOf(box)).length, 1);
});

void t.test('forgets keys after 24 hours, and fingerprints only with its own key', async (t) => {
  const [box, other] = [new Sandbox(t), new Sandbox(t)];
  const key = randomUUID();
  const post = (one: Sandbox, name: string): Promise<Answer> =>
    one.http('POST', '/v1/organizations', { name }, keyed(key));
  for (const one of [box, other]) {
    await one.escrow(['daemon', 'start']);
    t.equal((await post(one, 'lab')).status, 201);
  }
  const fingerprints = [box, other].map((one) =>
    inLedger(one, (database) => database.prepare('SELECT fingerprint FROM idempotency_keys').all()),
  );
  t.equal(fingerprints[0]?.length, 1);
  t.not(
    JSON.stringify(fingerprints[0]),
    JSON.stringify(fingerprints[1]),
    'cannot be computed without the key',
  );
  t.equal(statSync(join(box.state, 'request.key')).mode & 0o777, 0o600);
  const old = new Date(Date.now() - 24.1 * 3600 * 1000).toISOString();
  inLedger(box, (database) => database.prepare('UPDATE idempotency_keys SET created_at = ?').run([old]));
  t.match(await post(box, 'dept'), { status: 201 });
  inLedger(box, (database) => {
    t.match(database.prepare('SELECT reply FROM idempotency_keys').all(), [{ reply: /dept/ }]);
  });
});

/** Returns a sandbox whose daemon is killed once at a point, and restarted by the next command. */
function killedAt(t: Test, point: string): Sandbox {
  const box = new Sandbox(t);
  box.command = [process.execPath, faultProgram];
  const directory = join(box.directory, 'fault');
  mkdirSync(directory);
  Object.assign(box.env, { FAULT_POINT: point, FAULT_KIND: 'kill -9 daemon', FAULT_DIRECTORY: directory });
  return box;
}

void t.test('returns the same run after the daemon was killed', async (t) => {
  for (const [point, isRecorded, canStart] of [
    ['before run.record', false, true],
    ['after run.record', true, false],
    ['before directory.arm', true, false],
    ['after run.record-materialized', true, true],
  ] as const)
    await t.test(point, async (t) => {
      const box = killedAt(t, point);
      await box.escrow(['daemon', 'start']);
      const key = randomUUID();
      const ask = (): Promise<Answer> => box.http('POST', '/v1/runs', requestOf(box), keyed(key));
      await t.rejects(ask(), 'the daemon is killed before it answers');
      await box.escrow(['daemon', 'start']);
      const recorded = await runsOf(box);
      t.equal(recorded.length, isRecorded ? 1 : 0);
      const answer = await ask();
      t.match(answer, { status: 201 }, answer.text);
      t.equal(isReplay(answer), isRecorded);
      const { run, start } = JSON.parse(answer.text) as RunStart;
      if (isRecorded) t.equal(run?.id, recorded[0]?.id);
      t.equal(start !== undefined, canStart);
      if (!canStart) t.match(run, { outcome: 'aborted', outcomeEvidence: /daemon stopped/ });
      t.equal((await runsOf(box)).length, 1);
    });
});

void t.test('`nf-escrow run` survives a daemon that is killed while it answers', async (t) => {
  for (const [point, status] of [
    ['before run.record', 0],
    ['after run.record', 75],
    ['after run.record-materialized', 0],
  ] as const)
    await t.test(point, async (t) => {
      const box = killedAt(t, point);
      await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: randomBytes(16).toString('hex') });
      const ended = await box.escrow(['run', 'true']);
      t.equal(ended.status, status, ended.stderr);
      if (status === 75) t.match(ended.stderr, /Cannot start run r\w+: the daemon stopped/);
      const runs = await until('the run is purged', async () => {
        const found = await runsOf(box);
        return found.every(({ state }) => state === 'purged') ? found : undefined;
      });
      t.match(runs, [{ outcome: status === 0 ? 'succeeded' : 'aborted' }]);
      t.same(readdirSync(join(box.state, 'runs')), []);
    });
});
