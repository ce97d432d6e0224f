// The clocks of daemon, server and database differ by minutes: what is shared follows the clock of the database.
import t, { type Test } from 'tap';
import { authenticateToken } from '../../../daemon/access/tokens/authenticate-token.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { createRelease } from '../../../daemon/releases/create-release.ts';
import { postgresServer } from '../../support/each-ledger.ts';
import { ReleaseGround } from '../../support/release-ground.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const MINUTE_MS = 60_000;
const RealDate = Date;

/** Shifts the clock of this process, which is the server, until the end of the test. */
function shiftClock(t: Test, ms: number): void {
  globalThis.Date = class extends RealDate {
    constructor(...args: [] | [string | number | Date]) {
      super(args[0] ?? RealDate.now() + ms);
    }
    static override now(): number {
      return RealDate.now() + ms;
    }
  } as DateConstructor;
  t.teardown(() => {
    globalThis.Date = RealDate;
  });
}

for (const minutes of [-20, 20])
  void t.test(`releases secrets on a server whose clock differs by ${String(minutes)} minutes`, async (t) => {
    const database = await postgresServer();
    if (database === undefined) return;
    shiftClock(t, minutes * MINUTE_MS);
    const ledger = await openPostgresLedger(await database.createDatabase(), { connections: 3 });
    t.teardown(() => ledger.close());
    const ground = await ReleaseGround.in(ledger, temporaryDirectory(t));
    const version = await ground.set('A_KEY');
    for (const daemon of [-20, 0, 20]) {
      const expires = new RealDate(RealDate.now() + (60 + daemon) * MINUTE_MS).toISOString();
      const request = ground.request([{ name: 'A_KEY', version }], { expires });
      const { release } = await createRelease(ground, ground.launcher, request);
      t.match(await ground.open(release, request), { A_KEY: /canary/ }, `daemon: ${String(daemon)} minutes`);
    }
    const isNow = (time: string): boolean => Math.abs(RealDate.parse(time) - RealDate.now()) < 5 * MINUTE_MS;
    const events = await ledger.db.selectFrom('journal').select(['type', 'at']).execute();
    t.same(
      events.filter(({ at }) => !isNow(at)),
      [],
      'the audit log has the time of the database',
    );
    const { text, token } = await ground.token(ground.launcher);
    t.ok(isNow(token.dateCreated));
    const expireIn = (ofMinutes: number): Promise<unknown> =>
      ledger.db
        .updateTable('tokens')
        .set({ expires_at: new RealDate(RealDate.now() + ofMinutes * MINUTE_MS).toISOString() })
        .where('id', '=', token.id)
        .execute();
    await expireIn(10);
    t.match(await authenticateToken(ledger.db, text, undefined), { id: ground.launcher.id });
    await expireIn(-10);
    await t.rejects(authenticateToken(ledger.db, text, undefined), { code: 'unauthenticated' });
  });
