import { followEvents } from '../client/follow-events.ts';
import { followFile } from '../client/follow-file.ts';
import type { JournalEvent, Run } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import type { Context } from './context.ts';
import { print } from './output.ts';
import { runPath } from './run-path.ts';

/** `runs logs`: what a detached run writes; of another, whose output went to its terminal, Nextflow's log. */
export async function printLogs(
  context: Context,
  wanted: string,
  { follow }: { follow?: boolean },
): Promise<void> {
  const look = async (): Promise<Run> => (await context.daemon()).call<Run>('GET', runPath(wanted));
  const run = await look();
  const path = run.outputFile ?? run.logFile;
  if (path === null)
    throw new EscrowError('not-found', `Nothing is known yet of what run ${run.id} writes.`, {
      hint: 'Nextflow has not begun its log; try again in a moment.',
    });
  const isOver = async (): Promise<boolean> => ['ended', 'purged'].includes((await look()).state);
  try {
    for await (const chunk of followFile(path, async () => follow === true && !(await isOver())))
      process.stdout.write(chunk);
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new EscrowError('not-found', `"${path}" is not there any more.`);
    throw error;
  }
}

/** `runs watch`: a line an event. */
export async function watchRun(context: Context, wanted: string): Promise<void> {
  for await (const event of eventsOf(context, wanted)) print(lineOf(event));
}

/** `runs wait`: ends as the run did. */
export async function waitForRun(context: Context, wanted: string): Promise<void> {
  for await (const { type } of eventsOf(context, wanted)) if (type === 'run.purged') break;
  const run = await (await context.daemon()).call<Run>('GET', runPath(wanted));
  process.exitCode = run.exitStatus ?? (run.outcome === 'succeeded' ? 0 : 1);
}

async function* eventsOf(context: Context, wanted: string): AsyncGenerator<JournalEvent> {
  // First by the ordinary way: it starts a daemon, and says when there is no such run.
  const { id } = await (await context.daemon()).call<Run>('GET', runPath(wanted));
  const wake = async (): Promise<Run> => (await context.daemon()).call<Run>('GET', runPath(id));
  yield* followEvents(context.settings.paths.socket, id, wake);
}

function lineOf({ at, type, data }: JournalEvent): string {
  const { outcome, evidence, target, reason } = data as Record<string, unknown>;
  const what = [outcome, evidence, target, reason].filter((part) => typeof part === 'string').join('; ');
  return `${at}  ${type.padEnd(22)}${what}`.trimEnd();
}
