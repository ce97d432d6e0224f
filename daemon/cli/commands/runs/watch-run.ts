import type { JournalEvent, RunProgress } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { print, writeJsonLine } from '../../io/output.ts';
import { runPath } from '../../io/run-path.ts';
import { showsStatusLine, StatusLine } from '../../io/status-line.ts';
import { describeProgress } from './describe-progress.ts';
import { describeStep } from './describe-step.ts';
import { eventsOfRun, lookAtRun } from './look-at-run.ts';
import { noteNamesakes } from './note-namesakes.ts';

const LOOK_EVERY_MS = 2000;

/** Prints each step of a run as a line, until the run is purged. On a terminal, the last line shows the progress. */
export async function watchRun(
  context: Context,
  wanted: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  // The plain request comes first: it starts the daemon, and fails if there is no such run.
  const run = await lookAtRun(context, wanted);
  noteNamesakes(wanted, run);
  if (json) for await (const event of eventsOfRun(context, run.id)) writeJsonLine(event);
  else if (showsStatusLine(process.env)) await watchOnTerminal(context, run.id);
  else for await (const event of eventsOfRun(context, run.id)) print(`${event.at}  ${describeStep(event)}`);
}

async function watchOnTerminal(context: Context, id: string): Promise<void> {
  const line = new StatusLine(() => lookAtProgress(context, id), LOOK_EVERY_MS);
  line.start();
  try {
    for await (const event of eventsOfRun(context, id)) {
      line.printAbove(`${localTime(event)}  ${describeStep(event)}`);
      if (event.type.startsWith('run.')) line.update();
    }
  } finally {
    line.stop();
  }
}

async function lookAtProgress(context: Context, id: string): Promise<string> {
  const daemon = await context.daemon();
  return describeProgress(await daemon.call<RunProgress>('GET', `${runPath(id)}/progress`), Date.now());
}

/** Returns the time of an event in the time zone of the terminal, as HH:MM:SS. */
function localTime({ at }: JournalEvent): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
