import { runChild, unanswered } from './child/run-child.ts';
import type { ChildTasks } from './child/tasks.ts';

/** Time limit for reading the files of a pipeline. */
const INSPECT_MS = 30_000;

/** Reads the files of a local pipeline. Throws `launch-directory-unusable`, `launch-not-prepared`. */
export async function inspect(
  launch: ChildTasks['pipeline']['input']['launch'],
  env: Readonly<Record<string, string>>,
): Promise<ChildTasks['pipeline']['output']> {
  const { pipeline, revision, launchDirectory } = launch;
  const named = { pipeline, launchDirectory, ...(revision === undefined ? {} : { revision }) };
  const inspected = await runChild('pipeline', { launch: named }, { env, limitMs: INSPECT_MS });
  if (inspected === undefined)
    throw unanswered(`the files of "${pipeline}" were not read within ${String(INSPECT_MS / 1000)} s`);
  return inspected;
}
