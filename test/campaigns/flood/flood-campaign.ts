import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { attacks } from './attacks.ts';

export interface FloodCampaign {
  /** How many lines a task writes. */
  readonly size: number;
  /** Only attacks whose name has this in it. */
  readonly only?: string;
}

export interface FloodResult {
  readonly attack: string;
  readonly seconds: number;
  /** Between a request of `/v1/health` and its answer. */
  readonly health: { readonly median: number; readonly worst: number; readonly count: number };
  /** The daemon's memory at its most, in MiB. */
  readonly memory: number;
  /** Violations. */
  readonly wrong: readonly string[];
}

const SAMPLE_EVERY_MS = 10;
/** The end that nextflow comes to: not the one that is forged. */
const STATUS = 3;

/** Has a task do all that it can to the daemon that watches its run, one attack after another. */
export async function runFlood(
  t: Pick<Test, 'teardown'>,
  { size, only = '' }: FloodCampaign,
  tell: (line: string) => void,
): Promise<FloodResult[]> {
  const results: FloodResult[] = [];
  const box = new Sandbox(t as Test);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'the-value-in-a-flood' });
  const daemon = (await box.daemonPid()) ?? 0;
  for (const attack of attacks.filter(({ name }) => name.includes(only))) {
    const begun = performance.now();
    const sampler = new Sampler(box, daemon);
    const script = `rm -f trace.txt; run=\${NXF_SECRETS_FILE%/*}\n${attack.script(size)}\nexit ${String(STATUS)}`;
    const { status } = await box.start(['run', script]).ended;
    const run = await ended(box);
    const sampled = await sampler.end();
    const wrong = [...sampled.wrong, ...(await judge(box, run, { status, daemon }))];
    const result = { ...sampled, attack: attack.name, seconds: (performance.now() - begun) / 1000, wrong };
    tell(`${attack.name}: ${wrong.length === 0 ? 'held' : `WRONG ${wrong.join('; ')}`}`);
    results.push(result);
  }
  return results;
}

async function ended(box: Sandbox): Promise<Run> {
  return until('the run is purged', async () => {
    const [run] = (JSON.parse((await box.http('GET', '/v1/runs?limit=1')).text) as RunList).runs;
    return run?.state === 'purged' ? run : undefined;
  });
}

async function judge(
  box: Sandbox,
  run: Run,
  { status, daemon }: { readonly status: number | null; readonly daemon: number },
): Promise<string[]> {
  const { complete } = JSON.parse((await box.http('GET', `/v1/runs/${run.id}/receipt`)).text) as Receipt;
  const tasks = await box.http('GET', `/v1/runs/${run.id}/tasks`);
  const expected: readonly (readonly [string, boolean])[] = [
    ['the status is not nextflow’s', status === STATUS],
    ['the outcome is forged', run.outcome === 'failed' && run.exitStatus === STATUS],
    ['the receipt is not complete', complete],
    ['a value is left', box.filesWith('the-value-in-a-flood').length === 0],
    ['the daemon is another', (await box.daemonPid()) === daemon],
    ['its tasks are not told', tasks.status === 200],
  ];
  return expected.flatMap(([what, holds]) => (holds ? [] : [what]));
}

/** Asks the daemon all the time whether it is there, and looks at its memory. */
class Sampler {
  readonly #box: Sandbox;
  readonly #daemon: number;
  readonly #took: number[] = [];
  readonly #running: Promise<void>;
  #memory = 0;
  #refused = 0;
  #isOver = false;

  constructor(box: Sandbox, daemon: number) {
    this.#box = box;
    this.#daemon = daemon;
    this.#running = this.#sample();
  }

  async end(): Promise<Pick<FloodResult, 'health' | 'memory' | 'wrong'>> {
    this.#isOver = true;
    await this.#running;
    const sorted = [...this.#took].sort((one, other) => one - other);
    return {
      health: {
        median: sorted[sorted.length >> 1] ?? 0,
        worst: sorted.at(-1) ?? 0,
        count: sorted.length,
      },
      memory: this.#memory,
      wrong: this.#refused === 0 ? [] : [`${String(this.#refused)} requests failed`],
    };
  }

  async #sample(): Promise<void> {
    while (!this.#isOver) {
      const begun = performance.now();
      const answer = await this.#box.http('GET', '/v1/health').catch(() => undefined);
      if (answer?.status === 200) this.#took.push(performance.now() - begun);
      else this.#refused += 1;
      const status = readFileSync(`/proc/${String(this.#daemon)}/status`, 'latin1');
      this.#memory = Math.max(this.#memory, Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
      await sleep(SAMPLE_EVERY_MS);
    }
  }
}

/** The table that a campaign ends in, in Markdown. */
export function tableOf(results: readonly FloodResult[]): string {
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  return [
    '| attack | seconds | /v1/health, median | worst | requests | memory | wrong |',
    '|---|---|---|---|---|---|---|',
    ...results.map(
      ({ attack, seconds, health, memory, wrong }) =>
        `| ${attack} | ${seconds.toFixed(1)} | ${ms(health.median)} | ${ms(health.worst)} | ${String(health.count)} | ${memory.toFixed(0)} MiB | ${wrong.join('; ') || '-'} |`,
    ),
  ].join('\n');
}
