// The queries of all modules give the same results on both databases.
import { join } from 'node:path';
import { countLeases, countRuns } from '../../../daemon/api/metrics/ledger-metrics.ts';
import { listNumberedWorkspaces } from '../../../daemon/access/numbered-workspaces.ts';
import {
  createOrganization,
  listOrganizations,
  removeOrganization,
} from '../../../daemon/access/organizations.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { createWorkspace, listWorkspaces } from '../../../daemon/access/workspaces.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { listComputeEnvironments } from '../../../daemon/compute-envs/compute-environments.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import { orphanedJobsOf, recordTaskJobs } from '../../../daemon/runs/purge/orphaned-jobs.ts';
import { ExposureRecords } from '../../../daemon/runs/records/exposure-records.ts';
import { exposedSecrets, exposuresOf } from '../../../daemon/runs/records/exposures.ts';
import { countByStatus, listTasks } from '../../../daemon/runs/records/list-tasks.ts';
import { findMaskedFile, writeMaskedFiles } from '../../../daemon/runs/records/masked-files.ts';
import { progressOf } from '../../../daemon/runs/records/progress.ts';
import { describeRuns, findPendingRemovals, findRun, getRun } from '../../../daemon/runs/records/queries.ts';
import { DroppedRecords } from '../../../daemon/runs/records/reading/dropped-records.ts';
import { listRunNames } from '../../../daemon/runs/records/run-names.ts';
import { listRunUses } from '../../../daemon/runs/records/run-uses.ts';
import { listSecretUses, usesInWorkspace } from '../../../daemon/runs/records/secret-uses.ts';
import { TaskRecords } from '../../../daemon/runs/records/task-records.ts';
import {
  addEndedRuns,
  addPendingRemovals,
  countPending,
  nextDelivery,
  recordAttempt,
} from '../../../daemon/webhooks/queue.ts';
import type { Test } from 'tap';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { runRow } from '../../support/run-row.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const user = machineUser();
const AT = '2026-01-01T00:00:00.000Z';

async function openWithRuns(t: Test): Promise<Ledger> {
  const ledger = await openTestLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  await ledger.write(async (db) => {
    await db
      .insertInto('runs')
      .values(runRow('r1', { run_name: 'first_run' }))
      .execute();
    await db
      .insertInto('runs')
      .values(runRow('r2', { state: 'ended', outcome: 'failed', ended_at: AT }))
      .execute();
    const lease = {
      run_id: 'r2',
      store: 'run-directory',
      target: '/x',
      state: 'placed' as const,
      created_at: AT,
    };
    const empty = { locator: null, placed_at: AT, gone_at: null, last_error: null, check_result: null };
    await db
      .insertInto('leases')
      .values({ id: 'l1', ...lease, ...empty, expires_at: AT, attempts: 0 })
      .execute();
    await record(db, { run: 'r2', type: 'run.ended' });
  });
  return ledger;
}

onEachLedger('organizations and workspaces', async (t) => {
  const ledger = await openWithRuns(t);
  await createOrganization(ledger, user, 'lab');
  await createOrganization(ledger, user, 'Zoo');
  await createWorkspace(ledger, user, { organization: 'lab', name: 'rna' });
  const page = await listOrganizations(ledger.db, user, { limit: 10 });
  t.match(
    page.items.map(({ name, workspaces }) => [name, workspaces]),
    [
      ['Zoo', 0],
      ['lab', 1],
      ['local', 1],
    ],
  );
  t.equal((await listWorkspaces(ledger.db, user, { limit: 10 })).items.length, 2);
  const [numbered] = await listNumberedWorkspaces(ledger.db, user);
  t.ok(Number.isSafeInteger(numbered?.numericId));
  await t.rejects(createOrganization(ledger, user, 'lab'), { code: 'name-taken' });
  await removeOrganization(ledger, user, 'Zoo');
  t.match(await listComputeEnvironments(ledger.db), [{ name: 'local' }]);
});

onEachLedger('tasks, their limits and their order', async (t) => {
  const ledger = await openWithRuns(t);
  const dropped = new DroppedRecords('r1');
  const records = new TaskRecords('r1', dropped);
  const task = (taskId: string, status: string, name = `P (${taskId})`) => ({
    ...{ taskId, hash: null, nativeId: null, name, status, exit: null, durationMs: 2 ** 40 },
    ...{ process: 'P', attempt: 1, secrets: ['AA_KEY'], exposed: [] },
  });
  await ledger.write(async (db) => {
    await records.writeTasks(db, [task('10', 'COMPLETED'), task('9', 'RUNNING'), task('xyz', 'RUNNING')]);
    await records.writeTasks(db, [task('9', 'FAILED')]);
    await records.writeErrors(db, [
      { row: 3, reason: 'x' },
      { row: 4, reason: 'x' },
    ]);
    await records.writeErrors(db, [{ row: 3, reason: 'y' }]);
    await dropped.noteDropped(db, 'tasks');
  });
  const { tasks } = await listTasks(ledger.db, 'r1', { limit: 10 });
  t.same(
    tasks.map(({ status }) => status),
    ['FAILED', 'COMPLETED', 'RUNNING'],
  );
  t.equal((await countByStatus(ledger.db, 'r1'))['FAILED' as never], 1);
  t.ok(await progressOf(ledger.db, await getRun(ledger.db, 'r1')));
});

