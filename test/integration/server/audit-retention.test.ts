// The retention of the audit log, and the roles of templates/server/roles.sql.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { record } from '../../../daemon/ledger/journal.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { deleteOldEvents } from '../../../daemon/ledger/old-events.ts';
import { deleteAsOwner } from '../../../daemon/ledger/postgres/delete-as-owner.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { expireEvents } from '../../../daemon/server/audit/expire-events.ts';
import { onEachLedger, postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf, urlOf } from '../../support/postgres-databases.ts';
import { root } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { openTestLedger } from '../../support/test-ledger.ts';

const DAY_MS = 24 * 3_600_000;

async function recordAt(ledger: Ledger, type: string, days: number): Promise<void> {
  const at = new Date(Date.now() - days * DAY_MS).toISOString();
  await ledger.write((db) =>
    db
      .insertInto('journal')
      .values({ at, type, principal: 'ada', data: '{}', run_id: null, run_seq: null })
      .execute(),
  );
}

async function typesOf(ledger: Ledger): Promise<string[]> {
  const rows = await ledger.db.selectFrom('journal').select('type').orderBy('seq').execute();
  return rows.map(({ type }) => type);
}

onEachLedger('deletes events after their retention, and records it', async (t) => {
  const ledger = await openTestLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  const store = {
    ledger,
    deleteOldEvents: (before: string) => ledger.write((db) => deleteOldEvents(db, before)),
  };
  await recordAt(ledger, 'secret.set', 40);
  await recordAt(ledger, 'secret.removed', 20);
  await expireEvents(store, 30);
  t.same(await typesOf(ledger), ['secret.removed', 'audit.expired']);
  await expireEvents(store, 30);
  t.same(await typesOf(ledger), ['secret.removed', 'audit.expired'], 'nothing to delete, nothing to record');
});

void t.test('the roles of the compose file can use the ledger, and not change the audit log', async (t) => {
  const server = await postgresServer();
  if (server === undefined) return;
  const { config } = server;
  const database = databaseOf(await server.createDatabase());
  const directory = temporaryDirectory(t);
  for (const name of ['owner-password', 'application-password'])
    writeFileSync(join(directory, name), `it's ${randomBytes(8).toString('hex')}\n`);
  const file = join(directory, 'roles.sql');
  const roles = readFileSync(join(root, 'templates/server/roles.sql'), 'utf8');
  writeFileSync(file, roles.replaceAll('/run/secrets', directory));
  const psql = (...args: string[]): unknown =>
    execFileSync('psql', [
      '-X',
      '-q',
      '-h',
      String(config.host),
      '-U',
      String(config.user),
      '-d',
      database,
      ...args,
    ]);
  psql('-f', file);
  const [ownerUrl, url] = ['nf_escrow_owner', 'nf_escrow_app'].map((role) => urlOf(config, database, role));
  if (ownerUrl === undefined || url === undefined) return;
  const ledger = await openPostgresLedger(url, { ownerUrl, connections: 3 });
  t.teardown(() => ledger.close());
  const asApplication = (statement: string): Promise<unknown> =>
    asAdministrator({ ...config, user: 'nf_escrow_app' }, statement, database);
  const refusesChanges = async (when: string): Promise<void> => {
    await ledger.write((db) => record(db, { type: 'secret.set', by: 'ada' }));
    for (const statement of [
      `UPDATE nf_escrow.journal SET principal = 'eve'`,
      'DELETE FROM nf_escrow.journal',
      'DROP TRIGGER journal_insert_only ON nf_escrow.journal',
    ])
      await t.rejects(asApplication(statement), { code: '42501' }, `${when}: ${statement}`);
  };
  await refusesChanges('before the grants');
  psql(
    ...['-v', 'ON_ERROR_STOP=1', '-v', 'owner=nf_escrow_owner', '-v', 'application=nf_escrow_app'],
    ...['-f', join(root, 'templates/postgres/application-role.sql')],
  );
  await refusesChanges('after the grants');

  await recordAt(ledger, 'secret.removed', 40);
  await t.rejects(
    ledger.write((db) => deleteOldEvents(db, new Date(Date.now() - DAY_MS).toISOString())),
    { code: 'ledger-denied' },
  );
  await expireEvents({ ledger, deleteOldEvents: (before) => deleteAsOwner(ownerUrl, undefined, before) }, 30);
  t.same(await typesOf(ledger), ['secret.set', 'secret.set', 'audit.expired']);
});
