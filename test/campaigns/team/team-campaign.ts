// Releases of a team server to many daemons, while replicas and daemons are killed and paused, and responses are lost.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import type { Test } from 'tap';
import { until } from '../../support/sandbox.ts';
import { randomOf, seedOf } from '../fuzz/random.ts';
import { BackgroundWork } from './background-work.ts';
import { faultKinds, nextFault, type PlannedFault } from './fault-plan.ts';
import { secretName, TeamGround, type Size } from './ground.ts';
import { inTurns } from './in-turns.ts';
import { judge, type Judged } from './judge.ts';
import type { Member } from './member.ts';
import { Observations } from './observations.ts';
import { searchForValues } from './search-for-values.ts';
import { stalled } from './stalled.ts';
import { counted, tableOfRows, type TableRow } from './table.ts';
import { startReplica } from '../../support/server/replicas.ts';

export interface Campaign extends Size {
  /** Releases of each daemon. */
  readonly releases: number;
  /** Number of releases between two faults. 0: no faults. */
  readonly faultEvery: number;
  /** Percentage of the responses that the proxy drops. */
  readonly dropPercent: number;
  /** Number of releases between two changes of a secret. */
  readonly changeEvery: number;
}

/** The result of a campaign. */
export interface Tally extends Judged {
  readonly delivered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly responses: Readonly<Record<string, number>>;
  readonly changes: number;
  /** Files with a value. */
  readonly files: readonly string[];
  /** MiB of the database's files, its dump, logs and state directories that were searched for values. */
  readonly searchedMb: number;
}

const PROGRESS = 250;
/** A daemon that was killed between a release and the record of its run reports it after 10 minutes. */
const SETTLE_MS = 30 * 60_000;

/** Runs a campaign. Returns undefined without PostgreSQL or root. `report` receives progress. */
export async function runTeamCampaign(
  t: Test,
  campaign: Campaign,
  report: (line: string) => void,
): Promise<Tally | undefined> {
  const ground = await TeamGround.start(t, campaign);
  if (ground === undefined) return undefined;
  const { members, proxy } = ground;
  const seen = new Observations(ground.database);
  proxy.observer = seen;
  proxy.dropPercent = campaign.dropPercent;
  report(
    `${String(members.length)} daemons, ${String(campaign.replicas)} replicas; seed ${String(campaign.seed)}`,
  );
  await inTurns(members, 8, (member) => member.ensureDaemon());
  const disturbance = new Disturbance(ground, campaign);
  const total = members.length * campaign.releases;
  const progress = { delivered: 0, at: performance.now() };
  const onDelivered = (): void => {
    progress.delivered += 1;
    progress.at = performance.now();
    disturbance.after(progress.delivered);
    if (progress.delivered % PROGRESS === 0 || progress.delivered === total)
      report(`${String(progress.delivered)} of ${String(total)} releases; ${disturbance.summary}`);
  };
  const work = Promise.all(members.map((member) => member.work(campaign.releases, onDelivered)));
  await Promise.race([work, stalled(progress)]).finally(() => (progress.at = Infinity));
  await disturbance.end();
  report('waiting until all runs are purged and reported');
  proxy.dropPercent = 0;
  await inTurns(members, 8, (member) =>
    until(`the end of the runs of ${member.name}`, () => isSettled(member), SETTLE_MS),
  );
  await inTurns(members, 8, ({ daemon }) => daemon.end('SIGTERM'));
  await Promise.all(ground.replicas.map(({ process }) => process.end('SIGTERM')));
  const judged = await judge(ground, seen);
  // The files of the database contain its write-ahead log.
  const { files, searchedMb } = await searchForValues(t, {
    ...{ canaries: ground.canaries, database: ground.database, address: ground.postgres },
    directories: [
      ground.postgres.data,
      ...ground.replicas.map(({ directory }) => directory),
      ...members.map(({ box }) => box.directory),
    ],
  });
  return {
    ...judged,
    delivered: progress.delivered,
    refused: sum(members.map(({ refused }) => refused)),
    faults: disturbance.happened,
    responses: proxy.counts,
    changes: disturbance.changes,
    files,
    searchedMb,
  };
}

