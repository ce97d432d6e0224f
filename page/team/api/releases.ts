import type { ReleaseList, ReleaseReceipt, ReleaseSummary } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource, type Loaded } from '../../api/resource.ts';
import type { SecretPlace } from '../../api/secrets.ts';
import { pathOf } from './send-change.ts';

type Query = Readonly<Record<string, string>>;

/** Returns the first releases that match a query. */
export function useReleases(query: Query, limit = 100): Loaded<ReleaseList> {
  const search = new URLSearchParams({ ...query, limit: String(limit) }).toString();
  return useResource(`releases/first?${search}`, () => call<ReleaseList>('GET', `v1/releases?${search}`));
}

/** Returns what was delivered to a run, and how its removal was verified. */
export function useReleaseReceipt(release: string): Loaded<ReleaseReceipt> {
  return useResource(`releases/receipt/${release}`, () =>
    call<ReleaseReceipt>('GET', pathOf('releases', release, 'receipt')),
  );
}

/** Returns the query of the releases that contain a secret of a workspace. */
export function releasesOf({ workspace = '' }: SecretPlace, secret: string): Query {
  return { workspace, secret };
}

/** Returns the number of runs that have a secret of a workspace, and whose removal was not reported yet. */
export async function countReleases(place: SecretPlace, name: string): Promise<number> {
  if (place.workspace === undefined) return 0; // no release contains own secrets
  const query = { ...releasesOf(place, name), removal: 'pending' };
  return (await readAll<ReleaseSummary>('v1/releases', 'releases', query)).length;
}
