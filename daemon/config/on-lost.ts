/**
 * What becomes of a run's secrets when its head is gone and jobs of it may live on: they go at once, and the jobs are
 * named; the jobs are cancelled, and then they go; or they wait for the jobs, for so many seconds at most.
 */
export type OnLost = 'purge-now' | 'cancel-jobs' | { readonly wait: number };

const WAIT_SECONDS = 3600;

/** As the setting says it: `purge-now`, `cancel-jobs`, `wait` or `wait:SECONDS`. Undefined for anything else. */
export function readOnLost(text: string): OnLost | undefined {
  if (text === 'purge-now' || text === 'cancel-jobs') return text;
  const [, seconds = String(WAIT_SECONDS)] = /^wait(?::([0-9]{1,7}))?$/.exec(text) ?? [undefined, ''];
  return seconds === '' ? undefined : { wait: Number(seconds) };
}
