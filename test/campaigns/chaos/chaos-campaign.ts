// Campaigns of runs with random faults.
import type { Choice } from './fault-plan.ts';
import { chaosKinds, planOf } from './fault-plan.ts';
import { standalone } from '../faults/matrix.ts';
import { startAws } from '../../support/aws/test-aws.ts';
import { ChaosHome, type Result } from './chaos-home.ts';

export interface Campaign {
  readonly runs: number;
  readonly seed: number;
  /** Index of the only run to start. */
  readonly only?: number;
  /** Number of parallel runs. */
  readonly side: number;
  /** Number of runs in one home. */
  readonly home: number;
  /** Path of a real Nextflow to use instead of the fake. */
  readonly real?: string;
  readonly aws: boolean;
  /** File that is mounted over the kernel's boot id. Without it, the campaign has no reboots. */
  readonly boot?: string;
}

/** The result of a campaign. */
export interface Tally {
  readonly results: readonly Result[];
  readonly happened: Readonly<Record<string, number>>;
  /** Faults whose point was reached but which found no process to kill. */
  readonly moot: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
  /** Errors that ended a home together with its remaining runs. */
  readonly broken: readonly string[];
}

/** Runs a campaign. `report` receives progress and failed runs. */
export async function runCampaign(campaign: Campaign, report: (line: string) => void): Promise<Tally> {
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
      const home = new ChaosHome(aws, campaign.real, campaign.boot);
      try {
        await home.open();
        const worker = async (): Promise<void> => {
          for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
            const result = await home.run(planOf(campaign.seed, index, choice));
            results.push(result);
            if (result.wrong.length > 0) report(`WRONG ${JSON.stringify(result)}`);
            if (results.length % 200 === 0) report(`${String(results.length)} runs`);
          }
        };
        const ends = await Promise.allSettled(
          Array.from({ length: campaign.side }, () =>
            worker().catch((error: unknown) => {
              waiting.length = 0; // no further runs in this home
              throw error;
            }),
          ),
        );
        for (const end of ends) if (end.status === 'rejected') throw end.reason;
        // All homes share one AWS, so later homes find the same leftovers again.
        for (const path of await home.leftovers()) if (!leftovers.includes(path)) leftovers.push(path);
        add(happened, home.faults('happened'));
        add(moot, home.faults('moot'));
      } catch (error) {
        broken.push(String(error));
        report(`WRONG home abandoned: ${String(error)}`);
      } finally {
        home.close();
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

/** Returns the results of a campaign as a Markdown table. */
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
    ['**wrong outcomes**', count(/reported as|without a record/)],
    ['**double launches**', count(/times/)],
    ['**purged while alive**', count(/while alive/)],
    ['**hung**', count(/hangs/) + broken.length],
    [
      'time from the end of the head to the last removal, median',
      `${(recoveries[Math.floor(recoveries.length / 2)]?.recoveredMs ?? 0).toFixed(0)} ms`,
    ],
    [
      'time from the end of the head to the last removal, maximum',
      `${(longest?.recoveredMs ?? 0).toFixed(0)} ms (run ${String(longest?.plan.index)}, ${String(longest?.plan.store)}, ${String(longest?.plan.fault?.kind)} ${String(longest?.plan.fault?.point)})`,
    ],
  ];
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${String(value)} |`)].join('\n');
}
