// Compares what a team server knows of a run with the run.
import type { Run } from '../../../../daemon/contract/types.ts';

interface Release {
  readonly id: string;
  readonly run: string;
  readonly state: string;
  readonly outcome: string | null;
}

export interface ObservedServer {
  readonly releases: readonly Release[];
  /** Of releases and reports, in the order of the journal. `data` is JSON. */
  readonly events: readonly { readonly type: string; readonly data: string }[];
  /** Ids of releases, once for each version that they keep. */
  readonly pins: readonly string[];
  readonly versions: number;
  /** Without those that releases keep. */
  readonly expectedVersions: number;
}

/** The order of the states of a run. */
const ORDER = ['created', 'materialized', 'running', 'ended', 'purged'];

/**
 * Returns the violations. `received`: how many releases the daemon has recorded. A daemon that is killed before it has recorded
 * the run is not the end: the command requests a run again, which gets another release. The first release is reported as
 * aborted, if the daemon has recorded it.
 */
export function judgeReleases(observed: ObservedServer, runs: readonly Run[], received: number): string[] {
  const { releases, pins, versions, expectedVersions } = observed;
  const wrong: string[] = [];
  const unknown = releases.filter(({ run }) => !runs.some(({ id }) => id === run));
  const launched = releases.length - unknown.length;
  if (launched > 1 || unknown.length > 1) wrong.push(`launches: ${String(releases.length)} releases`);
  if (releases.length === 0 && received > 0) wrong.push('receipt: no release');
  // A daemon that was killed before its request has recorded a run that the server does not know.
  if (launched < runs.length && received >= runs.length) wrong.push('receipt: a run without a release');
  const unrecorded = unknown.filter(({ state }) => state === 'created');
  if (unrecorded.length > releases.length - received)
    wrong.push(
      `outcome: ${String(unrecorded.length)} of ${String(received)} recorded releases are not reported`,
    );
  for (const release of releases) {
    wrong.push(...judgeAudit(observed, release));
    if (unrecorded.includes(release)) continue; // the server keeps its versions until it expires
    const run = runs.find(({ id }) => id === release.run);
    const outcome = run === undefined ? 'aborted' : run.outcome;
    if (release.state !== 'purged' || release.outcome !== outcome)
      wrong.push(
        `outcome: ${release.state} ${String(release.outcome)} on the server, not purged ${String(outcome)}`,
      );
    if (pins.includes(release.id)) wrong.push('left behind: pins of a release');
  }
  if (versions !== expectedVersions) wrong.push(`left behind: ${String(versions)} versions on the server`);
  return wrong;
}

/** Each release is in the audit log once, repetitions are marked, and reports are in order. */
function judgeAudit({ events }: ObservedServer, { id, state, outcome }: Release): string[] {
  const wrong: string[] = [];
  const own = events
    .map(({ type, data }) => ({ type, ...(JSON.parse(data) as Readonly<Record<string, unknown>>) }))
    .filter((event) => (event as { release?: unknown }).release === id) as {
    type: string;
    repeated?: boolean;
    state?: string;
    outcome?: string | null;
  }[];
  const released = own.filter(({ type }) => type === 'secret.released');
  if (released.filter(({ repeated }) => repeated === false).length !== 1 || released[0]?.repeated !== false)
    wrong.push('receipt: the audit log does not have the release once, before its repetitions');
  const reported = own.filter(({ type }) => type === 'release.reported');
  const ranks = reported.map((event) => ORDER.indexOf(event.state ?? ''));
  if (ranks.some((rank, index) => rank < (ranks[index - 1] ?? 0)))
    wrong.push('receipt: reports are not in order');
  const texts = reported.map((event) => `${String(event.state)} ${String(event.outcome)}`);
  if (new Set(texts).size !== texts.length) wrong.push('receipt: a report was applied twice');
  if (state !== 'created' && texts.at(-1) !== `${state} ${String(outcome)}`)
    wrong.push('receipt: the last report is not that of the release');
  return wrong;
}
