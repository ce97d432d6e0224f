import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { followFile } from '../io/follow-file.ts';
import { exitStatusOfSignal } from './run-in-foreground.ts';
import { submitHead } from './submit-head.ts';
import type { Run, RunStart } from '../../contract/types.ts';
import { isIgnored } from '../../system/processes/ignored-signals.ts';
import type { Context } from '../context.ts';
import { print, printJson, show, warn } from '../io/output.ts';
import { runPath } from '../io/run-path.ts';
import { tellExposures } from './tell-exposures.ts';

const LOOK_EVERY_MS = 500;

/**
 * Submits the head of a run as a scheduler job. Unless the run is detached, prints the job's output and waits for its end.
 * Returns nextflow's exit status. SIGINT and SIGTERM cancel the job; a second signal stops waiting for the cancellation. The
 * job continues when the terminal is closed.
 */
export async function launchJob(
  context: Context,
  { id }: Run,
  start: NonNullable<RunStart['start']>,
  { detach, json }: { readonly detach: boolean; readonly json: boolean },
): Promise<number> {
  const daemon = await context.daemon();
  const run = await submitHead(daemon, id, start);
  const job = run.headJob === null ? '?' : `${run.headJob.executor} job ${run.headJob.id ?? '?'}`;
  if (detach) {
    if (json) printJson(run);
    else print(`Run ${id} is ${job}. Show its output with: nf-escrow runs logs -f ${id}`);
    return 0;
  }
  warn(`run ${id} is ${job}. Press Ctrl-C to cancel it.`);
  let asked: NodeJS.Signals | undefined;
  for (const name of (['SIGINT', 'SIGTERM'] as const).filter((one) => !isIgnored(one)))
    process.on(name, () => {
      if (asked !== undefined) {
        warn(`stopped waiting. Check whether job and run have ended with: nf-escrow runs show ${id}`);
        process.exit(exitStatusOfSignal(name));
      }
      asked = name;
      daemon.call('POST', `${runPath(id)}/cancel`).catch(() => undefined); // the wait continues; a second signal ends it
    });
  const ended = await followJob(context, id, run.outputFile);
  await tellExposures(await context.daemon(), ended, warn);
  return (
    ended.exitStatus ??
    (asked === undefined ? (ended.outcome === 'succeeded' ? 0 : 1) : exitStatusOfSignal(asked))
  );
}

/** Prints the job's output until the run has ended. */
async function followJob(context: Context, id: string, output: string | null): Promise<Run> {
  const look = async (): Promise<Run> => (await context.daemon()).call<Run>('GET', runPath(id));
  let run = await look();
  const isOver = (): boolean => run.state === 'ended' || run.state === 'purged';
  while (!isOver() && !(output !== null && existsSync(output))) {
    await sleep(LOOK_EVERY_MS);
    run = await look();
  }
  if (output !== null && existsSync(output)) {
    const isGrowing = async (): Promise<boolean> => {
      run = await look();
      return !isOver();
    };
    await show(followFile(output, isGrowing));
  }
  return run;
}
