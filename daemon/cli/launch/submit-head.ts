import type { Run, RunStart } from '../../contract/types.ts';
import type { Client } from '../../api-client/client.ts';
import { writeHeadEnvironment } from '../../launch/write-head-environment.ts';

/** Submits a run's head as a job with the caller's environment. */
export async function submitHead(
  daemon: Client,
  run: string,
  start: NonNullable<RunStart['start']>,
): Promise<Run> {
  writeHeadEnvironment(start, process.env);
  return daemon.call<Run>('POST', `/v1/runs/${run}/submit`, { arguments: start.arguments });
}
