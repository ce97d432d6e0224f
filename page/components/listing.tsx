import type { ComponentChildren, JSX } from 'preact';
import type { Problem } from '../../daemon/contract/types.ts';
import { ShowMore } from './show-more.tsx';
import { Failure, Skeleton } from './states.tsx';
import { Table, type Column } from './table.tsx';

interface ListingProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined until they are there. */
  readonly rows: readonly Row[] | undefined;
  readonly keyOf: (row: Row) => string;
  readonly problem?: Problem | undefined;
  readonly retry?: () => void;
  /** Shown instead of an empty table. */
  readonly empty: ComponentChildren;
  /** Reads more rows. */
  readonly more?: (() => Promise<void>) | undefined;
  readonly isReading?: boolean;
}

/** A table with all its states: loading, failed, empty, and incomplete. */
export function Listing<Row>(props: ListingProps<Row>): JSX.Element {
  const { label, columns, rows, keyOf, problem, retry, empty, more, isReading = false } = props;
  return (
    <>
      {problem !== undefined && <Failure problem={problem} {...(retry === undefined ? {} : { retry })} />}
      {rows === undefined && problem === undefined && <Skeleton />}
      {rows?.length === 0 && empty}
      {rows !== undefined && rows.length > 0 && (
        <Table label={label} columns={columns} rows={rows} keyOf={keyOf} />
      )}
      <ShowMore more={more} isReading={isReading} />
    </>
  );
}
