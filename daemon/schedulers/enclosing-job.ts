import type { Environment } from '../config/paths.ts';
import type { EnclosingJob } from '../contract/types.ts';
import { definitions } from './registry.ts';

/**
 * Returns the job that an environment describes. Schedulers set its variables for everything in a job, and also for a shell
 * that was opened within one, such as by salloc.
 */
export function enclosingJob(env: Environment): EnclosingJob | undefined {
  for (const { executor, jobId, readJob } of definitions) {
    const { id, restarts } = readJob(env);
    if (id !== undefined && jobId.test(id)) return { executor, id, restarts: readCount(restarts) };
  }
  return undefined;
}

/** Returns the host from which the enclosing job was submitted. A daemon may run there. */
export function submitHost(env: Environment): string {
  for (const { readSubmitHost } of definitions) {
    const host = readSubmitHost(env);
    if (host !== undefined) return host;
  }
  return 'the login node';
}

function readCount(text: string | null): number | null {
  return text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
}
