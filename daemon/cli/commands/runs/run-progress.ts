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

/** `runs logs`: what a detached run writes; of another, whose output went to its terminal, Nextflow's log. */
export async function printLogs(
  context: Context,
  wanted: string,
  { follow }: { follow?: boolean },
): Promise<void> {
  const run = await lookAt(context, wanted);
  noteNamesakes(wanted, run);
  const path = run.outputFile ?? run.logFile;
  if (path === null)
    throw new EscrowError('not-found', `Nothing is known yet of what run ${run.id} writes.`, {
      hint: 'Nextflow has not begun its log; try again in a moment.',
    });
  const isOver = async (): Promise<boolean> =>
    ['ended', 'purged'].includes((await lookAt(context, run.id)).state);
  try {
    await show(followFile(path, async () => follow === true && !(await isOver())));
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new EscrowError('not-found', `"${path}" is not there any more.`);
    throw error;
  }
}

/** `runs watch`: a line an event. */
export async function watchRun(context: Context, wanted: string): Promise<void> {
  // First by the ordinary way: it starts a daemon, and says when there is no such run.
  const run = await lookAt(context, wanted);
  noteNamesakes(wanted, run);
  for await (const event of eventsOf(context, run.id)) print(lineOf(event));
}

/** `runs wait`: ends as the run did. */
export async function waitForRun(context: Context, wanted: string): Promise<void> {
  const { id, namesakes = [] } = await lookAt(context, wanted);
  assertOneRun(wanted, id, namesakes);
  for await (const { type } of eventsOf(context, id)) if (type === 'run.purged') break;
  const run = await lookAt(context, id);
  process.exitCode = run.exitStatus ?? (run.outcome === 'succeeded' ? 0 : 1);
}

/** A daemon that is killed as it answers is replaced by the next call: once more, then. */
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

/** The one of the daemon's sockets that is there. */
function socketOf({ settings: { paths } }: Context): string {
  return existsSync(paths.socket) ? paths.socket : (paths.stateSocket ?? paths.socket);
}
