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
const isThere = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);

/** A detached run that goes on until `go` is there. */
async function held(box: Sandbox): Promise<Run> {
  const { stdout } = await box.escrow(['run', '--detach', '--json', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  return JSON.parse(stdout) as Run;
}

void t.test(
  'what was answered outlives a kill -9, and the socket that is left does not matter',
  async (t) => {
    const box = new Sandbox(t);
    for (let version = 1; version <= 3; version += 1) {
      await accepts(t, box, ['daemon', 'start']);
      const pid = (await box.daemonPid()) ?? 0;
      const answer = await box.http('PUT', '/v1/user/secrets/FOO_KEY', { value: newValue() });
      process.kill(pid, 'SIGKILL');
      t.match(JSON.parse(answer.text), { version });
      await until('it is dead', () => !isThere(pid));
      t.ok(existsSync(box.socket), 'its socket is left');
      const { secrets } = await box.json<SecretList>(['secrets', 'list', '--user']);
      t.match(secrets, [{ name: 'FOO_KEY', version }]);
    }
  },
);

void t.test('TERM ends the daemon, and not the run: the shim takes the secrets back', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  const { id } = await held(box);
  const pid = (await box.daemonPid()) ?? 0;
  process.kill(pid, 'SIGTERM');
  await until('it has ended', () => !isThere(pid));
  t.notOk(existsSync(box.socket), 'its socket went with it');
  t.match(readFileSync(join(box.state, 'daemon.log'), 'utf8'), /"msg":"daemon ends"/);
  t.equal(box.filesWith(value).length, 1, 'the live run keeps its secrets');
  writeFileSync(join(box.launch, 'go'), '');
  await until('they are taken back', () => box.filesWith(value).length === 0);
  t.notOk(existsSync(box.socket), 'without a daemon');
  t.match(await purged(t, box, value), { id, outcome: 'succeeded', exitStatus: 0 });
});

void t.test('a daemon that nobody needs ends, one with something placed stays', async (t) => {
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
  await until('an idle daemon that started later ends', () => !isThere(idlePid));
  t.ok(isThere(pid), 'a live run keeps its daemon');
  writeFileSync(join(box.launch, 'go'), '');
  await until('it ends by itself', () => !isThere(pid));
  t.notOk(existsSync(box.socket));
  t.same(box.filesWith(value), []);
  t.same(readdirSync(join(box.state, 'runs')), [], 'after it has taken everything back');
});

void t.test(
  "the daemon dumps no core, is in no terminal's session, and makes what is its user's alone",
  async (t) => {
    const box = new Sandbox(t);
    const env = { NODE_ENV: 'test', NODE_PATH: box.directory, LEFT_AS_IT_IS: 'yes' };
    await accepts(t, box, ['daemon', 'start'], { env });
    const pid = (await box.daemonPid()) ?? 0;
    const told = (name: string): string => readFileSync(`/proc/${String(pid)}/${name}`, 'latin1');
    t.match(told('limits'), /^Max core file size +0 +0 /m);
    t.match(told('status'), /^Umask:\t0077$/m);
    const variables = told('environ').split('\0');
    t.ok(variables.includes('LEFT_AS_IT_IS=yes'));
    t.same(
      variables.filter((variable) => /^NODE_(?!EXTRA_CA_CERTS)/.test(variable)),
      [],
    );
    const session = told('stat').slice(told('stat').lastIndexOf(')')).split(' ')[4];
    t.equal(session, String(pid), 'a session of its own');
    t.equal(readlinkSync(`/proc/${String(pid)}/cwd`), box.state);
  },
);

void t.test('status shows what is open, however many runs came after it', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: newValue() });
  const { id } = await held(box);
  const ledger = new Database(join(box.state, 'ledger.db'));
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
  t.match((await accepts(t, box, ['status'])).stdout, new RegExp(`^${id} .* 1 secrets? placed`));
  t.match((await box.json<RunList>(['status'])).runs, [{ id }]);
  t.match((await box.json<RunList>(['runs', 'list', '--state', 'open'])).runs, [{ id, state: 'running' }]);
  writeFileSync(join(box.launch, 'go'), '');
  await accepts(t, box, ['runs', 'wait', id]);
});

void t.test('runs that were purged long ago are forgotten without being asked', async (t) => {
  const box = new Sandbox(t);
  for (let index = 0; index < 2; index += 1) await accepts(t, box, ['run', 'true']);
  const { id } = await newestRun(box);
  await accepts(t, box, ['daemon', 'stop']);
  const ledger = new Database(join(box.state, 'ledger.db'));
  ledger.prepare(`UPDATE runs SET purged_at = '2001-01-01T00:00:00.000Z' WHERE id != ?`).run([id]);
  ledger.close();
  await accepts(t, box, ['daemon', 'start'], { env: { NF_ESCROW_KEEP_RUNS_DAYS: '0' } });
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 2, '0 keeps them for ever');
  await accepts(t, box, ['daemon', 'stop']);
  t.match((await box.json<RunList>(['runs', 'list'])).runs, [{ id }]);
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 1);
});
