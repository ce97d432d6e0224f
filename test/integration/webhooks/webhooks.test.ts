import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { userScope } from '../../../daemon/access/scopes.ts';
import { readWebhooks, type WebhookSetting } from '../../../daemon/config/webhook-setting.ts';
import { validate } from '../../../daemon/contract/validate.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { moveRun } from '../../../daemon/runs/records/states.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { countPending } from '../../../daemon/webhooks/queue.ts';
import { Webhooks } from '../../../daemon/webhooks/webhooks.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { openModules } from '../../support/placed-run.ts';
import { root, Sandbox, until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { Receiver } from '../../support/webhook-receiver.ts';

interface Rig {
  readonly ledger: Ledger;
  /** A value of a secret that is delivered to each run, and that the removal error contains. */
  readonly value: string;
  /** Returns what the daemon logged. */
  readonly daemonLog: () => string;
  readonly secret: string;
  readonly secretFile: string;
  readonly logged: object[];
  /** Ends a run whose secrets are still delivered, and returns its id. */
  readonly endRun: (more?: Partial<Record<'run_name' | 'outcome_evidence', string>>) => Promise<string>;
  readonly hook: (url: string, more?: object) => Promise<readonly WebhookSetting[]>;
  readonly start: (hooks: readonly WebhookSetting[], clock?: () => Date) => Promise<Webhooks>;
}

async function rigOf(t: Test): Promise<Rig> {
  const value = `canary-${randomBytes(16).toString('hex')}`;
  const { modules, place } = await openModules(t, {
    faults: async (point) =>
      point === 'before lease.remove' ? Promise.reject(new Error(`no removal: ${value}`)) : undefined,
  });
  const { ledger, vault, deps } = modules;
  const scope = await userScope(ledger.db, deps.user);
  await vault.set(deps.user, scope, 'FOO_KEY', new SecretValue(Buffer.from(value)));
  const secret = randomBytes(24).toString('hex');
  const secretFile = join(temporaryDirectory(t), 'webhook.secret');
  writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
  const logged: object[] = [];
  return {
    ledger,
    value,
    daemonLog: modules.logged,
    secret,
    secretFile,
    logged,
    endRun: async (more = {}) => {
      const id = await place();
      await ledger.write((db) =>
        moveRun(db, id, 'ended', {
          ...{ outcome: 'failed', exit_status: 1, ended_at: new Date().toISOString() },
          ...more,
        }),
      );
      return id;
    },
    hook: (url, more = {}) =>
      readWebhooks({ value: JSON.stringify([{ url, secretFile, ...more }]), place: 'a test' }),
    start: async (hooks, clock = () => new Date()) => {
      const webhooks = new Webhooks({
        ...{ ledger, hooks, clock, roundMs: 50, pauses: { first: 20, longest: 40 } },
        log: { warn: (one: object) => logged.push(one) } as never,
      });
      await webhooks.start();
      t.teardown(() => webhooks.stop());
      return webhooks;
    },
  };
}

void t.test('reports an ended run with a signature that the documented example verifies', async (t) => {
  const { start, hook, endRun, secret } = await rigOf(t);
  const receiver = new Receiver(t);
  await endRun(); // before the receiver is known: not reported
  await start(await hook(await receiver.listen(), { events: ['run.ended'] }));
  const id = await endRun();
  await until('the webhook arrives', () => receiver.received.length > 0);
  const [first] = receiver.received;
  if (first === undefined) return;
  const { headers, body, event } = first;
  validate<'WebhookEvent'>('webhook-event.json', event);
  t.match(event, {
    type: 'run.ended',
    run: { id, state: 'ended', outcome: 'failed', exitStatus: 1, pendingRemovals: 1 },
  });
  t.equal(headers['webhook-id'], event.id);
  const [, example = ''] =
    /```python\n(.*?)```/s.exec(readFileSync(join(root, 'docs/monitoring.md'), 'utf8')) ?? [];
  const verify = (signed: string, key = secret, when = headers['webhook-timestamp']): boolean => {
    const sent = { ...headers, 'webhook-timestamp': when };
    const program = `${example}\nimport json, sys\nsent = json.load(sys.stdin)\nprint(verify(sent["key"].encode(), sent["headers"], sent["body"].encode()))`;
    const input = JSON.stringify({ key, headers: sent, body: signed });
    const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return stdout.trim() === 'True';
  };
  t.ok(verify(body));
  t.notOk(verify(body.replace('failed', 'succeeded')), 'a changed body');
  t.notOk(verify(body, 'x'.repeat(48)), 'another secret');
  t.notOk(verify(body, secret, String(Number(headers['webhook-timestamp']) - 1)), 'another time');
});

void t.test(
  'sends and logs no value, no name of a secret, no text of a pipeline and no signing secret',
  async (t) => {
    const { start, hook, endRun, ledger, value, secret, logged, daemonLog } = await rigOf(t);
    const receiver = new Receiver(t);
    receiver.answers.push(500); // so that something is logged
    let minutes = 0;
    const hooks = await hook(await receiver.listen(), { removalPendingMinutes: 30 });
    await start(hooks, () => new Date(Date.now() + minutes * 60_000));
    await endRun({ run_name: `name ${value}`, outcome_evidence: `evidence ${value}` });
    await ledger.write((db) =>
      db
        .updateTable('leases')
        .set({ last_error: `no removal: ${value}` })
        .execute(),
    );
    await until('the end is reported', () => receiver.received.length >= 2);
    minutes = 31;
    await until('the pending removal is reported', () =>
      receiver.received.some(({ event }) => event.type === 'removal.pending'),
    );
    const sent = JSON.stringify(receiver.received);
    const daemon = daemonLog();
    t.match(daemon, 'no removal: ***FOO_KEY***');
    for (const text of [sent, JSON.stringify(logged), daemon])
      for (const hidden of [value, Buffer.from(value).toString('base64'), secret, 'evidence'])
        t.notOk(text.includes(hidden), hidden);
    t.notOk((sent + JSON.stringify(logged)).includes('FOO_KEY'));
    t.match(sent, '"webhook-signature"');
    t.match(logged, [{ reason: 'status 500' }]);
  },
);

void t.test('retries with the same id, and follows no redirect', async (t) => {
  const { start, hook, endRun, ledger, logged } = await rigOf(t);
  const [receiver, elsewhere] = [new Receiver(t), new Receiver(t)];
  receiver.location = await elsewhere.listen();
  receiver.answers.push(500, 307, 302, 404, 200);
  const webhooks = await start(await hook(await receiver.listen(), { events: ['run.ended'] }));
  await endRun();
  await until(
    'it is delivered',
    async () => receiver.received.length >= 5 && (await countPending(ledger.db)) === 0,
  );
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1);
  t.equal(new Set(receiver.received.map(({ body }) => body)).size, 1);
  t.equal(receiver.received.length, 5, 'not again after a 2xx status');
  t.same(elsewhere.received, []);
  await until('nothing is pending', () => webhooks.pending === 0);
  t.match(logged, [{ reason: 'status 500' }]);
  t.notMatch(JSON.stringify(logged), 'in-the-url', 'the log does not contain the path of the URL');
});

