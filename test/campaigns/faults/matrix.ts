// The cells of the matrix, and functions that run them in parallel.
import type { Test } from 'tap';
import { serverSteps, steps, type FaultPoint } from '../../../daemon/system/steps.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import { startAws } from '../../support/aws/test-aws.ts';
import type { RunningPostgres } from '../../support/postgres.ts';
import {
  isInAws,
  isOfTeam,
  isOnAws,
  stores,
  ways,
  type Cell,
  type Cloud,
  type StoreName,
  type Verdict,
  type Way,
} from './cell.ts';
import { happensAt, kinds } from './fault-kinds.ts';
import { runCell } from './run-cell.ts';
import { BenchTeam } from './team/bench-team.ts';
import { makeTeamTemplate, makeTemplate, type Template } from './template.ts';

/** All points. */
export const points: readonly FaultPoint[] = [...steps, ...serverSteps].flatMap(
  (name) => [`before ${name}`, `after ${name}`] as const,
);

/** Runs cells sequentially, with its own AWS and prepared state directories. */
export class Bench {
  readonly #cloud: Cloud | undefined;
  readonly #templates: ReadonlyMap<StoreName, Template>;

  readonly #mayMount: boolean;
  readonly #team: BenchTeam | undefined;

  private constructor(
    cloud: Cloud | undefined,
    team: BenchTeam | undefined,
    templates: ReadonlyMap<StoreName, Template>,
    mayMount: boolean,
  ) {
    this.#cloud = cloud;
    this.#team = team;
    this.#templates = templates;
    this.#mayMount = mayMount;
  }

  /** `mayMount`: this process has its own mount namespace. `wanted`: the stores. `database`: of the store `server`, which all benches share. */
  static async open(
    test: Test,
    database: RunningPostgres | undefined,
    {
      mayMount = false,
      wanted = stores,
    }: { readonly mayMount?: boolean; readonly wanted?: readonly StoreName[] } = {},
  ): Promise<Bench> {
    const aws = wanted.some(isInAws) ? await startAws(test) : undefined;
    const templates = new Map<StoreName, Template>();
    for (const store of wanted) {
      if (isOfTeam(store) || (aws === undefined && isOnAws(store))) continue;
      templates.set(store, await makeTemplate(test, store, isOnAws(store) ? aws : undefined));
    }
    const team =
      database === undefined || !wanted.some(isOfTeam)
        ? undefined
        : await BenchTeam.open(test, database, aws);
    for (const store of wanted.filter(isOfTeam))
      if (team !== undefined && (aws !== undefined || !isInAws(store)))
        templates.set(store, makeTeamTemplate(test, team.stored, team.values));
    const cloud = aws === undefined ? undefined : { aws, agent: BatchAgent.behind(test, aws) };
    return new Bench(cloud, team, templates, mayMount);
  }

  get stores(): StoreName[] {
    return [...this.#templates.keys()];
  }

  /** Runs a cell. Repeats it once if only its point was not reached, because some points depend on timing. */
  async run(cell: Cell): Promise<Verdict> {
    const template = this.#templates.get(cell.store);
    if (template === undefined) throw new Error(`the store ${cell.store} is not available`);
    const once = (): Promise<Verdict> =>
      runCell(cell, template, {
        cloud: isInAws(cell.store) ? this.#cloud : undefined,
        team: isOfTeam(cell.store) ? this.#team : undefined,
        mayMount: this.#mayMount,
      });
    const verdict = await once();
    return verdict.fault === 'not reached' && verdict.wrong.length === 1 ? once() : verdict;
  }
}

const OF_SERVER: readonly Way[] = ['normal', 'refused', 'rekeyed'];

/** Returns the scenarios of a store. On AWS Batch, heads are never jobs. */
export function waysOf(store: StoreName): Way[] {
  if (isOfTeam(store)) return [...OF_SERVER];
  return ways.filter((way) => way !== 'rekeyed' && (!isOnAws(store) || !/ job$/.test(way)));
}

/** Returns all cells of a store. Each point is tested in the first scenario that reaches it without a fault. */
export function cellsOf(store: StoreName, reached: ReadonlyMap<Way, readonly FaultPoint[]>): Cell[] {
  return points.flatMap((point) => {
    const way = waysOf(store).find((one) => reached.get(one)?.includes(point));
    if (way === undefined) return [];
    return kinds
      .filter((kind) => happensAt(kind, point, store))
      .map((kind): Cell => ({ store, way, point, kind }));
  });
}

/** Runs all cells, in parallel on the benches. */
export async function runAll(
  benches: readonly Bench[],
  waiting: readonly Cell[],
  report: (verdict: Verdict) => void,
): Promise<void> {
  const left = [...waiting];
  await Promise.all(
    benches.map(async (bench) => {
      for (let cell = left.shift(); cell !== undefined; cell = left.shift()) report(await bench.run(cell));
    }),
  );
}

/** Returns the name of a cell, by which `--only` selects it. */
export function nameOf({ store, way, point, kind }: Cell): string {
  return [store, way, point, kind].filter(Boolean).join(' · ');
}

/** Returns a substitute for a tap test, for programs outside tap. `end` runs the teardown functions. */
export function standalone(): { readonly test: Test; readonly end: () => Promise<void> } {
  const ends: (() => unknown)[] = [];
  const test = {
    teardown: (end: () => unknown) => ends.unshift(end),
    fail: (why: string) => {
      throw new Error(why);
    },
    pass: () => undefined,
  } as unknown as Test;
  return {
    test,
    end: async () => {
      for (const end of ends) await end();
    },
  };
}
