import type { JSX } from 'preact';
import { place, setQuery } from '../../../app/router.ts';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Segments } from '../../../components/segments.tsx';
import { Empty, Note } from '../../../components/states.tsx';
import { ReleaseList } from './release-list.tsx';

const SEGMENTS = [
  { value: 'overdue', label: 'Needs attention' },
  { value: 'pending', label: 'All, with live runs' },
] as const;

/** Runs of the whole team whose daemons did not report yet that the secrets are removed. */
export function Removals(): JSX.Element {
  const removal = place.value.query.get('show') === 'pending' ? 'pending' : 'overdue';
  return (
    <>
      <ScreenHead
        title="Pending removals"
        subtitle="Runs of all your workspaces whose daemons did not report yet that the secrets are removed."
      />
      <div class="toolbar">
        <Segments
          label="Removals to show"
          value={removal}
          options={SEGMENTS}
          onSelect={(value) => {
            setQuery({ show: value === 'overdue' ? undefined : value });
          }}
        />
      </div>
      {removal === 'overdue' && (
        <Note tone="accent">
          The run has ended, or its daemon has never reported. Ask the user to start the daemon, which retries
          the removal: <code>nf-escrow daemon start</code>. If the host is lost, rotate the secrets of the
          run.
        </Note>
      )}
      <ReleaseList
        label="Pending removals"
        query={{ removal }}
        empty={<Empty icon="shield" title="No pending removals" />}
      />
    </>
  );
}