void t.test('reports a removal that is pending for too long, once for each run', async (t) => {
  const { start, hook, endRun } = await rigOf(t);
  const receiver = new Receiver(t);
  let minutes = 0;
  let looks = 0; // each round looks at the clock
  const clock = (): Date => {
    looks += 1;
    return new Date(Date.now() + minutes * 60_000);
  };
  const hooks = await hook(await receiver.listen(), {
    events: ['removal.pending'],
    removalPendingMinutes: 30,
  });
  await start(hooks, clock);
  const id = await endRun();
  minutes = 29;
  const before = looks;
  await until('several rounds are over', () => looks > before + 3);
  t.same(receiver.received, []);
  minutes = 31;
  await until('it is reported', () => receiver.received.length > 0);
  t.match(receiver.received[0]?.event, { type: 'removal.pending', run: { id, pendingRemovals: 1 } });
  minutes = 600;
  const other = await endRun();
  await until('the other run is reported', () => receiver.received.length > 1);
  t.same(
    receiver.received.map(({ event }) => event.run.id),
    [id, other],
  );
});

void t.test('delivers after a restart what was recorded before, and forgets removed receivers', async (t) => {
  const { start, hook, endRun, ledger } = await rigOf(t);
  const receiver = new Receiver(t);
  const url = await receiver.listen();
  receiver.close();
  const hooks = await hook(url, { events: ['run.ended'] });
  const first = await start(hooks);
  const ids = [await endRun(), await endRun()];
  await until('both are recorded', () => first.pending === 2);
  await first.stop();
  ids.push(await endRun()); // no daemon runs
  const again = new Receiver(t);
  await again.listen(Number(new URL(url).port));
  await start(hooks);
  await until('all are delivered', () => again.received.length >= 3);
  t.same(new Set(again.received.map(({ event }) => event.run.id)), new Set(ids));
  again.close();
  const other = await start(await hook('https://127.0.0.1:1/other'));
  await until(
    'the deliveries of the removed receiver are deleted',
    async () => (await countPending(ledger.db)) === 0,
  );
  await other.stop();
});

