import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { userScope } from '../../../daemon/access/scopes.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { NeedleSet } from '../../../daemon/redaction/needles/needle-set.ts';
import type { Receipt } from '../../../daemon/contract/types.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import type { DaemonModules } from '../../support/daemon-modules.ts';
import { DeliveredRun } from '../../support/delivered-run.ts';
import { openModules, overHead } from '../../support/placed-run.ts';

/** A started run with a log and the directory of a task, and the functions that show it. */
async function runWithLog(t: Test): Promise<{
  run: DeliveredRun;
  log: string;
  task: string;
  read: (from?: number) => Promise<{ text: string; redaction: string; size: number }>;
}> {
  const run = await DeliveredRun.place(t, { launcher: identifySelf() });
  const log = join(run.base, 'launch/.nextflow.log');
  const work = join(run.base, 'launch/work');
  const task = join(work, 'ab', 'cdef01'.padEnd(30, '0'));
  mkdirSync(task, { recursive: true });
  writeFileSync(log, '');
  const { ledger } = run.modules;
  await ledger.write(async (db) => {
    await db
      .updateTable('runs')
      .set({ log_file: log, work_directory: work, started_at: new Date(0).toISOString() })
      .where('id', '=', run.id)
      .execute();
    await db
      .insertInto('tasks')
      .values({ run_id: run.id, task_id: '1', hash: 'ab/cdef01', process: 'P' })
      .execute();
  });
  const read = (from = 0): Promise<{ text: string; redaction: string; size: number }> =>
    run.modules.runs.withLog(run.id, async ({ size, redaction, read: bytes }) => {
      const chunks = [];
      for await (const chunk of bytes(from, size - 1)) chunks.push(chunk);
      return { text: Buffer.concat(chunks).toString(), redaction, size };
    });
  return { run, log, task, read };
}

/** Ends the launcher of a run, so that the run ends and is purged. Returns its receipt. */
async function end(run: DeliveredRun): Promise<Receipt> {
  const { ledger } = run.modules;
  const change = { launcher: JSON.stringify(overHead), launch_deadline: new Date(0).toISOString() };
  await ledger.write((db) => db.updateTable('runs').set(change).where('id', '=', run.id).execute());
  return run.purge();
}

async function search({ ledger }: DaemonModules, id: string): Promise<Record<string, unknown>> {
  const { search } = await ledger.db
    .selectFrom('runs')
    .select('search')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return JSON.parse(search ?? '{}') as Record<string, unknown>;
}

void t.test(
  'masks the log of a live run while it grows, and after the purge without any value',
  async (t) => {
    const { run, log, task, read } = await runWithLog(t);
    const label = /\*\*\*(FOO|BAR)_KEY\*\*\*/g;
    appendFileSync(log, `one ${run.value.slice(0, 10)}`);
    t.same(
      await read(),
      { text: 'one ', redaction: 'complete', size: 4 },
      'holds back the beginning of a value',
    );
    appendFileSync(log, `${run.value.slice(10)} two\n`);
    const live = await read();
    t.match(live.text.replace(label, 'NAME'), /^one NAME two\n$/);
    t.equal((await read(4)).text, live.text.slice(4), 'a range');
    appendFileSync(log, `three ${Buffer.from(run.value).toString('base64')} four`);
    writeFileSync(join(task, '.command.err'), `x${Buffer.from(`:${run.value}`).toString('base64')}`);
    const ended = await read();

    const receipt = await end(run);
    t.match(receipt, { conclusion: 'exposed', search: { by: 'daemon', tasks: 1, complete: true } });
    const found = receipt.exposures.find(({ process }) => process === 'P');
    t.same(found?.findings, [
      { file: `ab/${'cdef01'.padEnd(30, '0')}/.command.err`, task: '1', encodings: ['base64'] },
    ]);
    const ofRun = receipt.exposures.find(({ process }) => process === null)?.findings[0];
    t.same(ofRun, { file: log, task: null, encodings: ['plain', 'base64'] });
    t.notOk(JSON.stringify(receipt).includes(run.value));

    await run.open(); // another daemon, which never saw the values
    const purged = await read();
    t.same(purged, ended);
    renameSync(log, `${log}.1`); // Nextflow rotates it
    await run.modules.ledger.write((db) =>
      db
        .updateTable('runs')
        .set({ log_file: `${log}.1` })
        .where('id', '=', run.id)
        .execute(),
    );
    t.same(await read(), purged, 'also after a rotation');
    appendFileSync(`${log}.1`, ' five');
    t.match(
      await read(),
      { text: `${purged.text} five`, redaction: 'partial' },
      'what was added is not masked',
    );
    writeFileSync(log, run.value);
    await run.modules.ledger.write((db) =>
      db.updateTable('runs').set({ log_file: log }).where('id', '=', run.id).execute(),
    );
    t.match(await read(), { redaction: 'none' }, 'another file was never audited');
  },
);

