import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Receipt, RunList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

/** Runs a pipeline. Returns the id of the run and a copy that was made of its directory while it ran. */
async function runToEnd(box: Sandbox): Promise<{ id: string; copy: string }> {
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'value' });
  const started = box.start(['run', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const [id = ''] = readdirSync(join(box.state, 'runs'));
  const copy = join(box.directory, 'copy');
  execFileSync('cp', ['-a', join(box.state, 'runs', id), copy]);
  writeFileSync(join(box.launch, 'go'), '');
  await started.ended;
  return { id, copy };
}

void t.test('runs receipt --check reports absent, present and unverifiable objects', async (t) => {
  const box = new Sandbox(t);
  const { id, copy } = await runToEnd(box);
  const target = join(box.state, 'runs', id);
  const good = await box.escrow(['runs', 'receipt', id, '--check']);
  t.equal(good.status, 0, good.stderr);
  t.match(
    good.stdout,
    /Nothing that nf-escrow delivered is left\.\n\S+Z {2}absent {3}.* does not exist and its parent directory does not list it\n$/,
  );
  execFileSync('cp', ['-a', copy, target]);
  const back = await box.escrow(['runs', 'receipt', id, '--check']);
  t.equal(back.status, 1);
  t.match(
    back.stdout,
    new RegExp(
      `present +${target} exists\nAn object exists again. Remove it with: nf-escrow runs purge ${id}\n$`,
    ),
  );
  const json = await box.escrow(['runs', 'receipt', id, '--check', '--json']);
  t.match(JSON.parse(json.stdout) as Receipt, { complete: true, checks: [{ result: 'present', target }] });
  t.equal((await box.escrow(['runs', 'purge', id])).status, 0);
  t.notOk(existsSync(target), 'removes the reappeared directory');
  t.equal((await box.escrow(['runs', 'receipt', id, '--check'])).status, 0);
  execFileSync('mv', [join(box.state, 'runs'), join(box.state, 'away')]);
  const away = await box.escrow(['runs', 'receipt', id, '--check']);
  t.equal(away.status, 1);
  t.match(away.stdout, /unknown .*is its file system mounted\?/);
  t.notOk((await box.json<Receipt>(['runs', 'receipt', id])).checks, 'checks only with --check');
});

void t.test('the daemon removes reappeared run directories at its start, and no others', async (t) => {
  const box = new Sandbox(t);
  const { id, copy } = await runToEnd(box);
  await box.escrow(['daemon', 'stop']);
  const runs = join(box.state, 'runs');
  const put = (name: string, expires?: string): string => {
    cpSync(copy, join(runs, name), { recursive: true, filter: (path) => !path.endsWith('/alive') });
    if (expires !== undefined) writeFileSync(join(runs, name, 'expires'), expires);
    return join(runs, name);
  };
  put(id);
  const past = '2020-01-01T00:00:00.000Z';
  const expired = put('r20200101aaaaaaaa', past);
  const open = put('r20200101bbbbbbbb', '2999-01-01T00:00:00.000Z');
  const unsaid = put('r20200101cccccccc', 'spoilt');
  const held = put('r20200101dddddddd', past);
  execFileSync('mkfifo', [join(held, 'alive')]);
  const holder = spawn('bash', ['-c', 'exec 9<>"$0"; echo; exec sleep 60', join(held, 'alive')]);
  t.teardown(() => holder.kill('SIGKILL'));
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const other = join(runs, 'notes');
  mkdirSync(other);
  await box.json<RunList>(['runs', 'list']);
  await until('the directory is removed', () => !existsSync(join(runs, id)));
  t.ok(
    existsSync(expired),
    'keeps an unowned directory until it stays expired: test/integration/runs/stray-directory-scan',
  );
  t.ok(existsSync(open), 'keeps a directory that has not expired');
  t.ok(existsSync(unsaid), 'keeps a new directory without a valid expiry');
  t.ok(existsSync(held), 'keeps a directory whose FIFO is held');
  t.ok(existsSync(other), 'keeps directories that are not run directories');
});
