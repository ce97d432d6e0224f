// Compares the ledger of the server, what AWS has seen, and the runs, at the end of a campaign.
import { readOne } from '../../../daemon/api-client/read-one.ts';
import type { ReleaseReceipt } from '../../../daemon/contract/types.ts';
import { REGION } from '../../support/aws/test-aws.ts';
import { until } from '../../support/sandbox.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { inTurns } from '../team/in-turns.ts';
import { runIn } from './aws-record.ts';
import type { DeliveriesGround } from './ground.ts';
import type { CampaignRun } from './requester.ts';

/** Violations by kind; each is empty if the campaign has succeeded. */
interface Verdict {
  /** Secrets in AWS at the end, and deliveries, pins and objects that are not removed. */
  readonly leftOver: string[];
  /** Secrets that were deleted, or could not be read, while their run was alive. */
  readonly purgedEarly: string[];
  /** Deliveries without exactly one audit event, or whose secret AWS was asked to create before the event was committed. */
  readonly unaudited: string[];
  /** Requests to create a secret that the ledger did not announce, or whose delivery had been removed. */
  readonly unannounced: string[];
  /** Runs with two deliveries, or with another secret than that of their references. */
  readonly doubled: string[];
  /** Deliveries without a complete receipt, and receipts that lack a secret or the verification of its absence. */
  readonly receipts: string[];
}

interface DeliveryRow {
  readonly id: string;
  readonly run_id: string;
  readonly state: string;
  readonly end_reason: string | null;
  readonly events: string;
  readonly removed: string;
}

const DELIVERIES = `SELECT d.id, r.run_id, d.state, d.end_reason,
    (SELECT count(*) FROM nf_escrow.journal j WHERE j.type = 'secret.released' AND j.data::json ->> 'release' = d.id
      AND j.data::json ->> 'repeated' = 'false') AS events,
    (SELECT count(*) FROM nf_escrow.journal j WHERE j.type = 'release.removed' AND j.data::json ->> 'release' = d.id) AS removed
  FROM nf_escrow.deliveries d JOIN nf_escrow.releases r ON r.id = d.id`;
/** Difference between the clocks of the database and of this process. */
const TOLERANCE_MS = 500;

/** What a verdict and the figures are derived from. */
export interface Judged {
  readonly verdict: Verdict;
  readonly deliveries: number;
  /** Numbers of removed deliveries by the reason of their end. */
  readonly ends: Readonly<Record<string, number>>;
}

/** Reads everything. All runs must have ended, and the server must have removed all deliveries. */
export async function judge(ground: DeliveriesGround): Promise<Judged> {
  const { cluster, record, tasks, aws } = ground;
  const runs = ground.requesters.flatMap((requester) => requester.runs);
  const verdict: Verdict = {
    leftOver: await secretsIn(aws),
    purgedEarly: [...tasks.wrong, ...judgeDeletions(ground, runs)],
    ...{ unaudited: [...record.unaudited], unannounced: [...record.unannounced], doubled: [], receipts: [] },
  };
  const rows = (await cluster.query<DeliveryRow>(DELIVERIES)) ?? [];
  for (const row of rows) judgeRow(row, verdict);
  judgeRuns(ground, runs, rows, verdict);
  for (const table of ['release_pins', 'delivery_leases']) {
    const left = await cluster.query<{ count: string }>(
      `SELECT count(*) AS count FROM nf_escrow.${table} ${table === 'delivery_leases' ? `WHERE state <> 'gone'` : ''}`,
    );
    if (left?.[0]?.count !== '0') verdict.leftOver.push(`${String(left?.[0]?.count)} rows in ${table}`);
  }
  await inTurns(rows, 8, (row) => judgeReceipt(ground, row, verdict));
  const ends: Record<string, number> = {};
  for (const { end_reason } of rows) ends[String(end_reason)] = (ends[String(end_reason)] ?? 0) + 1;
  return { verdict, deliveries: rows.length, ends };
}

