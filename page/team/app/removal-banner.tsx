import type { JSX } from 'preact';
import { place, to } from '../../app/router.ts';
import { Icon } from '../../components/icon.tsx';
import { count } from '../../format/counts.ts';
import { useReleases } from '../api/releases.ts';

/** Number of releases that are counted. */
const COUNTED = 100;

/** Warns on every screen of ended runs whose daemons did not report that the secrets are removed. */
export function RemovalBanner(): JSX.Element | null {
  const { data } = useReleases({ removal: 'overdue' }, COUNTED);
  const found = data?.releases.length ?? 0;
  if (found === 0 || place.value.path[0] === 'removals') return null;
  return (
    <div class="warning-banner warn no-print" role="alert">
      <Icon name="alert" />
      <div>
        <p class="strong">
          {data?.next === undefined ? count(found, 'run') : `More than ${String(COUNTED)} runs`} ended without
          a report that their secrets are removed.
        </p>
        <p class="links">
          <a href={to(['removals'])}>Show pending removals</a>
        </p>
      </div>
    </div>
  );
}
