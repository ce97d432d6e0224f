import { socketsOf } from '../../../api-client/find-daemon.ts';
import { followEvents } from '../../../api-client/follow-events.ts';
import type { JournalEvent, Run } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { runPath } from '../../io/run-path.ts';

/** Gets a run. Retries once: if the daemon is killed while it answers, the next call starts another. */
export async function lookAtRun(context: Context, wanted: string): Promise<Run> {
  const daemon = await context.daemon();
  try {
    return await daemon.call<Run>('GET', runPath(wanted));
  } catch (error) {
    if (!(error instanceof EscrowError) || error.code !== 'daemon-unavailable') throw error;
    return daemon.call<Run>('GET', runPath(wanted));
  }
}

/** Yields the events of a run until it is purged, or until `signal` aborts. */
export async function* eventsOfRun(
  context: Context,
  id: string,
  signal?: AbortSignal,
): AsyncGenerator<JournalEvent> {
  const wake = (): Promise<Run> => lookAtRun(context, id);
  yield* followEvents(socketsOf(context.settings.paths), id, wake, signal);
}