void t.test('drops the oldest deliveries beyond the limit, and those that fail for three days', async (t) => {
  const { start, hook, endRun, ledger, logged } = await rigOf(t);
  const receiver = new Receiver(t);
  const url = await receiver.listen();
  receiver.answers.push(...Array.from({ length: 5000 }, () => 503));
  const hooks = await hook(url, { events: ['run.ended'] });
  let days = 0;
  await start(hooks, () => new Date(Date.now() + days * 24 * 3600 * 1000));
  await ledger.write(async (db) => {
    for (let index = 0; index < 1000; index++)
      await db
        .insertInto('webhook_deliveries')
        .values({
          ...{
            id: `msg_${String(index)}`,
            hook: hooks[0]?.id ?? '',
            type: 'run.ended',
            run_id: `r${String(index)}`,
          },
          ...{ body: '{}', state: 'pending', attempts: 0, attempted_at: null },
          created_at: `2026-01-01T00:00:00.${String(index).padStart(3, '0')}Z`,
        })
        .execute();
  });
  await endRun();
  await until('one is dropped', () => logged.some((one) => 'count' in one));
  const states = async (id: string): Promise<string | undefined> =>
    (await ledger.db.selectFrom('webhook_deliveries').select('state').where('id', '=', id).executeTakeFirst())
      ?.state;
  t.equal(await states('msg_0'), 'dropped');
  t.ok((await countPending(ledger.db)) <= 1000);
  days = 4;
  await until('a delivery that has failed for too long is dropped', async () => {
    const { count } = await ledger.db
      .selectFrom('webhook_deliveries')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('state', '=', 'dropped')
      .where('attempts', '>', 0)
      .executeTakeFirstOrThrow();
    return count > 0;
  });
});

void t.test('uses only a secret file that nobody else can read', async (t) => {
  const { start, hook, endRun, secretFile, logged } = await rigOf(t);
  const receiver = new Receiver(t);
  chmodSync(secretFile, 0o644);
  await start(await hook(await receiver.listen(), { events: ['run.ended'] }));
  await endRun();
  await until('the reason is logged', () => /others can access it/.test(JSON.stringify(logged)));
  t.same(receiver.received, []);
  chmodSync(secretFile, 0o600);
  await until('the webhook arrives', () => receiver.received.length > 0);
});

void t.test('verifies the certificate of the receiver', async (t) => {
  const { start, hook, endRun, logged, ledger } = await rigOf(t);
  const directory = temporaryDirectory(t);
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  t.equal(made.status, 0, made.stderr.toString());
  let requests = 0;
  const server = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    (_request, response) => {
      requests += 1;
      response.end();
    },
  );
  const url = `https://127.0.0.1:${String(await listenOnLoopback(server))}/`;
  t.teardown(() => server.close());
  await start(await hook(url, { events: ['run.ended'] }));
  await endRun();
  await until('the certificate is refused', () => /SELF_SIGNED/.test(JSON.stringify(logged)));
  t.equal(requests, 0);
  t.equal(await countPending(ledger.db), 1);
});

void t.test('an invalid setting is refused, and keeps only the daemon from starting', async (t) => {
  const box = new Sandbox(t);
  for (const value of ['[bad', '[{"url":"https://a.example/tok-en"}]']) {
    const set = await box.escrow(['config', 'set', 'webhooks', value]);
    t.match(set, { status: 78, stderr: /Invalid value of webhooks in the command line: / });
    t.notMatch(set.stderr, 'tok-en');
  }
  t.equal((await box.escrow(['config', 'set', 'webhooks', ''])).status, 0);
  writeFileSync(join(box.state, 'config.yaml'), 'webhooks:\n  - url: tok-en\n', { mode: 0o600 });
  t.match(await box.escrow(['config', 'get', 'workspace']), { status: 0, stdout: 'local/main\n' });
  const message =
    /Invalid value of webhooks in ".*config.yaml", line 1, column 1: secretFile of item 1 is missing\./;
  t.match(await box.escrow(['status']), { status: 78, stderr: message });
  const { stdout } = await box.escrow(['doctor']);
  t.match(stdout, message);
});
