import type { HeadJob, Process } from '../../contract/types.ts';
import { systemCode } from '../../errors.ts';
import { readEventData } from '../../ledger/journal.ts';
import { write, type RunDependencies } from '../dependencies.ts';
import type { HeadRecords } from '../records/head-records.ts';
import { getRun, headJobOf, type RunRow } from '../records/queries.ts';
import { Cancellation } from './cancellation.ts';
import { parseProcess, readClaim, readExitFile, readHeadProcess, type ExitFile } from './head-files.ts';
import { headOf } from './head-identity.ts';
import { resolveHeadJob } from './head-job-start.ts';
import type { HeadLiveness } from './head-liveness.ts';
import { concludeOutcome, type Conclusion } from './outcome.ts';
import type { UnknownLiveness } from './unknown-liveness.ts';
import type { WakeUps } from './wake-ups.ts';

/** Number of polls that fail because the run's records cannot be written. Later polls ignore such errors. */
const FAILED_READS_MAX = 5;
const NOT_REACHED = "; Nextflow did not load nf-escrow's plugin, so the run got no secrets";

/** The end of a run, as its head showed it. */
export interface HeadEnd {
  readonly conclusion: Conclusion;
  readonly exitStatus: number | undefined;
}

/**
 * State of a head. `wait`: unknown, and the leases have not expired. `alive`. `cancelling`: alive, with a cancellation that
 * was not passed on yet. `changed`: another process has become the head, so the run must be polled again.
 */
export type HeadState = 'wait' | 'alive' | 'cancelling' | 'changed' | HeadEnd;

/** What one run's watch shares with the watch of its head. */
interface Parts {
  /** Returns a path that leads to the run directory now. */
  readonly reach: () => string;
  readonly records: HeadRecords;
  readonly headLiveness: HeadLiveness;
  readonly unknown: UnknownLiveness;
  readonly wakeUps: WakeUps;
}

/** Watches the head of a run from its start to its end. */
export class HeadWatch {
  readonly #deps: RunDependencies;
  readonly #parts: Parts;
  readonly #cancellation: Cancellation;
  #failedReads = 0;

  constructor(deps: RunDependencies, parts: Parts) {
    this.#deps = deps;
    this.#parts = parts;
    this.#cancellation = new Cancellation(deps, parts.reach);
  }

  async poll(run: RunRow): Promise<HeadState> {
    const { headLiveness, unknown, wakeUps, records } = this.#parts;
    const known = headJobOf(run);
    const head = this.#head(parseProcess(run.process), known);
    // With -bg, the head is first the launcher, then the process that the launcher leaves running.
    if (head !== undefined && run.process !== JSON.stringify(head)) {
      await write(this.#deps, 'head.record', (db) =>
        db
          .updateTable('runs')
          .set({ process: JSON.stringify(head) })
          .where('id', '=', run.id)
          .execute(),
      );
    }
    const resolved = await resolveHeadJob(this.#deps, run, known);
    const job = resolved === 'gone' ? known : resolved;
    const isForwarded = await this.#cancellation.forward(run, head, job);
    if (!records.hasLog || records.isBehind || !wakeUps.canDeferReading())
      await this.#readRecords(run, (its) => its.read(head));
    const exit = readExitFile(this.#parts.reach(), run.exit_digest);
    const launcher = parseProcess(run.launcher);
    let state = await headLiveness.of({ head, job, launcher, hasExit: exit.status !== undefined });
    if (state === 'unknown' && resolved === 'gone') state = 'ended';
    unknown.record(state === 'unknown');
    if (state !== 'ended') wakeUps.waitForRelease();
    if (state === 'unknown') {
      // If the head were alive, it would have been seen and its leases renewed.
      if (!(await unknown.hasExpired())) return 'wait';
    } else if (state === 'alive') {
      if (records.end !== undefined) wakeUps.expectEnd();
      return isForwarded ? 'alive' : 'cancelling';
    }
    // If the head changed during this poll, the records of the new one must be read first.
    if (JSON.stringify(this.#head(head, known)) !== JSON.stringify(head)) return 'changed';
    return this.#conclude(run, head, job, exit);
  }

  async #conclude(
    run: RunRow,
    head: Process | undefined,
    job: HeadJob | undefined,
    seen: ExitFile,
  ): Promise<HeadEnd> {
    const { reach, records } = this.#parts;
    // The shim writes `exit` before it releases the FIFO. Read it again now that no process holds the FIFO.
    const exit = seen.status === undefined ? readExitFile(reach(), run.exit_digest) : seen;
    await this.#readRecords(run, (its) => its.readLast(head));
    const cancelRequested = (await getRun(this.#deps.ledger.db, run.id)).cancel_requested > 0;
    const { facts: log, end } = records;
    const cached = job?.id == null ? undefined : this.#deps.jobStatus.status(job.executor, job.id);
    const conclusion = concludeOutcome({
      exitStatus: exit.status,
      isExitForged: exit.isForged,
      log,
      end,
      cancelRequested,
      job: cached,
      jobIsHead: job?.head,
    });
    const note = await this.#noteOnDelivery(run, log.sessionId !== undefined || exit.status === 0);
    // The evidence quotes the log.
    const { redact } = await this.#deps.redactors.of(this.#deps, run);
    return {
      conclusion: { ...conclusion, evidence: redact(`${conclusion.evidence}${note}`) },
      exitStatus: exit.status,
    };
  }

  /** Returns a note if Nextflow ran without the plugin that should have delivered the secrets. No other record shows that. */
  async #noteOnDelivery({ id }: RunRow, hasRun: boolean): Promise<string> {
    if (!hasRun || readClaim(this.#parts.reach()) !== undefined) return '';
    const [created] = await readEventData(this.#deps.ledger.db, id, 'run.created');
    const { plugin = null } = (created ?? {}) as { plugin?: string | null };
    return plugin === null ? '' : NOT_REACHED;
  }

  #head(known: Process | undefined, job: HeadJob | undefined): Process | undefined {
    const directory = this.#parts.reach();
    return headOf(directory, known, readHeadProcess(directory), job);
  }

  /** Reads the run's records. No content of a file may keep the watch from detecting the end of the run. */
  async #readRecords({ id }: RunRow, read: (records: HeadRecords) => Promise<void>): Promise<void> {
    try {
      await read(this.#parts.records);
      this.#failedReads = 0;
    } catch (error) {
      // A temporary ledger error loses nothing: the next poll reads the same lines again.
      if ((this.#failedReads += 1) <= FAILED_READS_MAX) throw error;
      this.#deps.log.error(
        { run: id, code: systemCode(error), err: error },
        'cannot record the events of the run',
      );
    }
  }
}