void t.test('clears the needles of a run when it is purged, after the last reader', async (t) => {
  const { run, log } = await runWithLog(t);
  writeFileSync(log, run.value);
  const { deps } = run.modules;
  const row = { id: run.id, plan: '[]' };
  const { set } = await deps.redactors.of(deps, row);
  await deps.redactors.use(deps, row, async () => {
    await end(run);
    t.ok(set.needles.some(({ bytes }) => bytes.some((byte) => byte !== 0)));
  });
  t.ok(set.needles.every(({ bytes }) => bytes.every((byte) => byte === 0)));
});

void t.test('removes the secrets and purges the run if the audit fails', async (t) => {
  const { run } = await runWithLog(t);
  const { deps } = run.modules;
  Object.assign(deps.redactors, { use: () => Promise.reject(new Error('out of memory')) });
  const receipt = await end(run);
  t.match(receipt, { run: { state: 'purged' }, complete: true, conclusion: 'placed-removed' });
  t.match(await search(run.modules, run.id), { complete: false, gaps: [{ reason: 'failed' }] });
  t.match(run.modules.logged(), 'cannot audit the files of the run');
});

void t.test('redacts the log and the errors of the daemon', async (t) => {
  const { run } = await runWithLog(t);
  const { redactors } = run.modules.deps;
  const text = redactors.redact(
    `failed: ${run.value} ${JSON.stringify(Buffer.from(run.value).toString('hex'))}`,
  );
  t.notOk(text.includes(run.value));
  t.match(text, /^failed: \*\*\*\w+_KEY\*\*\* "\*\*\*\w+_KEY\*\*\*"$/);
});

void t.test('a value that spans two requests is never shown', async (t) => {
  const { run, log, read } = await runWithLog(t);
  const set = await NeedleSet.of(new Map([['X', new SecretValue(Buffer.from(run.value))]]));
  let [position, seen] = [0, ''];
  for (const byte of Buffer.from(`${randomBytes(4).toString('hex')} ${run.value} end\n`)) {
    appendFileSync(log, Buffer.of(byte));
    const { text } = await read(position);
    position += text.length;
    seen += text;
  }
  t.match(seen, /^[0-9a-f]{8} \*\*\*\w+_KEY\*\*\* end\n$/);
  t.ok(set.needles.every(({ bytes }) => !seen.includes(bytes.toString('latin1'))));
  t.ok(readFileSync(log, 'utf8').includes(run.value), 'the file is unchanged');
});

void t.test('redacts the error of a removal in the run, its receipt, its events and the log', async (t) => {
  const value = `canary-${randomBytes(16).toString('hex')}`;
  const failed = (): Error =>
    new EscrowError('store-unavailable', `Cannot remove x: the answer was "${value}".`);
  const { modules, place } = await openModules(t, {
    faults: async (point) => (point === 'before lease.remove' ? Promise.reject(failed()) : undefined),
  });
  const { vault, ledger, deps, runs } = modules;
  const scope = await userScope(ledger.db, deps.user);
  await vault.set(deps.user, scope, 'FOO_KEY', new SecretValue(Buffer.from(value)));
  const id = await place();
  await runs.purge(id, { force: true, asked: true });
  const run = await runs.find(id);
  t.match(run.removalError, 'the answer was "***FOO_KEY***"');
  const events = await ledger.feed.read(0, 1000);
  t.match(JSON.stringify(events), 'lease.removal-failed');
  const logged = modules.logged();
  t.match(logged, 'removal failed');
  for (const shown of [run, await runs.receipt(id), events, logged]) {
    const text = JSON.stringify(shown);
    t.match(text, '***FOO_KEY***');
    t.notOk(text.includes(value));
  }
});
