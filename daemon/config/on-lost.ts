/**
 * How to handle a run whose head has ended while its jobs may still run. `purge-now`: remove the secrets immediately and
 * list the orphaned jobs. `cancel-jobs`: cancel the jobs, then remove the secrets. `wait`: remove the secrets when the
 * jobs have ended, at the latest after this number of seconds.
 */
export type OnLost = 'purge-now' | 'cancel-jobs' | { readonly wait: number };

const WAIT_SECONDS = 3600;

/** Parses the setting: `purge-now`, `cancel-jobs`, `wait` or `wait:SECONDS`. Returns undefined for anything else. */
export function readOnLost(text: string): OnLost | undefined {
  if (text === 'purge-now' || text === 'cancel-jobs') return text;
  const [, seconds = String(WAIT_SECONDS)] = /^wait(?::([0-9]{1,7}))?$/.exec(text) ?? [undefined, ''];
  return seconds === '' ? undefined : { wait: Number(seconds) };
}
