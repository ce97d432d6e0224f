import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { DaemonStatus } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

void t.test('the daemon is reached with a runtime directory, without, and after it has gone', async (t) => {
  const box = new Sandbox(t);
  const runtime = join(box.directory, 'run-user');
  // Not NF_ESCROW_HOME, which has its socket in itself: as on a login node.
  Object.assign(box.env, { NF_ESCROW_HOME: '', XDG_STATE_HOME: box.state, XDG_CONFIG_HOME: box.state });
  const login = { XDG_RUNTIME_DIR: runtime };
  const cron = { XDG_RUNTIME_DIR: '' };
  const pidOf = async (env: Record<string, string>): Promise<number> => {
    const { stdout, stderr } = await box.escrow(['daemon', 'status', '--json'], { env });
    return (JSON.parse(stdout || stderr) as DaemonStatus).process.pid;
  };
  mkdirSync(runtime, { mode: 0o700 });
  t.teardown(() => box.escrow(['daemon', 'stop'], { env: cron }));
  t.equal((await box.escrow(['daemon', 'start'], { env: login })).status, 0);
  const pid = await pidOf(login);
  t.equal(await pidOf(cron), pid, 'cron has no such directory, and reaches the same one');
  t.ok(existsSync(join(box.state, 'nf-escrow', hostname(), 'daemon.sock')));

  rmSync(runtime, { recursive: true }); // as at the last logout
  t.equal(await pidOf(login), pid, 'a command that comes meanwhile');
  t.notOk(existsSync(runtime), 'which is not made by us');
  mkdirSync(runtime, { mode: 0o700 }); // the next login
  const socket = join(runtime, 'nf-escrow/daemon.sock');
  await until('its socket is there again', () => existsSync(socket));
  t.equal(await pidOf(login), pid);
  t.equal((await box.escrow(['daemon', 'stop'], { env: login })).status, 0);
  t.notOk(existsSync(socket), 'and goes with it');
});
