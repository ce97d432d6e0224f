import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { DaemonStatus } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

void t.test(
  'commands reach the daemon with and without a runtime directory, and after its removal',
  async (t) => {
    const box = new Sandbox(t);
    const runtime = join(box.directory, 'run-user');
    // Without NF_ESCROW_HOME, which would contain the socket.
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
    t.equal(await pidOf(cron), pid, 'a command without a runtime directory reaches the same daemon');
    t.ok(existsSync(join(box.state, 'nf-escrow', hostname(), 'daemon.sock')));

    rmSync(runtime, { recursive: true }); // like the last logout
    t.equal(await pidOf(login), pid, 'a command reaches the daemon without the directory');
    t.notOk(existsSync(runtime), 'nf-escrow does not create the directory');
    mkdirSync(runtime, { mode: 0o700 }); // the next login
    const socket = join(runtime, 'nf-escrow/daemon.sock');
    await until('the daemon has created its socket again', () => existsSync(socket));
    t.equal(await pidOf(login), pid);
    t.equal((await box.escrow(['daemon', 'stop'], { env: login })).status, 0);
    t.notOk(existsSync(socket), 'the daemon removes its socket');
  },
);
