import type { ExposureList, Run, RunList } from '../../daemon/contract/types.ts';
import { call } from './call.ts';
import { useResource } from './resource.ts';

/** Runs of which a person has to know wherever they are. */
export interface Warnings {
  /** Ended runs whose secrets are not removed yet. */
  readonly ended: readonly Run[];
  readonly exposed: ExposureList;
}

const NONE: Warnings = { ended: [], exposed: { exposures: [], total: 0, runs: 0 } };

/** Returns the runs that have ended without their purge, and the exposed secrets. */
export function useWarnings(): Warnings {
  const { data = NONE } = useResource('warnings', async () => {
    const [{ runs }, exposed] = await Promise.all([
      call<RunList>('GET', 'v1/runs?state=ended&limit=100'),
      call<ExposureList>('GET', 'v1/exposures'),
    ]);
    return { ended: runs, exposed };
  });
  return data;
}
