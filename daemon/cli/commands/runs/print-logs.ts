import { setTimeout as sleep } from 'node:timers/promises';
import { socketsOf } from '../../../api-client/find-daemon.ts';
import { readLog, type ReceivedLog } from '../../../api-client/read-log.ts';
import type { Run } from '../../../contract/types.ts';
import { EscrowError, systemCode } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { followFile } from '../../io/follow-file.ts';
import { show, warn } from '../../io/output.ts';
import { lookAtRun } from './look-at-run.ts';
import { noteNamesakes } from './note-namesakes.ts';

const LOOK_EVERY_MS = 200;
/** Number of further requests after an answer that was interrupted. */
const RETRIES_MAX = 4;
const NOTES: Readonly<Record<ReceivedLog['redaction'], string | undefined>> = {
  complete: undefined,
  partial: 'this output is not completely masked: it may contain values of secrets',
  none: 'this output is not masked: it was not searched for values of secrets',
};

/**
 * Prints the output of a detached run, or Nextflow's log for a run whose output went to a terminal. The daemon, which knows the
 * values, redacts it.
 */
export async function printLogs(
  context: Context,
  wanted: string,
  { follow }: { follow?: boolean },
): Promise<void> {
  const run = await lookAtRun(context, wanted);
  noteNamesakes(wanted, run);
  const isGrowing = async (): Promise<boolean> =>
    follow === true && !['ended', 'purged'].includes((await lookAtRun(context, run.id)).state);
  const startDaemon = async (): Promise<void> => {
    await lookAtRun(context, run.id).catch(ignoreUnavailable);
  };
  await show(redactedLog(context, run, isGrowing, startDaemon));
}

async function* redactedLog(
  context: Context,
  run: Run,
  isGrowing: () => Promise<boolean>,
  startDaemon: () => Promise<void>,
): AsyncGenerator<Buffer> {
  const sockets = socketsOf(context.settings.paths);
  let [position, noted] = [0, 'complete'];
  for (let more = true, failures = 0; ;) {
    const before = position;
    try {
      const log = await readLog(sockets, run.id, position);
      if (log === undefined) throw notAnswered(run);
      if (log.redaction !== noted) {
        noted = log.redaction;
        const note = NOTES[log.redaction];
        if (note !== undefined) warn(note);
      }
      for await (const chunk of log.chunks) {
        position += chunk.length;
        yield chunk;
      }
      failures = 0;
      if (position > before) continue;
      if (!more) return;
      // Called before the last read, so that everything written until then is read.
      more = await isGrowing();
    } catch (error) {
      // The daemon was killed while it answered, runs on another host, or rejects the request.
      if (isRejected(error) || (failures >= RETRIES_MAX && position > 0)) throw error;
      if (failures >= RETRIES_MAX) {
        yield* unredacted(run, isGrowing);
        return;
      }
      failures += 1;
      await startDaemon();
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** A daemon that was killed may need more than one request until another one has started. */
function ignoreUnavailable(error: unknown): void {
  if (isRejected(error)) throw error;
}

function notAnswered({ id }: Run): EscrowError {
  return new EscrowError(
    'daemon-unavailable',
    `Cannot show the log of run ${id}: the daemon does not answer.`,
  );
}

/** Whether the daemon answered with an error. Errors of the connection have the code `daemon-unavailable`, or none of ours. */
function isRejected(error: unknown): boolean {
  return error instanceof EscrowError && error.code !== 'daemon-unavailable';
}

/**
 * Yields the log as it is. The daemon is on another host, and a log must not travel through files. Only the user can read the
 * file.
 */
async function* unredacted(run: Run, isGrowing: () => Promise<boolean>): AsyncGenerator<Buffer> {
  const { id, outputFile, logFile } = run;
  const path = outputFile ?? logFile;
  if (path === null) throw notAnswered(run);
  warn('this output is not masked: the daemon runs on another host');
  try {
    yield* followFile(path, isGrowing);
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new EscrowError('log-not-found', `Cannot show the log of run ${id}: "${path}" does not exist.`);
    throw error;
  }
}
