// The matrix: which cells there are, and running them side by side.
import type { Test } from 'tap';
import { steps, type FaultPoint } from '../../../daemon/system/steps.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import { startAws } from '../../support/aws/test-aws.ts';
import { stores, ways, type Cell, type Cloud, type StoreName, type Verdict, type Way } from './cell.ts';
import { happensAt, kinds } from './fault-kinds.ts';
import { runCell } from './run-cell.ts';
import { makeTemplate, type Template } from './template.ts';

/** Every point there is. */
export const points: readonly FaultPoint[] = steps.flatMap(
  (name) => [`before ${name}`, `after ${name}`] as const,
);

/** What runs cells: with an AWS of its own, and state directories to begin with. */
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

  /** `mayMount`: we are in a mount namespace of our own. */
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

  /** Runs a cell; once more where its point did not come and nothing else was wrong, as some points come by chance. */
  async run(cell: Cell): Promise<Verdict> {
    const template = this.#templates.get(cell.store);
    if (template === undefined) throw new Error(`there is no ${cell.store}`);
    const once = (): Promise<Verdict> =>
      runCell(cell, template, cell.store === 'run-directory' ? undefined : this.#cloud, this.#mayMount);
    const verdict = await once();
    return verdict.fault === 'not reached' && verdict.wrong.length === 1 ? once() : verdict;
  }
}

/** Ways in which runs of a store go: on AWS Batch no head is a job. */
export function waysOf(store: StoreName): Way[] {
  return ways.filter((way) => store === 'run-directory' || !/ job$/.test(way));
}

/** All cells of a store, given which points each way reaches without a fault: each point in the first way that does. */
export function cellsOf(store: StoreName, reached: ReadonlyMap<Way, readonly FaultPoint[]>): Cell[] {
  return points.flatMap((point) => {
    const way = waysOf(store).find((one) => reached.get(one)?.includes(point));
    if (way === undefined) return [];
    return kinds.filter((kind) => happensAt(kind, point)).map((kind): Cell => ({ store, way, point, kind }));
  });
}

/** Takes cells from `waiting` until there are none, on so many benches at once. */
export async function runAll(
  benches: readonly Bench[],
  waiting: readonly Cell[],
  tell: (verdict: Verdict) => void,
): Promise<void> {
  const left = [...waiting];
  await Promise.all(
    benches.map(async (bench) => {
      for (let cell = left.shift(); cell !== undefined; cell = left.shift()) tell(await bench.run(cell));
    }),
  );
}

export function nameOf({ store, way, point, kind }: Cell): string {
  return [store, way, point, kind].filter(Boolean).join(' · ');
}

/** What programs that are no tests give to what is made for them; `end` does what is to be done after the test. */
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
