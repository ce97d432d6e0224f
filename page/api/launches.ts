import type { Launch, LaunchPreview, LaunchRequest, ParameterSchema } from '../../daemon/contract/types.ts';
import { call } from './call.ts';
import { refresh, useResource, type Resource } from './resource.ts';

/** The pipeline whose parameters are described. */
export interface AskedPipeline {
  readonly pipeline: string;
  readonly launchDirectory: string;
  readonly revision?: string;
  readonly computeEnvironment?: string;
}

/** Returns the schema of the parameters of a pipeline. Undefined while no pipeline is known. */
export function useParameterSchema(
  asked: AskedPipeline | undefined,
): Resource<ParameterSchema | undefined> & { retry: () => void } {
  const query = asked === undefined ? undefined : new URLSearchParams({ ...asked }).toString();
  return useResource(`launch/parameters?${query ?? ''}`, async () =>
    query === undefined ? undefined : call<ParameterSchema>('GET', `v1/launches/parameters?${query}`),
  );
}

/** Returns what a launch would do. */
export async function previewLaunch(body: LaunchRequest): Promise<LaunchPreview> {
  return call<LaunchPreview>('POST', 'v1/launches?preview=true', { body });
}

/** Starts a run. A repetition with the same key starts no second run. */
export async function startLaunch(body: LaunchRequest, key: string): Promise<Launch> {
  const headers = { 'idempotency-key': key };
  const launch = await call<Launch>('POST', 'v1/launches', { body, headers });
  refresh('runs');
  return launch;
}
