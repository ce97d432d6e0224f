import type { JSX } from 'preact';
import type { JournalEvent } from '../../../daemon/contract/types.ts';
import { useState } from 'preact/hooks';
import { asProblem } from '../../api/call.ts';
import { usePages } from '../../api/use-pages.ts';
import { place, to } from '../../app/router.ts';
import { toast } from '../../app/toast-list.ts';
import { Button } from '../../components/button.tsx';
import { InTerminal } from '../../components/copy.tsx';
import { Name } from '../../components/name.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { ShowMore } from '../../components/show-more.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { commandLine } from '../../format/command.ts';
import { visibleText } from '../../format/visible-text.ts';
import { product } from '../../product.ts';
import { AuditFilters, auditQuery, clearFilters } from './audit-filters.tsx';
import { exportAudit } from './export-audit.ts';

const PAGE = '100';
const DETAILS_MAX = 2000;

/** The audit log, newest first, with filters in the address. */
export function Audit(): JSX.Element {
  const query = auditQuery(place.value.query);
  const search = new URLSearchParams({ limit: PAGE, ...query }).toString();
  const [isExporting, setExporting] = useState(false);
  const save = async (): Promise<void> => {
    setExporting(true);
    try {
      toast(await exportAudit(query));
    } catch (error) {
      toast(asProblem(error).detail, 'bad');
    }
    setExporting(false);
  };
  return (
    <>
      <ScreenHead
        title="Audit log"
        subtitle="Who changed what, and when. The log never contains secret values."
        actions={
          <Button icon="file" isBusy={isExporting} onClick={() => void save()}>
            Export
          </Button>
        }
      />
      <AuditFilters />
      <Events search={search} isFiltered={Object.keys(query).length > 0} />
      <InTerminal>{auditCommand(query)}</InTerminal>
    </>
  );
}

/** The API and the command call the filters the same. */
function auditCommand(query: Readonly<Record<string, string>>): string {
  const options = Object.entries(query).map(([name, value]) => `--${name}=${value}`);
  return commandLine('nf-escrow', 'audit', ...product().auditOptions, ...options);
}

interface EventsProps {
  readonly search: string;
  readonly isFiltered: boolean;
}

function Events({ search, isFiltered }: EventsProps): JSX.Element {
  const { items, problem, retry, more, isReading } = usePages<JournalEvent>('v1/audit', search, 'events');
  return (
    <>
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {items === undefined && problem === undefined && <Skeleton rows={8} />}
      {items?.length === 0 &&
        (isFiltered ? (
          <Empty
            icon="search"
            title="No event matches the filters"
            action={<Button onClick={clearFilters}>Clear the filters</Button>}
          />
        ) : (
          <Empty icon="audit" title="No events yet" />
        ))}
      {items !== undefined && items.length > 0 && (
        <Table label="Audit log" columns={COLUMNS} rows={items} keyOf={({ seq }) => String(seq)} />
      )}
      <ShowMore more={more} isReading={isReading} />
    </>
  );
}

const COLUMNS: readonly Column<JournalEvent>[] = [
  {
    title: 'Event',
    kind: 'main',
    cell: ({ type, data }) => (
      <span class="stacked">
        <Name mono>{type}</Name>
        <span class="quiet-text details">{visibleText(detailsOf(data), DETAILS_MAX)}</span>
      </span>
    ),
  },
  { title: 'Time', kind: 'time', cell: ({ at }) => <Time at={at} /> },
  {
    title: 'User',
    kind: 'wide',
    cell: ({ by }) => (by === null ? <span class="quiet-text">The daemon</span> : <Name>{by}</Name>),
  },
  {
    title: 'Run',
    kind: 'wide',
    cell: ({ run }) =>
      run === null ? (
        '–'
      ) : (
        <a href={to(['runs', run])}>
          <Name mono>{run}</Name>
        </a>
      ),
  },
];

/** Returns the details of an event: texts, and the names in lists. */
function detailsOf(data: object): string {
  return Object.entries(data)
    .filter(([, value]: [string, unknown]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]: [string, unknown]) => `${key}: ${shown(value)}`)
    .join(' · ');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(shown).join(', ');
  const { name } = value as { readonly name?: unknown };
  return typeof name === 'string' ? name : JSON.stringify(value);
}
