import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { newestRun } from './hostile.ts';
import { until, type Sandbox } from './sandbox.ts';

const WAITING = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

/** Returns a command that reports a task with a secret, like the plugin. */
export function task(id: number, process: string, secret: string): string {
  const event = { type: 'task.submit', task: String(id), process, name: process, secrets: [secret] };
  return `printf '%s\\n' '${JSON.stringify(event)}' >>"$(dirname "$NXF_SECRETS_FILE")/events.jsonl"`;
}

/** Starts a run that does something, waits for the file `go`, and then does something else. */
export async function startWaiting(
  box: Sandbox,
  {
    before = 'true',
    after = 'true',
    options = [] as readonly string[],
    parameters = [] as readonly string[],
  } = {},
): Promise<{ readonly id: string; readonly end: () => Promise<unknown> }> {
  const started = box.start(['run', ...options, [before, WAITING, after].join('; '), ...parameters]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await until('the daemon saw the head', async () => {
    const run = await newestRun(box);
    return run.state === 'running' ? run : undefined;
  });
  const end = async (): Promise<unknown> => {
    await box.startProgram('touch', [join(box.launch, 'go')]).ended;
    return started.ended;
  };
  return { id, end };
}

/** Writes an event of a task to the events of a live run, as the plugin does. */
export function reportTask(box: Sandbox, run: string, type: string, id: number, fields: object): void {
  const event = { type: `task.${type}`, task: String(id), name: `task ${String(id)}`, ...fields };
  appendFileSync(join(box.state, 'runs', run, 'events.jsonl'), `${JSON.stringify(event)}\n`);
}
