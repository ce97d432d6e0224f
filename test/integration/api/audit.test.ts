// Filters of the audit log.
import t from 'tap';
import type { Audit, JournalEvent, RunList } from '../../../daemon/contract/types.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import { readAudit } from '../../../daemon/ledger/audit.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { placesIn } from '../../support/daemon-modules.ts';
import { codeOf } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('exports events as JSON lines', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  for (const name of ['A_KEY', 'B_KEY', 'C_KEY'])
    await box.http('PUT', `/v1/user/secrets/${name}`, { value: 'a value of the test' });
  const { events } = await box.json<Audit>(['audit']);
  const lines = async (...args: string[]): Promise<unknown[]> => {
    const { stdout } = await box.escrow(['audit', '--jsonl', ...args]);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };
  t.same(await lines(), events);
  t.same(await lines('--limit', '2', '--type', 'secret'), events.slice(0, 2));
  t.match(await box.escrow(['audit', '--jsonl', '--json']), { status: 64 });
});

void t.test('filters events by type, secret, workspace, run, time and text', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const value = { value: 'a value of the test' };
  await box.http('POST', '/v1/workspaces', { organization: 'local', name: 'rna' });
  for (const path of ['workspaces/local/main', 'workspaces/local/rna', 'user'])
    await box.http('PUT', `/v1/${path}/secrets/FOO_KEY`, value);
  await box.http('PUT', '/v1/user/secrets/FOO_KEY_2', value);
  const list = ['FOO_KEY', 'BAR_KEY'].map((name) => ({ name, valueBase64: 'YQ==' }));
  await box.http('POST', '/v1/user/secrets/import', { secrets: list, onConflict: 'skip' });
  await box.http('DELETE', '/v1/workspaces/local/rna/secrets/FOO_KEY');
  await box.escrow(['run', '--workspace', 'local/rna', 'true']);
  const { runs } = await box.json<RunList>(['runs', 'list']);
  const run = runs[0]?.id ?? '';
  const find = async (query: Record<string, string>): Promise<JournalEvent[]> => {
    const { text } = await box.http('GET', `/v1/audit?${new URLSearchParams(query).toString()}`);
    return (JSON.parse(text) as Audit).events;
  };
  const all = await find({});
  const types = async (query: Record<string, string>): Promise<string[]> =>
    (await find(query)).map(({ type }) => type);
  t.same(await types({ type: 'workspace' }), ['workspace.created']);
  t.same(await types({ type: 'secret.removed' }), ['secret.removed']);
  t.same(await types({ type: 'secret.rem' }), [], 'whole words only');
  const changes = ['secret.removed', 'secret.set', 'secret.set', 'secret.set'];
  t.same(await types({ secret: 'FOO_KEY' }), ['run.created', ...changes]);
  t.same(await types({ secret: 'FOO_KEY', type: 'secret' }), changes);
  t.same(await types({ secret: 'BAR_KEY', type: 'secret' }), ['secret.imported']);
  t.same(await types({ secret: 'FOO_KE' }), []);
  t.same(await types({ secret: 'FOO_KEY', type: 'secret.set', workspace: 'local/rna' }), ['secret.set']);
  t.same(await types({ workspace: 'local/rna' }), [
    ...['run.created', 'secret.removed', 'secret.set', 'workspace.created'],
  ]);
  t.same(await types({ run }), ['run.created']);
  t.same(await types({ run: run.slice(0, 5) }), []);
  t.same(
    await types({ by: all[0]?.by ?? '' }),
    all.map(({ type }) => type),
  );
  t.same(await types({ by: 'nobody' }), []);
  t.same(await types({ text: 'foo_key_2' }), ['run.created', 'secret.set']);
  t.same(await types({ text: 'FOO%' }), [], 'no wildcards');
  t.same(await types({ text: run }), ['run.created']);
  const [newest, second] = all;
  t.same(
    await find({ since: newest?.at ?? '' }),
    all.filter(({ at }) => at >= (newest?.at ?? '')),
  );
  t.same(
    await find({ until: second?.at ?? '' }),
    all.filter(({ at }) => at < (second?.at ?? '')),
  );
  const invalid = await box.http('GET', '/v1/audit?since=2026-02-30T25:00Z');
  t.equal(codeOf(invalid), 'request-unprocessable');
  const { stdout } = await box.escrow(['audit', '--secret', 'BAR_KEY', '--json']);
  t.match(JSON.parse(stdout), { events: [{ type: 'run.created' }, { type: 'secret.imported' }] });
});

onEachLedger('pages of a filter contain each event once', async (t) => {
  const ledger = await openTestLedger(placesIn(temporaryDirectory(t)).ledger);
  t.teardown(() => ledger.close());
  await ledger.write(async (db) => {
    for (let number = 0; number < 25; number += 1) {
      const type = number % 2 === 0 ? 'secret.set' : 'vault.exported';
      await record(db, { type, by: 'ada', data: { scope: 'local/main', name: `K_${String(number)}` } });
    }
  });
  const seen: unknown[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const { items, next } = await readAudit(ledger.db, { limit: 4, cursor, type: 'secret' });
    seen.push(...items.map(({ data }) => (data as { name?: string }).name));
    cursor = next;
    more = next !== undefined;
  }
  t.same(
    seen,
    Array.from({ length: 13 }, (_, index) => `K_${String(24 - 2 * index)}`),
  );
});