/** Kills, pauses and changes of secrets, by the number of releases, so that the same seed gives the same ones. */
class Disturbance {
  readonly happened: Record<string, number> = Object.fromEntries(faultKinds.map((kind) => [kind, 0]));
  changes = 0;
  readonly #ground: TeamGround;
  readonly #campaign: Campaign;
  readonly #random;
  readonly #work = new BackgroundWork();

  constructor(ground: TeamGround, campaign: Campaign) {
    this.#ground = ground;
    this.#campaign = campaign;
    this.#random = randomOf(seedOf(campaign.seed, 'faults'));
  }

  get summary(): string {
    const faults = Object.entries(this.happened).map(([kind, count]) => `${kind} ${String(count)}`);
    return `${faults.join(', ')}; ${String(this.#ground.proxy.counts.dropped)} responses dropped`;
  }

  after(delivered: number): void {
    const { faultEvery, changeEvery, replicas, daemons, secrets } = this.#campaign;
    if (faultEvery > 0 && delivered % faultEvery === 0)
      this.#work.add(this.#inject(nextFault(this.#random, { replicas, daemons })));
    if (changeEvery > 0 && delivered % changeEvery === 0) {
      const { titles } = this.#ground;
      this.changes += 1;
      this.#work.add(
        this.#ground.setSecret(titles[this.#random(titles.length)] ?? '', secretName(this.#random(secrets))),
      );
    }
  }

  /** Waits for the end of all faults. Throws the first error. */
  async end(): Promise<void> {
    await this.#work.end();
    await Promise.all(this.#ground.replicas.map(startReplica));
  }

  async #inject({ kind, target, ms }: PlannedFault): Promise<void> {
    this.happened[kind] = (this.happened[kind] ?? 0) + 1;
    const replica = this.#ground.replicas[target];
    const daemon = this.#ground.members[target]?.daemon;
    if (kind === 'kill daemon') await daemon?.end();
    else if (kind === 'pause daemon') await daemon?.pause(ms);
    else if (kind === 'pause replica') await replica?.process.pause(ms);
    else if (replica !== undefined) {
      await replica.process.end();
      await startReplica(replica);
    }
  }
}

/** Whether all runs of a member are purged and the server has accepted all reports. */
async function isSettled(member: Member): Promise<boolean> {
  if (!(await member.isSettled())) return false;
  const path = join(member.box.state, 'ledger.db');
  if (!existsSync(path)) return false;
  const ledger = new Database(path, { readonly: true, timeout: 5000 });
  try {
    const row = ledger.prepare('SELECT count(*) AS count FROM received_releases').get() as { count: number };
    return row.count === 0;
  } finally {
    ledger.close();
  }
}

function sum(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all)
    for (const [key, count] of Object.entries(counts)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

/** Returns the figures of a campaign as a Markdown table. */
export function tableOf(tally: Tally): string {
  const { verdict, files } = tally;
  const rows: TableRow[] = [
    ['runs that got their secrets', tally.delivered],
    ['releases', tally.releases],
    ['… repeated requests', tally.repeated],
    ['… never received by the daemon', tally.unreceived],
    ['changed secrets', tally.changes],
    ...counted(tally.faults),
    ...counted(tally.responses),
    ['refused launches, repeated', Object.values(tally.refused).reduce((all, one) => all + one, 0)],
    ...counted(tally.refused),
    ['events of reports', tally.reportEvents],
    ['**lost**', verdict.lost.length],
    ['**doubled**', verdict.doubled.length],
    ['**left over**', verdict.leftOver.length],
    ['**reports out of order or incomplete**', verdict.disordered.length],
    ['**releases without exactly one audit event, committed before**', verdict.unaudited.length],
    ['**wrong values**', verdict.wrongValues.length],
    ['searched for values', `${String(tally.searchedMb)} MiB`],
    ['**files with a value**', files.length],
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