onEachLedger('exposures, also in files with long paths, and masked files', async (t) => {
  const ledger = await openWithRuns(t);
  const records = new ExposureRecords({ id: 'r1', plan: JSON.stringify([{ name: 'AA_KEY' }]) });
  const path = `/${'ä'.repeat(2000)}/${Array.from({ length: 2000 }, (_, index) => String.fromCharCode(0x4e00 + index)).join('')}`;
  const exposure = {
    file: path,
    task: '1',
    process: 'P',
    secrets: ['AA_KEY'],
    encodings: ['plain'],
  } as never;
  await ledger.write(async (db) => {
    await records.writeExposure(db, exposure);
    await records.writeExposure(db, exposure);
    await writeMaskedFiles(db, 'r1', [
      { device: 1n, inode: 2n ** 60n, size: 2 ** 40, mtimeMs: 1.5, ranges: [] },
    ] as never);
  });
  t.match(await exposuresOf(ledger.db), [
    { run: 'r1', secret: 'AA_KEY', tasks: 1, fileCount: 1, files: [path] },
  ]);
  t.equal((await exposedSecrets(ledger.db, ['r1'])).length, 1);
  const masked = await findMaskedFile(ledger.db, 'r1', { device: 1n, inode: 2n ** 60n } as never);
  t.match(masked, { size: 2 ** 40, mtimeMs: 1.5 });
});

onEachLedger('runs, their jobs and their uses of secrets', async (t) => {
  const ledger = await openWithRuns(t);
  const { id: scope } = await findWorkspace(ledger.db, 'local/main');
  const job = { executor: 'slurm', id: '7', name: 'n', workDirectory: '/w' } as never;
  await ledger.write(async (db) => {
    await recordTaskJobs(db, 'r2', [{ submitted: job }], 'log');
    await recordTaskJobs(db, 'r2', [{ submitted: job }], 'events');
    await db.updateTable('task_jobs').set({ state: 'orphaned' }).execute();
    const use = { run_id: 'r1', scope_id: scope, name: 'AA_KEY', version: 1, first_at: AT, last_at: AT };
    await db
      .insertInto('secret_uses')
      .values([
        { ...use, process: '' },
        { ...use, process: 'P' },
      ])
      .execute();
  });
  t.equal((await orphanedJobsOf(ledger.db, 'r2')).length, 1);
  t.equal((await findRun(ledger.db, 'first_run')).id, 'r1');
  t.match(await listRunNames(ledger.db, user, 'first_', 5), [{ id: 'r1' }]);
  t.equal(
    (await describeRuns(ledger.db, [await getRun(ledger.db, 'r1'), await getRun(ledger.db, 'r2')])).length,
    2,
  );
  t.same(await findPendingRemovals(ledger.db), { count: 1, since: AT });
  const first = await listSecretUses(ledger.db, { id: scope, kind: 'workspace' } as never, 'AA_KEY', {
    limit: 1,
  });
  const second = await listSecretUses(ledger.db, { id: scope, kind: 'workspace' } as never, 'AA_KEY', {
    limit: 1,
    cursor: first.next,
  });
  t.same([first.uses[0]?.process, second.uses[0]?.process], [null, 'P']);
  const uses = await listRunUses(ledger.db, 'r1', { limit: 1 });
  t.equal((await listRunUses(ledger.db, 'r1', { limit: 1, cursor: uses.next })).uses[0]?.process, 'P');
  t.equal((await usesInWorkspace(ledger.db, 'local/main')).length, 1);
  t.same(
    (await countRuns(ledger.db)).map(({ count }) => count),
    [1, 1],
  );
  t.match(await countLeases(ledger.db), [{ labels: { store: 'run-directory', state: 'placed' } }]);
});

onEachLedger('deliveries to webhooks, those without an attempt first', async (t) => {
  const ledger = await openWithRuns(t);
  const hook = {
    id: 'h',
    url: 'https://example.org',
    events: ['run.ended', 'removal.pending'],
    removalPendingMinutes: 1,
  } as never;
  t.equal(await addEndedRuns(ledger, hook), 0);
  await addPendingRemovals(ledger, hook, new Date());
  await ledger.write((db) => record(db, { run: 'r2', type: 'run.ended' }));
  await addEndedRuns(ledger, hook);
  t.equal(await countPending(ledger.db), 2);
  const one = await nextDelivery(ledger.db, 'h');
  if (one === undefined) throw new Error('there is no delivery');
  await recordAttempt(ledger, one, 'failed');
  const other = await nextDelivery(ledger.db, 'h');
  t.not(other?.id, one.id);
});
