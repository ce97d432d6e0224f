import type { ComputeEnvironment } from '../contract/types.ts';
import type { Client } from './client.ts';
import { readAll } from './read-all.ts';

/** Returns all compute environments. */
export async function readComputeEnvironments(client: Client): Promise<ComputeEnvironment[]> {
  return readAll<ComputeEnvironment>(client, '/v1/compute-envs', 'computeEnvironments');
}
