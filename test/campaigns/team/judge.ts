// Compares the database of the server with the ledgers of the daemons at the end of a campaign.
import { join } from 'node:path';
import Database from 'libsql';
import type { Pool } from 'pg';
import type { TeamGround } from './ground.ts';
import { Member } from './member.ts';
import type { Observations } from './observations.ts';

/** Violations by kind; each is empty if the campaign has succeeded. */
interface Verdict {
  /** Runs that got secrets of which the server knows no release, or no complete report. */
  readonly lost: string[];
  /** Runs with two releases or two starts, and repetitions that counted as a further release. */
  readonly doubled: string[];
  /** Secrets, pins, credentials and reports that outlived their run, and values in files. */
  readonly leftOver: string[];
  /** Reports that were applied in the wrong order, or that differ from the state of the run. */
  readonly disordered: string[];
  /** Releases without exactly one audit event, or with one that was committed late. */
  readonly unaudited: string[];
  /** Runs that read another value than the one that the release names. */
  readonly wrongValues: string[];
}

interface ReleaseRow {
  readonly id: string;
  readonly run_id: string;
  readonly principal: string;
  readonly workspace: string;
  readonly secrets: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly leases: string;
  readonly epoch: number;
  readonly sequence: number;
}

interface EventRow {
  readonly type: string;
  readonly principal: string | null;
  readonly data: string;
}

interface RunState {
  readonly id: string;
  readonly state: string;
  readonly outcome: string | null;
}

const STATES = ['created', 'materialized', 'running', 'ended', 'purged'];

/** What a verdict and the figures are derived from. */
export interface Judged {
  readonly verdict: Verdict;
  readonly releases: number;
  /** Releases whose response a killed daemon did not receive. Nothing was delivered. */
  readonly unreceived: number;
  readonly repeated: number;
  readonly reportEvents: number;
}

/** Reads everything. The daemons must have been stopped. */
export async function judge(ground: TeamGround, seen: Observations): Promise<Judged> {
  const { database, members } = ground;
  const verdict: Verdict = {
    ...{ lost: [], doubled: [], leftOver: [], disordered: [], unaudited: [], wrongValues: [] },
  };
  const rows = await select<ReleaseRow>(database, 'SELECT * FROM nf_escrow.releases');
  const byRun = groupBy(rows, ({ run_id }) => run_id);
  const events = await eventsByRelease(database);
  const known = new Map<string, RunState>();
  for (const member of members) {
    for (const run of judgeLedger(member, verdict)) known.set(run.id, run);
    judgeRuns(ground, member, byRun, verdict);
  }
  for (const row of rows) judgeRelease(row, known.get(row.run_id), events.get(row.id) ?? [], seen, verdict);
  verdict.unaudited.push(...seen.unaudited.map((id) => `${id}: its event was committed late`));
  for (const id of seen.releases.keys())
    if (!rows.some((row) => row.id === id)) verdict.lost.push(`release ${id} has no record`);
  await judgePins(database, known, verdict);
  const all = [...events.values()].flat();
  return {
    verdict,
    releases: rows.length,
    unreceived: rows.filter(({ run_id }) => !known.has(run_id)).length,
    repeated: all.filter((event) => event.type === 'secret.released' && dataOf(event).repeated === true)
      .length,
    reportEvents: all.filter(({ type }) => type === 'release.reported').length,
  };
}

/** Judges what the ledger of a daemon has at the end, and returns its runs and the releases without a run. */
function judgeLedger({ name, box, runDirectories }: Member, { leftOver }: Verdict): RunState[] {
  const ledger = new Database(join(box.state, 'ledger.db'), { readonly: true });
  try {
    const all = <T>(query: string): T[] => ledger.prepare(query).all() as T[];
    const runs = all<RunState>('SELECT id, state, outcome FROM runs');
    for (const { id, state } of runs) if (state !== 'purged') leftOver.push(`${name}: run ${id} is ${state}`);
    for (const { id } of all<{ id: string }>(`SELECT id FROM leases WHERE state <> 'gone'`))
      leftOver.push(`${name}: lease ${id} is not gone`);
    for (const table of ['received_releases', 'pins', 'secret_versions'])
      for (const { count } of all<{ count: number }>(`SELECT count(*) AS count FROM ${table}`))
        if (count > 0) leftOver.push(`${name}: ${String(count)} rows in ${table}`);
    for (const path of runDirectories) leftOver.push(`${name}: ${path}`);
    return runs;
  } finally {
    ledger.close();
  }
}

