import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../../support/free-ports.ts';
import { stateOf } from '../../support/process-state.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { Receiver } from '../../support/webhook-receiver.ts';

void t.test('delivers the event of a run that ended before the daemon was killed', async (t) => {
  const box = new Sandbox(t);
  const secretFile = join(box.directory, 'webhook.secret');
  writeFileSync(secretFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${String(port)}/hook?token=in-the-url`;
  box.env['NF_ESCROW_WEBHOOKS'] = JSON.stringify([{ url, secretFile }]);
  box.env['NF_ESCROW_IDLE_SECONDS'] = '1';
  const value = randomBytes(16).toString('hex');
  await box.escrow(['secrets', 'set', 'HOOK_KEY', '--user'], { input: value });
  t.equal((await box.escrow(['run', `echo ${value}`])).status, 0);
  const log = (): string => readFileSync(join(box.state, 'daemon.log'), 'utf8');
  await until('an attempt has failed', () => /webhook failed/.test(log()));
  const pid = (await box.daemonPid()) ?? 0;
  process.kill(pid, 'SIGKILL');
  const receiver = new Receiver(t);
  await receiver.listen(port);
  t.equal((await box.escrow(['daemon', 'start'])).status, 0);
  await until('the event arrives', () => receiver.received.length > 0);
  const [{ event, body } = { event: undefined, body: '' }] = receiver.received;
  t.match(event, { type: 'run.ended', run: { outcome: 'succeeded', workspace: 'local/main' } });
  t.notOk(body.includes(value));
  t.notMatch(log(), 'in-the-url');
  // A command would restart the idle timer.
  const second = (await box.daemonPid()) ?? 0;
  await until('the daemon is idle and stops', () => [undefined, 'Z'].includes(stateOf(second)));
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1);
});
