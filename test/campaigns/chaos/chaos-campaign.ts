// Random campaigns: scripts/chaos.mjs starts this, and test/campaigns/chaos/chaos-campaign.test.ts a small one. Arguments: a JSON object.
import type { Choice } from './fault-plan.ts';
import { chaosKinds, planOf } from './fault-plan.ts';
import { standalone } from '../faults/matrix.ts';
import { startAws } from '../../support/aws/test-aws.ts';
import { World, type Result } from './chaos-home.ts';

export interface Campaign {
  readonly runs: number;
  readonly seed: number;
  /** Only this one. */
  readonly only?: number;
  /** At once. */
  readonly side: number;
  /** In one home, one after another; then the next home. */
  readonly home: number;
  /** A Nextflow instead of the stand-in. */
  readonly real?: string;
  readonly aws: boolean;
  /** What is bound over the kernel's boot id; without it nothing is rebooted. */
  readonly boot?: string;
}

/** What came of a campaign. */
export interface Tally {
  readonly results: readonly Result[];
  readonly happened: Readonly<Record<string, number>>;
  /** Faults whose point came, and which found nothing of their kind to kill. */
  readonly moot: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
  /** Why a home was given up, and its other runs with it. */
  readonly broken: readonly string[];
}

export async function runCampaign(campaign: Campaign, tell: (line: string) => void): Promise<Tally> {
  const alone = standalone();
  const aws = campaign.aws ? await startAws(alone.test) : undefined;
  const choice: Choice = { aws: aws !== undefined, reboot: campaign.boot !== undefined };
  const indexes =
    campaign.only === undefined
      ? Array.from({ length: campaign.runs }, (_, index) => index)
      : [campaign.only];
  const results: Result[] = [];
  const leftovers: string[] = [];
  const broken: string[] = [];
  const happened: Record<string, number> = {};
  const moot: Record<string, number> = {};
  try {
    while (indexes.length > 0) {
      const waiting = indexes.splice(0, campaign.home);
      const world = new World(aws, campaign.real, campaign.boot);
      try {
        await world.open();
        const worker = async (): Promise<void> => {
          for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
            const result = await world.run(planOf(campaign.seed, index, choice));
            results.push(result);
            if (result.wrong.length > 0) tell(`WRONG ${JSON.stringify(result)}`);
            if (results.length % 200 === 0) tell(`${String(results.length)} runs`);
          }
        };
        const ends = await Promise.allSettled(
          Array.from({ length: campaign.side }, () =>
            worker().catch((error: unknown) => {
              waiting.length = 0; // nobody begins another in this home
              throw error;
            }),
          ),
        );
        for (const end of ends) if (end.status === 'rejected') throw end.reason;
        // AWS is the same for each home: what one has left there is told once.
        for (const path of await world.leftovers()) if (!leftovers.includes(path)) leftovers.push(path);
        add(happened, world.faults('happened'));
        add(moot, world.faults('moot'));
      } catch (error) {
        broken.push(String(error));
        tell(`WRONG a home is given up: ${String(error)}`);
      } finally {
        world.close();
      }
    }
  } finally {
    await alone.end();
  }
  return { results, happened, moot, leftovers, broken };
}

function add(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [kind, many] of Object.entries(more)) sums[kind] = (sums[kind] ?? 0) + many;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, many) => total + many, 0);
}

/** The table that a campaign ends in, in Markdown. */
export function tableOf({ results, happened, moot, leftovers, broken }: Tally): string {
  const count = (which: RegExp): number =>
    results.filter(({ wrong }) => wrong.some((one) => which.test(one))).length;
  const recoveries = results
    .filter(({ plan }) => plan.fault !== undefined)
    .sort((one, other) => one.recoveredMs - other.recoveredMs);
  const longest = recoveries.at(-1);
  const outcomes = new Map<string, number>();
  for (const { outcome = 'never recorded' } of results)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const rows: [string, string | number][] = [
    ['runs', results.length],
    ...[...outcomes].sort().map(([outcome, many]): [string, number] => [`… ${outcome}`, many]),
    ['refused launches, repeated', results.reduce((total, { refusals }) => total + refusals, 0)],
    ['faults that happened', sum(happened)],
    ...chaosKinds.map((kind): [string, number] => [`… ${kind}`, happened[kind] ?? 0]),
    ['faults with nothing to kill', sum(moot)],
    ...chaosKinds.flatMap((kind): [string, number][] =>
      moot[kind] === undefined ? [] : [[`… ${kind}`, moot[kind]]],
    ),
    ['**leftovers**', leftovers.length + count(/left behind/)],
    ['**wrong outcomes**', count(/said to|told as|aborted|never launched|nobody knows/)],
    ['**double launches**', count(/times/)],
    ['**purged while alive**', count(/while alive/)],
    ['**hung**', count(/hangs/) + broken.length],
    [
      'from the end of the head to the last removal, median',
      `${(recoveries[Math.floor(recoveries.length / 2)]?.recoveredMs ?? 0).toFixed(0)} ms`,
    ],
    [
      'the same, maximum',
      `${(longest?.recoveredMs ?? 0).toFixed(0)} ms (run ${String(longest?.plan.index)}, ${String(longest?.plan.store)}, ${String(longest?.plan.fault?.kind)} ${String(longest?.plan.fault?.point)})`,
    ],
  ];
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${String(value)} |`)].join('\n');
}
