import { existsSync } from 'node:fs';
import { followEvents } from '../../../api-client/follow-events.ts';
import { followFile } from '../../io/follow-file.ts';
import type { JournalEvent, Run } from '../../../contract/types.ts';
import { EscrowError, systemCode } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { assertOneRun } from '../../../runs/records/assert-one-run.ts';
import { print, show } from '../../io/output.ts';
import { runPath } from '../../io/run-path.ts';
import { noteNamesakes } from './note-namesakes.ts';

/** Prints the output of a detached run, or Nextflow's log for a run whose output went to a terminal. */
export async function printLogs(
  context: Context,
  wanted: string,
  { follow }: { follow?: boolean },
): Promise<void> {
  const run = await lookAt(context, wanted);
  noteNamesakes(wanted, run);
  const path = run.outputFile ?? run.logFile;
  if (path === null)
    throw new EscrowError(
      'not-found',
      `Cannot show the log of run ${run.id}: Nextflow has not created it yet.`,
      {
        hint: 'Try again in a moment.',
      },
    );
  const isOver = async (): Promise<boolean> =>
    ['ended', 'purged'].includes((await lookAt(context, run.id)).state);
  try {
    await show(followFile(path, async () => follow === true && !(await isOver())));
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new EscrowError('not-found', `Cannot show the log of run ${run.id}: "${path}" does not exist.`);
    throw error;
  }
}

/** Prints each event of a run as a line, until the run is purged. */
export async function watchRun(context: Context, wanted: string): Promise<void> {
  // The plain request comes first: it starts the daemon, and fails if there is no such run.
  const run = await lookAt(context, wanted);
  noteNamesakes(wanted, run);
  for await (const event of eventsOf(context, run.id)) print(lineOf(event));
}

/** Waits until a run is purged, and sets the run's exit status. */
export async function waitForRun(context: Context, wanted: string): Promise<void> {
  const { id, namesakes = [] } = await lookAt(context, wanted);
  assertOneRun(wanted, id, namesakes);
  for await (const { type } of eventsOf(context, id)) if (type === 'run.purged') break;
  const run = await lookAt(context, id);
  process.exitCode = run.exitStatus ?? (run.outcome === 'succeeded' ? 0 : 1);
}

/** Retries once: if the daemon is killed while it answers, the next call starts another. */
async function lookAt(context: Context, wanted: string): Promise<Run> {
  const daemon = await context.daemon();
  try {
    return await daemon.call<Run>('GET', runPath(wanted));
  } catch (error) {
    if (!(error instanceof EscrowError) || error.code !== 'daemon-unavailable') throw error;
    return daemon.call<Run>('GET', runPath(wanted));
  }
}

async function* eventsOf(context: Context, id: string): AsyncGenerator<JournalEvent> {
  const wake = (): Promise<Run> => lookAt(context, id);
  yield* followEvents(socketOf(context), id, wake);
}

function lineOf({ at, type, data }: JournalEvent): string {
  const { outcome, evidence, target, reason } = data as Record<string, unknown>;
  const what = [outcome, evidence, target, reason].filter((part) => typeof part === 'string').join('; ');
  return `${at}  ${type.padEnd(22)}${what}`.trimEnd();
}

/** Returns the daemon's socket that exists. */
function socketOf({ settings: { paths } }: Context): string {
  return existsSync(paths.socket) ? paths.socket : (paths.stateSocket ?? paths.socket);
}
