import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { concludeOutcome, type Evidence } from '../../../daemon/runs/watch/outcome.ts';
import { leaseMoves, moveRun, runMoves } from '../../../daemon/runs/records/states.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('every state is reachable, and every path ends', async (t) => {
  for (const [moves, first, last] of [
    [runMoves, 'created', ['purged']],
    [leaseMoves, 'intended', ['gone', 'unverified']],
  ] as const) {
    const table: Readonly<Record<string, readonly string[]>> = moves;
    const reached = new Set<string>([first]);
    for (const state of reached) for (const next of table[state] ?? []) reached.add(next);
    t.same([...reached].sort(), Object.keys(table).sort());
    for (const state of Object.keys(table))
      t.equal(
        table[state]?.length === 0,
        last.some((one) => one === state),
        `${state} has successors unless it is final`,
      );
  }
});

onEachLedger('moves a run only along the table', async (t) => {
  const directory = temporaryDirectory(t);
  const ledger = await openTestLedger(join(directory, 'ledger.db'));
  t.teardown(() => ledger.close());
  const states = Object.keys(runMoves) as (keyof typeof runMoves)[];
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...states), fc.constantFrom(...states), async (from, to) => {
      const id = `r${String((count += 1))}`;
      const text = {
        workspace: 'w',
        launch_directory: '/',
        nextflow: '/n',
        arguments: '[]',
        plan: '[]',
        launcher: '{}',
        launch_deadline: '',
        created_at: '',
      };
      await ledger.db
        .insertInto('runs')
        .values({ id, state: from, cancel_requested: 0, ...text })
        .execute();
      const moved = await ledger
        .write((db) => moveRun(db, id, to))
        .then(
          () => true,
          () => false,
        );
      return moved === runMoves[from].includes(to);
    }),
  );
  t.pass('property holds');
});

void t.test('reports success only with evidence, to which the log does not count', async (t) => {
  const log = { completed: true, goodbye: true };
  const of = (evidence: Partial<Evidence>): string =>
    concludeOutcome({ exitStatus: undefined, log: {}, cancelRequested: false, ...evidence }).outcome;
  t.equal(of({ exitStatus: 0 }), 'succeeded');
  t.equal(of({ exitStatus: 1, log }), 'failed');
  t.equal(of({ log }), 'lost');
  t.equal(of({ log: { ...log, abortCause: 'x' } }), 'lost');
  t.equal(of({ exitStatus: 1, log: { abortCause: 'SIGTERM' } }), 'failed');
  t.equal(
    of({ exitStatus: 1, end: { success: false, error: 'nextflow.exception.AbortSignalException' } }),
    'cancelled',
  );
  t.equal(of({ exitStatus: 130 }), 'cancelled');
  t.equal(of({ exitStatus: 1, cancelRequested: true }), 'cancelled');
});
