import { authorizeRequest } from '../access/authorize.ts';
import { sizeOfNewest } from '../access/limits/assert-room.ts';
import { countRate } from '../access/limits/count-rate.ts';
import type { TeamLimits } from '../access/limits/team-limits.ts';
import { keyOf, type Principal } from '../access/principal.ts';
import type { ReleaseRequest } from '../contract/types.ts';
import type { Ledger } from '../ledger/ledger.ts';

/**
 * Counts a release of a principal who may request it, by its cost too, so that one launcher cannot occupy a replica. A repeated
 * request is encrypted again, and counts again. Throws `limit-exceeded` and the errors of `authorize`.
 */
export async function countRelease(
  ledger: Ledger,
  limits: TeamLimits,
  by: Principal,
  { workspace, secrets }: Pick<ReleaseRequest, 'workspace' | 'secrets'>,
): Promise<void> {
  if (by.kind === 'machine') return;
  const granted = await authorizeRequest(ledger.db, by, 'releases:create', { workspace });
  const scope = granted.workspace?.id ?? '';
  const detail = `Cannot release secrets of workspace ${workspace}`;
  const own = { subject: keyOf(by), detail };
  await countRate(ledger, limits, { ...own, limit: 'releasesPerMinute', amount: 1 });
  const shared = { subject: scope, detail };
  await countRate(ledger, limits, { ...shared, limit: 'workspaceReleasesPerMinute', amount: 1 });
  const names = secrets.map(({ name }) => name);
  const amount = await sizeOfNewest(ledger.db, scope, names);
  await countRate(ledger, limits, { ...own, limit: 'releaseBytesPerMinute', amount });
}
