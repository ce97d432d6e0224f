// The cells of the matrix, and functions that run them in parallel.
import type { Test } from 'tap';
import { steps, type FaultPoint } from '../../../daemon/system/steps.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import { startAws } from '../../support/aws/test-aws.ts';
import { stores, ways, type Cell, type Cloud, type StoreName, type Verdict, type Way } from './cell.ts';
import { happensAt, kinds } from './fault-kinds.ts';
import { runCell } from './run-cell.ts';
import { makeTemplate, type Template } from './template.ts';

/** All points. */
export const points: readonly FaultPoint[] = steps.flatMap(
  (name) => [`before ${name}`, `after ${name}`] as const,
);

/** Runs cells sequentially, with its own AWS and prepared state directories. */
export class Bench {
  readonly #cloud: Cloud | undefined;
  readonly #templates: ReadonlyMap<StoreName, Template>;

  readonly #mayMount: boolean;

  private constructor(
    cloud: Cloud | undefined,
    templates: ReadonlyMap<StoreName, Template>,
    mayMount: boolean,
  ) {
    this.#cloud = cloud;
    this.#templates = templates;
    this.#mayMount = mayMount;
  }

  /** `mayMount`: this process has its own mount namespace. */
  static async open(test: Test, { mayMount = false } = {}): Promise<Bench> {
    const aws = await startAws(test);
    const templates = new Map<StoreName, Template>();
    for (const store of stores) {
      if (aws === undefined && store !== 'run-directory') continue;
      templates.set(store, await makeTemplate(test, store, store === 'run-directory' ? undefined : aws));
    }
    const cloud = aws === undefined ? undefined : { aws, agent: BatchAgent.behind(test, aws) };
    return new Bench(cloud, templates, mayMount);
  }

  get stores(): StoreName[] {
    return [...this.#templates.keys()];
  }

  /** Runs a cell. Repeats it once if only its point was not reached, because some points depend on timing. */
  async run(cell: Cell): Promise<Verdict> {
    const template = this.#templates.get(cell.store);
    if (template === undefined) throw new Error(`the store ${cell.store} is not available`);
    const once = (): Promise<Verdict> =>
      runCell(cell, template, cell.store === 'run-directory' ? undefined : this.#cloud, this.#mayMount);
    const verdict = await once();
    return verdict.fault === 'not reached' && verdict.wrong.length === 1 ? once() : verdict;
  }
}

/** Returns the scenarios of a store. On AWS Batch, heads are never jobs. */
export function waysOf(store: StoreName): Way[] {
  return ways.filter((way) => store === 'run-directory' || !/ job$/.test(way));
}

/** Returns all cells of a store. Each point is tested in the first scenario that reaches it without a fault. */
export function cellsOf(store: StoreName, reached: ReadonlyMap<Way, readonly FaultPoint[]>): Cell[] {
  return points.flatMap((point) => {
    const way = waysOf(store).find((one) => reached.get(one)?.includes(point));
    if (way === undefined) return [];
    return kinds.filter((kind) => happensAt(kind, point)).map((kind): Cell => ({ store, way, point, kind }));
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
