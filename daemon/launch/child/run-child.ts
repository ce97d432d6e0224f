import { errorOf } from '../../api-client/client.ts';
import { EscrowError } from '../../errors.ts';
import { runWithTimeout } from '../../system/processes/run-with-timeout.ts';
import { CHILD_MARK, childFile } from './child.ts';
import type { ChildTask, ChildTasks } from './tasks.ts';

const HEAP_MB = 192;
const OUTPUT_MAX = 8 * 1024 * 1024;

/**
 * Does a task of a launch in a child process, which is killed when its time is over. Returns undefined in that case, or if the
 * child was killed otherwise, such as for its memory. Throws the error of the task.
 */
export async function runChild<Task extends ChildTask>(
  task: Task,
  input: ChildTasks[Task]['input'],
  { env, limitMs }: { readonly env: Readonly<Record<string, string>>; readonly limitMs: number },
): Promise<ChildTasks[Task]['output'] | undefined> {
  const options = [`--max-old-space-size=${String(HEAP_MB)}`, childFile, CHILD_MARK, task];
  const { status, stdout } = await runWithTimeout(process.execPath, options, {
    ...{ env, limitMs, cwd: '/', input: JSON.stringify(input), outputMax: OUTPUT_MAX },
  });
  if (status !== 0) return undefined;
  const result = JSON.parse(stdout) as Result<Task>;
  if ('error' in result) throw errorOf(result.error);
  return result.output;
}

type Result<Task extends ChildTask> =
  { readonly output: ChildTasks[Task]['output'] } | { readonly error: object };

/** Returns the error of a child that did not answer. `what` is a clause. */
export function unanswered(what: string): EscrowError {
  return new EscrowError('launch-not-prepared', `Cannot prepare the launch: ${what}.`);
}
