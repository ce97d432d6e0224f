import type { RunProgress, TaskCounts } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';

/** Limit of processes, as in the contract. Tasks can forge names of processes, one per task. */
const LISTED = 200;

/** The state that the API reports, by Nextflow's status. A trace can contain any other text, which is not counted. */
const STATES = {
  NEW: 'waiting',
  SUBMITTED: 'waiting',
  RUNNING: 'running',
  COMPLETED: 'completed',
  CACHED: 'cached',
  FAILED: 'failed',
  ABORTED: 'aborted',
} as const satisfies Readonly<Record<string, keyof TaskCounts>>;
type Status = keyof typeof STATES;
const STATUSES = Object.keys(STATES) as Status[];
const NONE: Readonly<TaskCounts> = { waiting: 0, running: 0, completed: 0, cached: 0, failed: 0, aborted: 0 };

interface Group {
  readonly name: string | null;
  /** The id of its first task. */
  readonly first: string | null;
  readonly tasks: TaskCounts;
}

/**
 * Counts the tasks of a run by process and state. Reads an index only, and stops after the rows of as many processes as are
 * listed.
 */
export async function countByProcess(
  db: Queries,
  run: string,
): Promise<Pick<RunProgress, 'processes' | 'hasMoreProcesses'>> {
  const rows = await db
    .selectFrom('tasks')
    .select((select) => [
      'process',
      'status',
      select.fn.countAll<number>().as('count'),
      select
        .selectFrom('tasks as first')
        .select('first.task_id')
        .where('first.run_id', '=', run)
        .whereRef('first.process', '=', 'tasks.process')
        .orderBy('first.id_length')
        .orderBy('first.task_id')
        .limit(1)
        .as('first'),
    ])
    .where('run_id', '=', run)
    .where('status', 'in', STATUSES)
    .groupBy(['process', 'status'])
    .orderBy('process')
    .limit((LISTED + 1) * STATUSES.length)
    .execute();
  const groups = new Map<string | null, Group>();
  for (const { process: name, status, count, first } of rows) {
    const { tasks } = groups.get(name) ?? { tasks: NONE };
    const state = STATES[status as Status];
    groups.set(name, { name, first, tasks: { ...tasks, [state]: tasks[state] + count } });
  }
  const listed = [...groups.values()].slice(0, LISTED);
  return {
    processes: listed.sort(byFirstTask).map(({ name, tasks }) => ({ name, tasks })),
    hasMoreProcesses: groups.size > LISTED,
  };
}

/** Compares in the order of task ids: shorter ones come first. */
function byFirstTask({ first: one }: Group, { first: other }: Group): number {
  if (one === null || other === null) return (one === null ? 1 : 0) - (other === null ? 1 : 0);
  return one.length - other.length || (one < other ? -1 : 1);
}