/** Judges the runs that a daemon has promised: each has exactly one release, was started at most once, and read its values. */
function judgeRuns(
  { values }: TeamGround,
  { name, delivered, workspace }: Member,
  byRun: ReadonlyMap<string, readonly ReleaseRow[]>,
  { lost, doubled, wrongValues }: Verdict,
): void {
  if (new Set(delivered.map(({ id }) => id)).size !== delivered.length) doubled.push(`${name}: a run twice`);
  for (const { id, directory } of delivered) {
    const releases = byRun.get(id) ?? [];
    const [release] = releases;
    if (release === undefined) lost.push(`${name}: run ${id} has no release`);
    if (releases.length > 1) doubled.push(`${name}: run ${id} has ${String(releases.length)} releases`);
    if (release !== undefined && (release.principal !== name || !workspace.endsWith(`:${release.workspace}`)))
      wrongValues.push(`${name}: run ${id} has a release to ${release.principal} of ${release.workspace}`);
    if (directory === undefined || release === undefined) continue;
    const launches = Member.launchesIn(directory);
    if (launches > 1) doubled.push(`${name}: run ${id} was started ${String(launches)} times`);
    const names = Member.deliveredTo(directory).map((hash) => {
      const value = values.get(hash);
      return value?.title === release.workspace ? value.name : `unknown value ${hash}`;
    });
    const expected = (JSON.parse(release.secrets) as [string, number][]).map(([secret]) => secret);
    // A run that was aborted before its start has read nothing.
    if (launches > 0 && names.sort().join() !== expected.sort().join())
      wrongValues.push(`${name}: run ${id} read ${names.join()} instead of ${expected.join()}`);
  }
}

function judgeRelease(
  row: ReleaseRow,
  run: RunState | undefined,
  events: readonly EventRow[],
  seen: Observations,
  { lost, disordered, unaudited }: Verdict,
): void {
  const { id, run_id } = row;
  const what = `release ${id} of run ${run_id}`;
  const audited = events.filter(
    ({ type, principal }) => type === 'secret.released' && principal === row.principal,
  );
  const first = audited.filter((event) => dataOf(event).repeated === false);
  if (first.length !== 1) unaudited.push(`${what} has ${String(first.length)} events`);
  if (audited.length < (seen.releases.get(id) ?? 0))
    unaudited.push(`${what} has fewer events than responses`);
  const reported = events.filter(({ type }) => type === 'release.reported').map((event) => dataOf(event));
  const report = seen.reports.get(id);
  if (run === undefined) {
    // The daemon was killed before it received the values, or before it recorded the run, which is then reported as aborted.
    const isConsistent = report === undefined ? row.state === 'created' : row.state === 'purged';
    if (!isConsistent) lost.push(`${what} is ${row.state}, and no daemon knows the run`);
    if (report === undefined) return;
  } else if (row.state !== 'purged' || row.outcome !== run.outcome)
    lost.push(
      `${what} is ${row.state} ${String(row.outcome)}; the run is ${run.state} ${String(run.outcome)}`,
    );
  const positions = reported.map(({ state }) => STATES.indexOf(state ?? ''));
  if (positions.some((position, index) => position < (positions[index - 1] ?? 0)))
    disordered.push(`${what}: ${reported.map(({ state }) => state).join()}`);
  if (reported.at(-1)?.state !== 'purged') disordered.push(`${what}: the last event is not the end`);
  if (report?.epoch !== row.epoch || report.sequence !== row.sequence)
    disordered.push(`${what}: the recorded report is not the newest one`);
  else if (JSON.stringify(report.leases) !== row.leases || report.state !== row.state)
    disordered.push(`${what}: the recorded report differs from the one that was sent`);
  const leases = JSON.parse(row.leases) as { state: string }[];
  if (leases.some(({ state }) => state !== 'gone')) lost.push(`${what}: reported leases are not gone`);
}

/** Pins of finished releases would keep removed values. */
async function judgePins(
  database: Pool,
  known: ReadonlyMap<string, RunState>,
  { leftOver }: Verdict,
): Promise<void> {
  const pins = await select<{ run_id: string }>(
    database,
    `SELECT DISTINCT run_id FROM nf_escrow.release_pins JOIN nf_escrow.releases ON id = release_id WHERE state <> 'created'`,
  );
  for (const { run_id } of pins) leftOver.push(`the server keeps versions for run ${run_id}`);
  // A version that is neither the newest one nor pinned has outlived its need.
  const versions = await select<{ secret_id: string; version: number }>(
    database,
    `SELECT v.secret_id, v.version FROM nf_escrow.secret_versions v JOIN nf_escrow.secrets s ON s.id = v.secret_id
       WHERE v.version <> s.version AND NOT EXISTS (SELECT 1 FROM nf_escrow.release_pins p
         WHERE p.secret_id = v.secret_id AND p.version = v.version)`,
  );
  for (const { secret_id, version } of versions)
    leftOver.push(`the server keeps version ${String(version)} of ${secret_id}`);
  const waiting = [...known.values()].filter(({ state }) => state !== 'purged').length;
  if (waiting > 0) leftOver.push(`${String(waiting)} runs are not purged`);
}

async function eventsByRelease(database: Pool): Promise<ReadonlyMap<string, EventRow[]>> {
  const rows = await select<EventRow>(
    database,
    `SELECT type, principal, data FROM nf_escrow.journal WHERE type IN ('secret.released', 'release.reported') ORDER BY seq`,
  );
  return groupBy(rows, (event) => dataOf(event).release ?? '');
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

interface EventData {
  readonly release?: string;
  readonly repeated?: boolean;
  readonly state?: string;
}

function dataOf({ data }: EventRow): EventData {
  return JSON.parse(data) as EventData;
}

async function select<T extends object>(database: Pool, query: string): Promise<T[]> {
  return (await database.query(query)).rows as T[];
}
