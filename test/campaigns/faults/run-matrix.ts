// Runs the whole matrix or a sample. scripts/faults.mjs starts it after the set-up, as root in its own mount namespace
// (`mounts`). Prints a line for each failed cell, then a table.
import { startPostgres } from '../../support/postgres.ts';
import { serverSteps, steps } from '../../../daemon/system/steps.ts';
import { Bench, cellsOf, nameOf, points, runAll, standalone, waysOf } from './matrix.ts';
import { stores, type Cell, type StoreName, type Verdict, type Way } from './cell.ts';
import { kinds } from './fault-kinds.ts';
import type { FaultPoint } from '../../../daemon/system/steps.ts';

const [every = '1', side = '2', wanted = '', offset = '0', mounts = ''] = process.argv.slice(2);
/** The stores whose cells are wanted: a text that begins with the name of a store selects no other. */
const named = stores.filter((store) => `${wanted} ·`.startsWith(`${store} ·`));
const alone = standalone();
const database = await startPostgres(alone.test);
const benches = await Promise.all(
  Array.from({ length: Number(side) }, () =>
    Bench.open(alone.test, database, {
      mayMount: mounts === 'mounts',
      wanted: named.length > 0 ? named : stores,
    }),
  ),
);
const verdicts: Verdict[] = [];
const note = (verdict: Verdict): void => {
  verdicts.push(verdict);
  if (verdict.wrong.length > 0) console.log(`WRONG ${nameOf(verdict.cell)}: ${verdict.wrong.join('; ')}`);
  if (verdicts.length % 100 === 0) console.log(`${String(verdicts.length)} cells`);
};

const reached = new Map<StoreName, Map<Way, readonly FaultPoint[]>>();
const plain = (benches[0]?.stores ?? []).flatMap((store) =>
  waysOf(store).map((way): Cell => ({ store, way })),
);
await runAll(benches, plain, (verdict) => {
  note(verdict);
  const { store, way } = verdict.cell;
  reached.set(store, (reached.get(store) ?? new Map<Way, readonly FaultPoint[]>()).set(way, verdict.points));
});
const seen = new Set(verdicts.flatMap((verdict) => verdict.points));
const unseen = named.length > 0 ? [] : points.filter((point) => !seen.has(point));
const cells = [...reached]
  .flatMap(([store, byWay]) => cellsOf(store, byWay))
  .filter((cell) => nameOf(cell).includes(wanted));
await runAll(
  benches,
  cells.filter((_, index) => index % Number(every) === Number(offset)),
  note,
);
await alone.end();

const faulty = verdicts.filter(({ cell }) => cell.kind !== undefined);
const count = (list: readonly Verdict[], which: (verdict: Verdict) => boolean): number =>
  list.filter(which).length;
const row = (name: string, list: readonly Verdict[]): string =>
  `| ${name} | ${[
    list.length,
    count(list, ({ fault }) => fault === 'happened'),
    count(list, ({ fault }) => fault === 'moot'),
    ...[
      'left behind|receipt|of another',
      'outcome',
      'launches',
      'purged while alive',
      'hung',
      'not reached',
    ].map((promise) =>
      count(list, ({ wrong }) => wrong.some((one) => new RegExp(`^(${promise})`).test(one))),
    ),
  ].join(' | ')} |`;
console.log(
  '| kind | cells | happened | nothing to kill | leftovers | wrong outcomes | double launches | purged alive | hung | not reached |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|');
for (const kind of kinds)
  console.log(
    row(
      kind,
      faulty.filter(({ cell }) => cell.kind === kind),
    ),
  );
for (const store of benches[0]?.stores ?? [])
  console.log(
    row(
      `**${store}**`,
      faulty.filter(({ cell }) => cell.store === store),
    ),
  );
console.log(row('**all**', faulty));
console.log(
  `steps: ${String(steps.length + serverSteps.length)}; points never reached: ${unseen.join(', ') || 'none'}`,
);
process.exit(verdicts.some(({ wrong }) => wrong.length > 0) || unseen.length > 0 ? 1 : 0);
