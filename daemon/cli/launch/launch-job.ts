import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { followFile } from '../io/follow-file.ts';
import { exitStatusOfSignal } from './run-in-foreground.ts';
import { submitHead } from './submit-head.ts';
import type { Run, RunStart } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { print, printJson, show, warn } from '../io/output.ts';
import { runPath } from '../io/run-path.ts';
import { tellExposures } from './tell-exposures.ts';

const LOOK_EVERY_MS = 500;

/**
 * Has the head of a run become a job of the scheduler and, unless it is detached, shows what it writes and waits for its
 * end. Gives nextflow's exit status. Signals that mean nextflow cancel the job, and a second one ends the waiting for that;
 * when the terminal goes, the job goes on.
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
    else print(`Run ${id} is ${job}. Its output: nf-escrow runs logs -f ${id}`);
    return 0;
  }
  warn(`run ${id} is ${job}; Ctrl-C cancels it`);
  let asked: NodeJS.Signals | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (asked !== undefined) {
        warn(`not waited for any more; whether job and run are over: nf-escrow runs show ${id}`);
        process.exit(exitStatusOfSignal(name));
      }
      asked = name;
      daemon.call('POST', `${runPath(id)}/cancel`).catch(() => undefined); // asked again by whoever looks at it next
    });
  const ended = await followJob(context, id, run.outputFile);
  await tellExposures(await context.daemon(), ended, warn);
  return (
    ended.exitStatus ??
    (asked === undefined ? (ended.outcome === 'succeeded' ? 0 : 1) : exitStatusOfSignal(asked))
  );
}

/** Shows the job's output from when it begins to write until the run is over. */
async function followJob(context: Context, id: string, output: string | null): Promise<Run> {
  const look = async (): Promise<Run> => (await context.daemon()).call<Run>('GET', runPath(id));
  let run = await look();
  const isOver = (): boolean => run.state === 'ended' || run.state === 'purged';
  while (!isOver() && !(output !== null && existsSync(output))) {
    await sleep(LOOK_EVERY_MS);
    run = await look();
  }
  if (output !== null && existsSync(output)) {
    const goesOn = async (): Promise<boolean> => {
      run = await look();
      return !isOver();
    };
    await show(followFile(output, goesOn));
  }
  return run;
}
