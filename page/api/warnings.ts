import type { Exposure, ExposureList, Run, RunList } from '../../daemon/contract/types.ts';
import { call } from './call.ts';
import { useResource } from './resource.ts';

/** Runs of which a person has to know wherever they are. */
export interface Warnings {
  /** Ended runs whose secrets are not removed yet. */
  readonly ended: readonly Run[];
  readonly exposures: readonly Exposure[];
}

const NONE: Warnings = { ended: [], exposures: [] };

/** Returns the runs that have ended without their purge, and the exposed secrets. */
export function useWarnings(): Warnings {
  const { data = NONE } = useResource('warnings', async () => {
    const [{ runs }, { exposures }] = await Promise.all([
      call<RunList>('GET', 'v1/runs?state=ended&limit=100'),
      call<ExposureList>('GET', 'v1/exposures'),
    ]);
    return { ended: runs, exposures };
  });
  return data;
}
