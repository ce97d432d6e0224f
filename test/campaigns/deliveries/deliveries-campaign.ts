// Deliveries of a team server to AWS, while replicas are killed and paused, PostgreSQL crashes and fails over, AWS loses, delays and throttles
// requests and rejects expired credentials, and responses of the server are lost.
import type { Test } from 'tap';
import { until } from '../../support/sandbox.ts';
import { searchForValues } from '../team/search-for-values.ts';
import { stalled } from '../team/stalled.ts';
import { counted, tableOfRows, type TableRow } from '../team/table.ts';
import { Disturbance, type Faults } from './faults.ts';
import { DeliveriesGround } from './ground.ts';
import { judge, type Judged } from './judge.ts';
import type { CampaignRun, Requester } from './requester.ts';

export interface Campaign extends Faults {
  /** Runs of each daemon, without those that faults request. */
  readonly runs: number;
  /** Runs that each daemon starts at the same time. */
  readonly atOnce: number;
  /** Percentage of the responses that the proxy drops. */
  readonly dropPercent: number;
}

/** The result of a campaign. */
export interface Tally extends Judged {
  readonly runs: readonly CampaignRun[];
  readonly reads: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly aws: Readonly<Record<string, number>>;
  readonly responses: Readonly<Record<string, number>>;
  readonly files: readonly string[];
  readonly searchedMb: number;
}

const PROGRESS = 100;
const SETTLE_MS = 15 * 60_000;

/** Runs a campaign. Returns undefined without PostgreSQL, root or moto. `report` receives progress. */
export async function runDeliveriesCampaign(
  t: Test,
  campaign: Campaign,
  report: (line: string) => void,
): Promise<Tally | undefined> {
  const ground = await DeliveriesGround.start(t, campaign);
  if (ground === undefined) return undefined;
  const { requesters, proxy, record, aws, cluster } = ground;
  proxy.dropPercent = campaign.dropPercent;
  const removals: Promise<void>[] = [];
  const total = requesters.length * campaign.runs;
  const progress = { delivered: 0, at: performance.now() };
  let requested = 0;
  const runOne = async (requester: Requester, isCounted: boolean): Promise<void> => {
    if (isCounted) disturbance.after((requested += 1));
    const { run, removal } = await requester.run();
    removals.push(removal);
    if (run.delivery === undefined) return;
    progress.delivered += 1;
    progress.at = performance.now();
    if (progress.delivered % PROGRESS === 0)
      report(`${String(progress.delivered)} deliveries; ${disturbance.summary}`);
  };
  const burst = async (count: number): Promise<void> => {
    const all = Array.from({ length: count }, (_, index) => requesters[index % requesters.length]);
    await Promise.all(all.map(async (one) => (one === undefined ? undefined : runOne(one, false))));
  };
  const disturbance = new Disturbance(ground, campaign, burst);
  report(`${String(total)} runs and more at once; seed ${String(campaign.seed)}`);
  const work = Promise.all(
    requesters.flatMap((requester) => {
      let left = campaign.runs;
      return Array.from({ length: campaign.atOnce }, async () => {
        while (left > 0) {
          left -= 1;
          await runOne(requester, true);
        }
      });
    }),
  );
  await Promise.race([work, stalled(progress)]).finally(() => (progress.at = Infinity));
  await disturbance.end();
  report(`waiting until all secrets are removed; ${disturbance.summary}`);
  proxy.dropPercent = 0;
  await Promise.race([Promise.all(removals), afterSettling(requesters)]);
  await until('the removal of all deliveries', () => isRemoved(ground), SETTLE_MS);
  await aws.quiet();
  const judged = await judge(ground);
  await Promise.all(ground.replicas.map(({ process }) => process.end('SIGTERM')));
  const { files, searchedMb } = await searchForValues(t, {
    ...{ canaries: ground.canaries, database: cluster.database, address: cluster.listening },
    directories: [
      cluster.directory, // with the write-ahead log
      ...ground.replicas.map(({ directory }) => directory),
      ...requesters.map(({ directory }) => directory),
    ],
  });
  return {
    ...{ ...judged, files, searchedMb, reads: ground.tasks.reads },
    ...{ faults: disturbance.happened, aws: record.counts, responses: proxy.counts },
    runs: requesters.flatMap(({ runs }) => runs),
  };
}

/** Rejects if runs are not removed in time. */
async function afterSettling(requesters: readonly Requester[]): Promise<void> {
  const open = (): CampaignRun[] =>
    requesters
      .flatMap(({ runs }) => runs)
      .filter(({ endedAt, evidence }) => endedAt !== undefined && !evidence);
  await until('the removal of all runs', () => open().length === 0, SETTLE_MS);
}

async function isRemoved({ cluster }: DeliveriesGround): Promise<boolean> {
  const rows = await cluster.query(`SELECT id FROM nf_escrow.deliveries WHERE state <> 'removed' LIMIT 1`);
  return rows?.length === 0;
}

/** Returns the figures of a campaign as a Markdown table. */
export function tableOf({ verdict, runs, ...tally }: Tally): string {
  const refused: Record<string, number> = {};
  for (const { refused: code } of runs) if (code !== undefined) refused[code] = (refused[code] ?? 0) + 1;
  const times = runs.flatMap(({ removalMs }) => removalMs ?? []).sort((one, other) => one - other);
  const seconds = (ms = 0): string => `${(ms / 1000).toFixed(1)} s`;
  const rows: TableRow[] = [
    ['runs', runs.length],
    ['… that got their secrets', runs.filter(({ delivery }) => delivery !== undefined).length],
    ['… whose daemon was lost', runs.filter(({ endedAt }) => endedAt === undefined).length],
    ['refused requests', Object.values(refused).reduce((all, one) => all + one, 0)],
    ...counted(refused),
    ['deliveries in the ledger, by the reason of their removal', tally.deliveries],
    ...counted(tally.ends),
    ['faults', Object.values(tally.faults).reduce((all, one) => all + one, 0)],
    ...counted(tally.faults),
    ['AWS', ''],
    ...counted(tally.aws),
    ['responses of the server', ''],
    ...counted(tally.responses),
    ['secrets read by tasks', tally.reads],
    ['from the end of a run to the verified removal, median', seconds(times[Math.floor(times.length / 2)])],
    ['the same, maximum', seconds(times.at(-1))],
    ['**leftovers**', verdict.leftOver.length],
    ['**early purges**', verdict.purgedEarly.length],
    ['**deliveries without exactly one audit event, committed before**', verdict.unaudited.length],
    ['**creations that the ledger did not announce, or after the removal**', verdict.unannounced.length],
    ['**doubled**', verdict.doubled.length],
    ['**incomplete or wrong receipts**', verdict.receipts.length],
    ['searched for values', `${String(tally.searchedMb)} MiB`],
    ['**files with a value**', tally.files.length],
  ];
  return tableOfRows(rows);
}

/** Returns all violations. */
export function violationsOf({ verdict, files }: Tally): string[] {
  return [
    ...Object.entries(verdict).flatMap(([kind, all]) => (all as string[]).map((one) => `${kind}: ${one}`)),
    ...files.map((file) => `value in ${file}`),
  ];
}
