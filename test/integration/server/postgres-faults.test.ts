// Releases while PostgreSQL is restarted, fails over, and has no connections and no disk space left. Its servers are real.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import t, { type Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { openPostgresLedger, type PostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { createRelease } from '../../../daemon/releases/create-release.ts';
import type { ServerSettings } from '../../../daemon/server/configuration/server-settings.ts';
import { restoreServer } from '../../../daemon/server/restore.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { smallDisk } from '../../support/mounts.ts';
import { MovableAddress, startPrimary, type PostgresNode } from '../../support/postgres-servers.ts';
import { ReleaseGround } from '../../support/release-ground.ts';
import { ReleaseRequests } from '../../support/release-requests.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

t.setTimeout(600_000);

interface Ground {
  readonly ledger: PostgresLedger;
  readonly ground: ReleaseGround;
  readonly requests: ReleaseRequests;
  /** Waits until more releases were answered. */
  readonly progress: () => Promise<void>;
}

/** Opens a ledger with a team and one secret, and requests releases. */
async function start(t: Test, url: string): Promise<Ground> {
  const ledger = await openPostgresLedger(url, { connections: 4, connectMs: 2000 });
  t.teardown(() => ledger.close());
  const ground = await ReleaseGround.in(ledger, temporaryDirectory(t));
  await ground.set('A_KEY');
  const requests = new ReleaseRequests(ground);
  requests.start();
  t.teardown(() => requests.stop());
  const progress = async (): Promise<void> => {
    const before = requests.answered.size;
    await until('releases', () => requests.answered.size >= before + 10);
  };
  await progress();
  return { ledger, ground, requests, progress };
}

void t.test('loses and doubles no release when PostgreSQL is restarted, and when it crashes', async (t) => {
  const { primary } = (await startPrimary(t)) ?? {};
  if (primary === undefined) return;
  const { requests, progress } = await start(t, `postgres://escrow@/postgres?host=${primary.host}`);
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    await primary.stop(signal);
    await until('a failure', () => requests.reasons.size > 0);
    await primary.start();
    await progress();
    requests.reasons.clear();
  }
  await requests.stop();
  await requests.verify(t);
});

/** Starts a standby, and moves the address to it after the primary was killed. */
async function failOver(
  t: Test,
  beforehand: (primary: PostgresNode, standby: PostgresNode) => Promise<void>,
  afterwards: (ground: Ground, primary: PostgresNode, standby: PostgresNode) => Promise<void>,
): Promise<(Ground & { readonly url: string }) | undefined> {
  const { primary, another } = (await startPrimary(t)) ?? {};
  if (primary === undefined || another === undefined) return undefined;
  const address = await MovableAddress.open(t, join(temporaryDirectory(t), 'address'), primary);
  const url = address.url('postgres');
  const standby = another();
  standby.copy(primary);
  await standby.start();
  await beforehand(primary, standby);
  const ground = await start(t, url);
  t.equal((await ground.ledger.compareCluster()).changed, false);
  await afterwards(ground, primary, standby);
  await standby.promote();
  address.move(standby);
  return { ...ground, url };
}

void t.test(
  'loses no release when a synchronous standby is promoted, and notices the failover',
  async (t) => {
    const found = await failOver(
      t,
      async (primary) => {
        await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
        await primary.query('SELECT pg_reload_conf()');
        await until('a synchronous standby', async () => {
          const rows = await primary.query<{ sync_state: string }>(
            'SELECT sync_state FROM pg_stat_replication',
          );
          return rows.some(({ sync_state }) => sync_state === 'sync');
        });
      },
      async ({ ledger }, primary) => {
        t.equal(await ledger.hasSynchronousStandby(), true);
        await primary.stop('SIGKILL');
      },
    );
    if (found === undefined) return;
    const { ledger, requests, progress } = found;
    await progress();
    await requests.stop();
    await requests.verify(t);
    const { changed, current, stored } = await ledger.compareCluster();
    t.match({ changed, stored }, { changed: true, stored: { timeline: 1 } });
    t.equal(current.timeline, 2);
  },
);

void t.test(
  'uses no version again after an asynchronous standby without the newest changes was promoted',
  async (t) => {
    let last = 0;
    const found = await failOver(
      t,
      () => Promise.resolve(),
      async ({ ledger, ground, progress }, primary, standby) => {
        t.equal(await ledger.hasSynchronousStandby(), false);
        await standby.stop('SIGINT');
        await progress(); // the standby will not have these releases
        await ground.set('B_KEY');
        last = await ground.set('B_KEY');
        await primary.stop('SIGKILL');
        await standby.start();
      },
    );
    if (found === undefined) return;
    const { ledger, ground, requests, progress, url } = found;
    await progress();
    await requests.stop();
    t.ok((await requests.verify(t, { mayLose: true })) > 0, 'changes that the standby did not have are lost');
    t.match(await ledger.compareCluster(), { changed: true });
    const database = { url, ownerUrl: undefined, caFile: undefined, poolSize: 2 };
    await restoreServer({ database } as unknown as ServerSettings); // what it reads
    t.match(await ledger.compareCluster(), { changed: false });
    const scope = await findWorkspace(ledger.db, 'lab/rna');
    const { version } = await ground.vault.set(
      machineUser(),
      scope,
      'B_KEY',
      new SecretValue(Buffer.from('x')),
    );
    t.equal(last, 2);
    t.ok(version > last, 'although the database does not know the lost versions');
  },
);

void t.test('names the reason while PostgreSQL accepts no more connections', async (t) => {
  const { primary } = (await startPrimary(t, ['max_connections=12'])) ?? {};
  if (primary === undefined) return;
  const { ground, requests, progress } = await start(t, `postgres://escrow@/postgres?host=${primary.host}`);
  const held: Client[] = [await primary.connect()];
  t.teardown(() => Promise.all(held.map((client) => client.end().catch(() => undefined))));
  // The pool reconnects as soon as the test has ended its connections, so the test competes with several attempts at once.
  await until('all connections', async () => {
    const attempts = Array.from({ length: 12 }, () => primary.connect());
    for (const result of await Promise.allSettled(attempts))
      if (result.status === 'fulfilled') held.push(result.value);
    if (held.length === 12) return true;
    await held[0]?.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nf-escrow'`,
    );
    return undefined;
  });
  const request = ground.request([{ name: 'A_KEY', version: 1 }]);
  await t.rejects(createRelease(ground, ground.launcher, request), {
    code: 'ledger-unavailable',
    message: /too many connections/,
  });
  await Promise.all(held.splice(1).map((client) => client.end()));
  await progress();
  await requests.stop();
  requests.requested.add(request.run);
  await requests.verify(t);
});

void t.test('names the reason while the disk of PostgreSQL is full', async (t) => {
  const { primary } = (await startPrimary(t)) ?? {};
  if (primary === undefined) return;
  const path = join(primary.host, 'disk');
  const disk = smallDisk(t, path, 64 * 1024);
  if (disk === undefined) return;
  mkdirSync(join(path, 'space'));
  for (const each of [path, join(path, 'space')]) primary.own(each);
  await primary.query(`CREATE TABLESPACE small LOCATION '${join(path, 'space')}'`);
  await primary.query('CREATE DATABASE ledger TABLESPACE small');
  const { requests, progress } = await start(t, `postgres://escrow@/ledger?host=${primary.host}`);
  disk.fill();
  await until('a full disk', () => [...requests.reasons].some((reason) => /disk .*is full/.test(reason)));
  disk.empty();
  await progress();
  await requests.stop();
  await requests.verify(t);
});
