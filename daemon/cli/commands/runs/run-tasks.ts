import type { Command } from 'commander';
import type { Client } from '../../../api-client/client.ts';
import { readPages } from '../../../api-client/read-all.ts';
import type { Task, TaskList } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { limitOf } from '../../io/limit-option.ts';
import { printJson, printNote } from '../../io/output.ts';
import { runPath } from '../../io/run-path.ts';
import { printTable, type Column } from '../../io/table.ts';
import { onRun, takesRun } from './choose-run.ts';
import { describeDuration } from './describe-duration.ts';

interface TaskOptions {
  readonly status?: string;
  readonly process?: string;
  readonly limit: string;
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  'TASK',
  { title: 'STATUS', is: 'state' },
  'PROCESS',
  { title: 'NAME', is: 'long' },
  'ATTEMPT',
  'EXIT',
  'DURATION',
];

export function addTasks(runs: Command, context: Context): void {
  takesRun(runs.command('tasks'))
    .description('List the tasks of a run, and count them by status')
    .option('--status <STATUS>', 'submitted, running, completed, failed, aborted or cached')
    .option('--process <NAME>', 'only tasks of this process (its full name)')
    .option('--limit <N>', 'maximum number of tasks', '100')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs tasks happy_euler --status failed')
    .action(onRun(context, listTasks));
}

async function listTasks(context: Context, wanted: string, options: TaskOptions): Promise<void> {
  const list = await readTasks(await context.daemon(), `${runPath(wanted)}/tasks`, options);
  if (options.json === true) {
    printJson(list);
    return;
  }
  if (list.tasks.length > 0) await printTable(COLUMNS, list.tasks.map(rowOf));
  else printNote('No tasks.');
  printNote(summaryOf(list));
}

/** Reads pages until the limit. The counts are those of the last page, which are the newest. */
async function readTasks(
  client: Client,
  path: string,
  { status, process, limit }: TaskOptions,
): Promise<TaskList> {
  const query = new URLSearchParams({
    ...(status === undefined ? {} : { status: status.toUpperCase() }),
    ...(process === undefined ? {} : { process }),
  });
  const { items: tasks, last } = await readPages<Task, TaskList>(
    client,
    `${path}?${query.toString()}`,
    'tasks',
    limitOf(limit),
  );
  return { ...last, tasks };
}

function rowOf({ taskId, status, process, name, attempt, exit, durationMs }: Task): string[] {
  return [
    taskId,
    status?.toLowerCase() ?? '-',
    process ?? '-',
    name ?? '-',
    attempt === null ? '-' : String(attempt),
    exit ?? '-',
    durationMs === null ? '-' : describeDuration(durationMs),
  ];
}

/** Returns the number of all tasks of the run, by status. */
function summaryOf({ counts, next }: TaskList): string {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  const total = present.reduce((sum, [, count]) => sum + count, 0);
  const parts = present.map(([status, count]) => `${String(count)} ${status.toLowerCase()}`);
  const more = next === undefined ? '' : ' Show more with --limit N.';
  return `All tasks of the run: ${String(total)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}.${more}`;
}
