import type { ComponentChildren, JSX } from 'preact';
import type { ReleaseSummary } from '../../../../daemon/contract/types.ts';
import { refreshed } from '../../../api/resource.ts';
import { usePages } from '../../../api/use-pages.ts';
import { useRepeated } from '../../../api/use-repeated.ts';
import { to } from '../../../app/router.ts';
import { Listing } from '../../../components/listing.tsx';
import { Name } from '../../../components/name.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { ReleaseState } from './release-state.tsx';

const PAGE = '100';
/** Members who may not read the audit log receive no events of releases. */
const REFRESH_MS = 10_000;

interface ReleaseListProps {
  readonly label: string;
  readonly query: Readonly<Record<string, string>>;
  /** Whether all releases are of one workspace. */
  readonly isOfOneWorkspace?: boolean;
  readonly empty: ComponentChildren;
}

/** Runs that received secrets, newest first. */
export function ReleaseList({
  label,
  query,
  isOfOneWorkspace = false,
  empty,
}: ReleaseListProps): JSX.Element {
  const search = new URLSearchParams({ limit: PAGE, ...query }).toString();
  const { items, ...pages } = usePages<ReleaseSummary>('v1/releases', search, 'releases');
  useRepeated(() => refreshed('v1/releases', 'releases'), REFRESH_MS, true);
  return (
    <Listing
      label={label}
      columns={isOfOneWorkspace ? COLUMNS.filter(({ title }) => title !== 'Workspace') : COLUMNS}
      rows={items}
      keyOf={({ id }) => id}
      empty={empty}
      {...pages}
    />
  );
}

const COLUMNS: readonly Column<ReleaseSummary>[] = [
  {
    title: 'Run',
    kind: 'main',
    cell: ({ run, user }) => (
      <a class="row-link stacked" href={to(['runs', run])}>
        <Name mono>{run}</Name>
        <span class="quiet-text">
          <Name>{`by ${user}`}</Name>
        </span>
      </a>
    ),
  },
  { title: 'State', kind: 'state', cell: (release) => <ReleaseState release={release} /> },
  { title: 'Workspace', kind: 'wide', cell: ({ workspace }) => <Name>{workspace}</Name> },
  { title: 'Secrets', kind: 'widest', cell: ({ secrets }) => secrets.length },
  { title: 'Released', kind: 'wide', cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    title: 'Last report',
    kind: 'widest',
    cell: ({ reportedAt }) =>
      reportedAt === null ? <span class="quiet-text">None</span> : <Time at={reportedAt} />,
  },
];
