// Work that several processes share on PostgreSQL.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import type { Claim } from '../../../daemon/ledger/postgres/claims.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { openInPostgres, postgresServer } from '../../support/each-ledger.ts';
import { until } from '../../support/sandbox.ts';

const every = () => sql<boolean>`true`;

void t.test('PostgreSQL', async (t) => {
  if ((await postgresServer()) === undefined) return;

  await t.test('gives each row to one of many claimants', async (t) => {
    const { ledger, url } = (await openInPostgres(t, { connections: 10 })) ?? {};
    if (ledger === undefined || url === undefined) return;
    const other = await openPostgresLedger(url, { connections: 10 });
    t.teardown(() => other.close());
    const names = Array.from({ length: 40 }, (_, index) => `work ${String(index)}`);
    await Promise.all(names.map((name) => ledger.claims('a').add(name)));
    await ledger.claims('a').add('work 0');
    const takers = Array.from({ length: 16 }, (_, index) =>
      (index % 2 === 0 ? ledger : other).claims(String(index)),
    );
    const taken = [];
    for (let found = -1; found !== 0;) {
      const claims = (await Promise.all(takers.map((one) => one.take('shared_work', every, 1)))).flat();
      found = claims.length;
      taken.push(...claims);
    }
    t.same(taken.map(({ id }) => id).sort(), [...names].sort());
    t.ok(taken.every(({ fence }) => fence === 1));
  });

  await t.test('does not wait for rows that another transaction has locked', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    const claims = ledger.claims('a');
    await claims.add('one');
    await claims.add('two');
    const open = await ledger.db.startTransaction().execute();
    await sql`SELECT 1 FROM shared_work WHERE id = 'one' FOR UPDATE`.execute(open);
    t.match(await claims.take('shared_work', every, 5), [{ id: 'two' }]);
    await open.rollback().execute();
    t.match(await claims.take('shared_work', (eb) => eb('id', '=', 'one'), 5), [{ id: 'one' }]);
    t.same(await claims.take('shared_work', every, 5), [], 'both are claimed');
  });

  await t.test('fails the late write of a claimant that was paused', async (t) => {
    const { ledger, url } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined || url === undefined) return;
    const second = ledger.claims('second');
    await second.add('sweep');
    // Claims the work for one second, reports that, and writes when its standard input ends.
    const program = `const { openPostgresLedger } = await import(process.argv[1]);
      const { sql } = await import('kysely');
      const ledger = await openPostgresLedger(process.argv[2], { connections: 1 });
      const claims = ledger.claims('first', 1);
      const [claim] = await claims.take('shared_work', () => sql\`true\`, 1);
      console.log('claimed', claim.fence);
      for await (const chunk of process.stdin);
      const write = claims.write(claim, (db) => db.insertInto('meta').values({ key: 'swept', value: 'first' }).execute());
      console.log(await write.then(() => 'written', (error) => error.code));
      await ledger.close();`;
    const module = join(import.meta.dirname, '../../../daemon/ledger/postgres/open.js');
    const first = spawn(process.execPath, ['--input-type=module', '-e', program, module, url], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.teardown(() => first.kill('SIGKILL'));
    let output = '';
    first.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the first process has claimed', () => output.includes('claimed 1'));
    first.kill('SIGSTOP');
    const taken: Claim[] = [];
    await until('the claim has expired', async () => {
      taken.push(...(await second.take('shared_work', every, 1)));
      return taken.length > 0;
    });
    const [claim] = taken;
    t.match(claim, { id: 'sweep', fence: 2 });
    first.kill('SIGCONT');
    first.stdin.end();
    await once(first, 'exit');
    t.match(output, /claim-lost/);
    t.same(await ledger.db.selectFrom('meta').select('key').where('key', '=', 'swept').execute(), []);
    if (claim === undefined) return;
    await second.write(claim, (db) =>
      db.insertInto('meta').values({ key: 'swept', value: 'second' }).execute(),
    );
    await second.release(claim);
    await t.rejects(second.renew(claim), { code: 'claim-lost' }, 'a released claim is over');
    t.match(
      await second.take('shared_work', every, 1),
      [{ fence: 3 }],
      'a released row can be claimed at once',
    );
  });

  await t.test('does not let a row be claimed while its claimant writes', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    const [slow, other] = [ledger.claims('slow', 0), ledger.claims('other')];
    await slow.add('sweep');
    const [claim] = await slow.take('shared_work', every, 1);
    if (claim === undefined) throw new Error('the work is not claimed');
    await slow.write(claim, async () => {
      t.same(await other.take('shared_work', every, 1), [], 'although the claim has expired');
    });
    t.match(await other.take('shared_work', every, 1), [{ fence: 2 }]);
    await t.rejects(
      slow.write(claim, () => Promise.resolve()),
      { code: 'claim-lost' },
    );
  });
});
