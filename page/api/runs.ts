import type {
  Receipt,
  Run,
  RunList,
  RunProgress,
  RunUseList,
  TaskList,
} from '../../daemon/contract/types.ts';
import { call } from './call.ts';
import { readAll } from './read-all.ts';
import { refresh, refreshed, useResource, type Loaded } from './resource.ts';
import { useRepeated } from './use-repeated.ts';

/** Interval at which the tasks of a live run are requested. */
const TASKS_MS = 3000;

/** A part of a long list. */
export interface Part {
  readonly offset: number;
  readonly limit: number;
}

/** Returns a part of the runs that match a query, with the number of all that match. */
export function useRuns(
  query: Readonly<Record<string, string>>,
  part: Part,
  delayMs?: number,
): Loaded<RunList> {
  const search = new URLSearchParams({ ...query, ...textOf(part), count: 'true' }).toString();
  return useResource(`runs?${search}`, () => call<RunList>('GET', `v1/runs?${search}`), delayMs);
}

function textOf({ offset, limit }: Part): Record<keyof Part, string> {
  return { offset: String(offset), limit: String(limit) };
}

/** Returns a run. */
export function useRun(id: string): Loaded<Run> {
  return useResource(`run/${id}`, () => call<Run>('GET', pathOf(id)));
}

/**
 * Keeps the shown tasks of a run current while it is live. The journal has no events of tasks, because a run may have thousands
 * in a second.
 */
export function useLiveTasks(id: string, isLive: boolean): void {
  const keys = ['progress', 'tasks', 'uses'].map((part) => `run/${id}/${part}`);
  useRepeated(() => refreshed(...keys), TASKS_MS, isLive);
}

/** Returns the number of tasks of a run by state and process. */
export function useProgress(id: string): Loaded<RunProgress> {
  return useResource(`run/${id}/progress`, () => call<RunProgress>('GET', `${pathOf(id)}/progress`));
}

/** Returns the receipt of a run. */
export function useReceipt(id: string): Loaded<Receipt> {
  return useResource(`run/${id}/receipt`, () => call<Receipt>('GET', `${pathOf(id)}/receipt`));
}

/** Returns a part of the tasks of a run that match a filter, with the number of all tasks by status. */
export function useTasks(
  id: string,
  filter: Readonly<Record<string, string>>,
  part: Part,
  delayMs?: number,
): Loaded<TaskList> {
  const query = new URLSearchParams({ ...filter, ...textOf(part) }).toString();
  const load = (): Promise<TaskList> => call('GET', `${pathOf(id)}/tasks?${query}`);
  return useResource(`run/${id}/tasks?${query}`, load, delayMs);
}

/** Returns which processes of a run received which of its secrets. */
export function useRunUses(id: string): Loaded<RunUseList['uses'][number][]> {
  return useResource(`run/${id}/uses`, () => readAll(`${pathOf(id)}/uses`, 'uses'));
}

/** Stops a run. */
export async function cancelRun(id: string): Promise<void> {
  await call('POST', `${pathOf(id)}/cancel`);
  refresh('runs', `run/${id}`, 'warnings');
}

/** Removes now what was delivered for an ended run. */
export async function purgeRun(id: string): Promise<Run> {
  const run = await call<Run>('POST', `${pathOf(id)}/purge`);
  refresh('runs', `run/${id}`, 'warnings');
  return run;
}

/** Verifies now that everything delivered is absent. */
export async function checkReceipt(id: string): Promise<Receipt> {
  return call<Receipt>('POST', `${pathOf(id)}/receipt`);
}

/** Returns the path of a run in the API. */
export function pathOf(id: string): string {
  return `v1/runs/${encodeURIComponent(id)}`;
}