/** Returns the secrets that exist in AWS: all, those with a tag of nf-escrow, and those with its prefix. */
async function secretsIn(aws: StrictAws): Promise<string[]> {
  const { SecretsManagerClient, paginateListSecrets } = await import('@aws-sdk/client-secrets-manager');
  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' };
  const client = new SecretsManagerClient({ region: REGION, endpoint: aws.bare, credentials });
  const found = new Set<string>();
  const filters = [
    undefined,
    [{ Key: 'tag-key' as const, Values: ['nf-escrow:run'] }],
    [{ Key: 'name' as const, Values: ['nf-escrow/'] }],
  ];
  try {
    for (const Filters of filters)
      for await (const { SecretList = [] } of paginateListSecrets(
        { client },
        Filters === undefined ? {} : { Filters },
      ))
        for (const { Name = '' } of SecretList) found.add(Name);
  } finally {
    client.destroy();
  }
  return [...found].map((name) => `${name} exists in AWS`);
}

/** A secret may be deleted when its run has ended, or when the lease of a lost daemon has expired. */
function judgeDeletions({ record }: DeliveriesGround, runs: readonly CampaignRun[]): string[] {
  const known = new Map(runs.map((run) => [run.id, run]));
  return record.deleted.flatMap(({ name, at }) => {
    const run = known.get(runIn(name));
    if (run === undefined) return [`${name}: no run is known`];
    if (run.delivery === undefined) return []; // it was not started
    const until = run.endedAt ?? Date.parse(run.delivery.expires) - TOLERANCE_MS;
    return at < until ? [`${name} was deleted ${String(until - at)} ms before the end of its run`] : [];
  });
}

function judgeRow({ id, run_id, state, events, removed }: DeliveryRow, verdict: Verdict): void {
  const what = `delivery ${id} of run ${run_id}`;
  if (state !== 'removed') verdict.leftOver.push(`${what} is ${state}`);
  if (events !== '1') verdict.unaudited.push(`${what} has ${events} events`);
  if (removed !== '1') verdict.receipts.push(`${what} has ${removed} events of its removal`);
}

function judgeRuns(
  { record }: DeliveriesGround,
  runs: readonly CampaignRun[],
  rows: readonly DeliveryRow[],
  { doubled, receipts }: Verdict,
): void {
  const byRun = new Map<string, DeliveryRow[]>();
  for (const row of rows) byRun.set(row.run_id, [...(byRun.get(row.run_id) ?? []), row]);
  const created = new Map<string, string>();
  for (const { name, content } of record.created) {
    if ((created.get(name) ?? content) !== content) doubled.push(`${name} was created with two values`);
    created.set(name, content);
  }
  for (const { id, delivery, evidence, endedAt } of runs) {
    const own = byRun.get(id) ?? [];
    if (own.length > 1) doubled.push(`run ${id} has ${String(own.length)} deliveries`);
    if (delivery !== undefined && own[0]?.id !== delivery.id)
      receipts.push(`run ${id}: the server has no delivery ${delivery.id}`);
    if (endedAt !== undefined && evidence?.state !== 'absent')
      receipts.push(`run ${id}: the daemon found ${String(evidence?.state)}`);
    for (const { valueFrom } of delivery?.references ?? [])
      if (![...created.keys()].some((name) => valueFrom.includes(`:secret:${name}-`)))
        receipts.push(`run ${id}: AWS has not created ${valueFrom}`);
  }
}

async function judgeReceipt(
  { admin, record }: DeliveriesGround,
  { id, run_id }: DeliveryRow,
  { receipts }: Verdict,
): Promise<void> {
  const receipt = await until(`the receipt of ${id}`, () =>
    readOne<ReleaseReceipt>(admin, `/v1/releases/${id}/receipt`).catch(() => undefined),
  );
  const objects = receipt.delivery?.objects ?? [];
  if (!receipt.complete) receipts.push(`delivery ${id}: the receipt is not complete`);
  const unverified = objects.filter((one) => one.goneAt === null || one.evidence === null);
  if (unverified.length > 0)
    receipts.push(`delivery ${id}: ${String(unverified.length)} objects without proof`);
  for (const { name } of record.created.filter((one) => runIn(one.name) === run_id))
    if (!objects.some(({ target }) => target.endsWith(`:secret:${name}`)))
      receipts.push(`delivery ${id}: the receipt lacks ${name}`);
}
