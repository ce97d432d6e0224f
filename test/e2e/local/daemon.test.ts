import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import type { Run, RunList, SecretList } from '../../../daemon/contract/types.ts';
import { accepts, newestRun, purged } from '../../support/hostile.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const newValue = (): string => randomBytes(16).toString('hex');
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';
const isAlive = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);

/** Starts a detached run that lasts until the file `go` exists. */
async function held(box: Sandbox): Promise<Run> {
  const { stdout } = await box.escrow(['run', '--detach', '--json', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  return JSON.parse(stdout) as Run;
}

void t.test('keeps confirmed changes after a kill -9, and ignores the stale socket', async (t) => {
  const box = new Sandbox(t);
  for (let version = 1; version <= 3; version += 1) {
    await accepts(t, box, ['daemon', 'start']);
    const pid = (await box.daemonPid()) ?? 0;
    const answer = await box.http('PUT', '/v1/user/secrets/FOO_KEY', { value: newValue() });
    process.kill(pid, 'SIGKILL');
    t.match(JSON.parse(answer.text), { version });
    await until('the daemon is dead', () => !isAlive(pid));
    t.ok(existsSync(box.socket), 'leaves a stale socket');
    const { secrets } = await box.json<SecretList>(['secrets', 'list', '--user']);
    t.match(secrets, [{ name: 'FOO_KEY', version }]);
  }
});

void t.test('SIGTERM stops the daemon but not the run, whose shim removes the secrets', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  const { id } = await held(box);
  const pid = (await box.daemonPid()) ?? 0;
  process.kill(pid, 'SIGTERM');
  await until('the daemon has ended', () => !isAlive(pid));
  t.notOk(existsSync(box.socket), 'removes its socket');
  t.match(readFileSync(join(box.state, 'daemon.log'), 'utf8'), /"msg":"daemon stopped"/);
  t.equal(box.filesWith(value).length, 1, 'the live run keeps its secrets');
  writeFileSync(join(box.launch, 'go'), '');
  await until('the secrets are removed', () => box.filesWith(value).length === 0);
  t.notOk(existsSync(box.socket), 'no daemon was started');
  t.match(await purged(t, box, value), { id, outcome: 'succeeded', exitStatus: 0 });
});

void t.test('the daemon exits when idle, but not while a run is alive', async (t) => {
  const box = new Sandbox(t);
  box.env['NF_ESCROW_IDLE_SECONDS'] = '1';
  const value = newValue();
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  await held(box);
  const pid = (await box.daemonPid()) ?? 0;
  const idle = new Sandbox(t);
  idle.env['NF_ESCROW_IDLE_SECONDS'] = '1';
  await accepts(t, idle, ['secrets', 'list']);
  const idlePid = (await idle.daemonPid()) ?? 0;
  await until('an idle daemon that started later exits', () => !isAlive(idlePid));
  t.ok(isAlive(pid), 'a live run keeps its daemon');
  writeFileSync(join(box.launch, 'go'), '');
  await until('the daemon exits', () => !isAlive(pid));
  t.notOk(existsSync(box.socket));
  t.same(box.filesWith(value), []);
  t.same(readdirSync(join(box.state, 'runs')), [], 'after the purge');
});

void t.test('the daemon has no core dumps, a new session, and umask 077', async (t) => {
  const box = new Sandbox(t);
  const env = { NODE_ENV: 'test', NODE_PATH: box.directory, LEFT_AS_IT_IS: 'yes' };
  await accepts(t, box, ['daemon', 'start'], { env });
  const pid = (await box.daemonPid()) ?? 0;
  const proc = (name: string): string => readFileSync(`/proc/${String(pid)}/${name}`, 'latin1');
  t.match(proc('limits'), /^Max core file size +0 +0 /m);
  t.match(proc('status'), /^Umask:\t0077$/m);
  const variables = proc('environ').split('\0');
  t.ok(variables.includes('LEFT_AS_IT_IS=yes'));
  t.same(
    variables.filter((variable) => /^NODE_(?!EXTRA_CA_CERTS)/.test(variable)),
    [],
  );
  const session = proc('stat').slice(proc('stat').lastIndexOf(')')).split(' ')[4];
  t.equal(session, String(pid));
  t.equal(readlinkSync(`/proc/${String(pid)}/cwd`), box.state);
});

void t.test('status shows open runs even if many later runs exist', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: newValue() });
  const { id } = await held(box);
  const ledger = new Database(join(box.state, 'ledger.db'));
  ledger.exec('PRAGMA busy_timeout = 10000'); // the daemon writes too
  const columns = (ledger.prepare('PRAGMA table_info(runs)').all() as { name: string }[]).map(
    ({ name }) => name,
  );
  const values = columns.map(
    (name) =>
      ({ id: `'later' || value`, state: `'purged'`, created_at: `'2999-01-01'`, purged_at: `'2999-01-01'` })[
        name
      ] ?? name,
  );
  ledger.exec(
    `INSERT INTO runs (${columns.join()}) WITH RECURSIVE numbers(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < 1100)
     SELECT ${values.join()} FROM numbers, (SELECT * FROM runs WHERE id = '${id}')`,
  );
  ledger.close();
  t.match((await accepts(t, box, ['status'])).stdout, new RegExp(`^${id} .* 1 secrets? delivered`));
  t.match((await box.json<RunList>(['status'])).runs, [{ id }]);
  t.match((await box.json<RunList>(['runs', 'list', '--state', 'open'])).runs, [{ id, state: 'running' }]);
  writeFileSync(join(box.launch, 'go'), '');
  await accepts(t, box, ['runs', 'wait', id]);
});

void t.test('the daemon prunes runs that were purged long ago', async (t) => {
  const box = new Sandbox(t);
  for (let index = 0; index < 2; index += 1) await accepts(t, box, ['run', 'true']);
  const { id } = await newestRun(box);
  await accepts(t, box, ['daemon', 'stop']);
  const ledger = new Database(join(box.state, 'ledger.db'));
  ledger.prepare(`UPDATE runs SET purged_at = '2001-01-01T00:00:00.000Z' WHERE id != ?`).run([id]);
  ledger.close();
  await accepts(t, box, ['daemon', 'start'], { env: { NF_ESCROW_KEEP_RUNS_DAYS: '0' } });
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 2, '0 keeps them forever');
  await accepts(t, box, ['daemon', 'stop']);
  t.match((await box.json<RunList>(['runs', 'list'])).runs, [{ id }]);
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 1);
});
