import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import type { Run } from '../../../daemon/contract/types.ts';
import { fileSystemType } from '../../../daemon/system/files/file-system-type.ts';
import { newestRun, purged } from '../../support/hostile.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { networkDisk } from '../../support/mounts.ts';

const HOLD = 'while [ ! -e go ]; do sleep 0.1; done';
const newValue = (): string => randomBytes(16).toString('hex');

void t.test('a state directory on a file system that tells nothing of changes', async (t) => {
  const box = new Sandbox(t);
  if (networkDisk(t, box.state) === undefined) return;
  t.equal(fileSystemType(box.state).network, true);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const { status, stdout } = await box.escrow(['run', 'grep -c FOO_KEY "$NXF_SECRETS_FILE"; exit 3']);
  t.equal(status, 3);
  t.equal(stdout, '1\n');
  t.match(await purged(t, box, value), { outcome: 'failed', exitStatus: 3 });
  // What the daemon reads itself must not be what keeps the directory: removed while open, a file lives on there.
  const event = '{"type":"task.submit","task":"1","name":"foo"}';
  const script = `echo '${event}' >>"$(dirname "$NXF_SECRETS_FILE")/events.jsonl"; ${HOLD}`;
  t.equal((await box.escrow(['run', '--detach', script])).status, 0);
  const { id } = await newestRun(box);
  await until('the daemon reads the events', async () =>
    (await box.http('GET', `/v1/runs/${id}/tasks`)).text.includes('"foo"'),
  );
  writeFileSync(join(box.launch, 'go'), '');
  await until('it is purged', async () => ((await newestRun(box)).state === 'purged' ? true : undefined));
  t.notOk(existsSync(join(box.state, 'ledger.db-wal')), 'no WAL');
  const ledger = new Database(join(box.state, 'ledger.db'), { timeout: 5000 });
  t.match(ledger.prepare('PRAGMA journal_mode').get(), { journal_mode: /delete|truncate/ });
  ledger.close();
  await box.escrow(['daemon', 'stop']);
});

void t.test('a runs directory whose server goes away is not taken for an end', async (t) => {
  const box = new Sandbox(t);
  const runs = join(box.directory, 'far/runs');
  const disk = networkDisk(t, join(box.directory, 'far'));
  if (disk === undefined) return;
  box.env['NF_ESCROW_RUNS_DIR'] = runs;
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const started = box.start(['run', `touch here; ${HOLD}`]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await until('it is seen to run', async () => {
    const run = await newestRun(box);
    return run.state === 'running' ? run : undefined;
  });
  disk.goAway();
  t.throws(() => readdirSync(runs), { code: 'ENOTCONN' });
  t.equal((await box.escrow(['runs', 'purge', id])).status, 75, 'the daemon polls the run');
  t.match(await box.json<Run>(['runs', 'show', id]), { state: 'running' }, 'it may be alive');
  writeFileSync(join(box.launch, 'go'), '');
  await started.ended;
  t.not((await box.escrow(['runs', 'purge', id])).status, 0, 'the daemon polls the run');
  t.not((await box.json<Run>(['runs', 'show', id])).state, 'purged', 'what cannot be looked at is not gone');
  disk.comeBack();
  t.not(readdirSync(runs).length, 0);
  await until('it is purged', async () =>
    (await box.json<Run>(['runs', 'show', id])).state === 'purged' ? true : undefined,
  );
  t.same(readdirSync(runs), []);
  t.same(box.filesWith(value), []);
});
