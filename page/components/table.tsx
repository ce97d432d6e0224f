import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';

/** A column of a table of rows of one type. */
export interface Column<Row> {
  readonly title: string;
  /** `main`: the name of the row; `state`: for badges; `list`: for several names; `place`: for a workspace; `time`; `number`; `wide`, `widest`: only if the window is wide enough; `end`: for actions. */
  readonly kind?: 'main' | 'state' | 'list' | 'place' | 'time' | 'number' | 'wide' | 'widest' | 'end';
  /** Whether the title is only for screen readers. */
  readonly isTitleHidden?: boolean;
  readonly sort?: (row: Row) => string | number;
  readonly cell: (row: Row) => ComponentChildren;
}

/** The column by which a table is sorted, and whether the order is reversed. */
export interface Sorting {
  readonly by: string;
  readonly isReversed: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sorting?: Sorting;
  readonly onSort?: (sorting: Sorting) => void;
}

/** A table. Its rows are shown in their order; `sorted` sorts them. */
export function Table<Row>({ label, columns, rows, keyOf, sorting, onSort }: TableProps<Row>): JSX.Element {
  return (
    <div class="table-frame">
      <table aria-label={label}>
        <TableHead columns={columns} sorting={sorting} onSort={onSort} />
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <Cells columns={columns} row={row} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface TableHeadProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly sorting?: Sorting | undefined;
  readonly onSort?: ((sorting: Sorting) => void) | undefined;
  /** Position for screen readers, in a table whose rows do not all exist. */
  readonly rowIndex?: number;
}

/** The titles of the columns. */
export function TableHead<Row>({ columns, sorting, onSort, rowIndex }: TableHeadProps<Row>): JSX.Element {
  return (
    <thead>
      <tr aria-rowindex={rowIndex}>
        {columns.map((column) => (
          <th key={column.title} scope="col" class={column.kind} aria-sort={ariaSort(column, sorting)}>
            <Title column={column} sorting={sorting} onSort={onSort} />
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface CellsProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly row: Row;
}

/** The cells of a row. */
export function Cells<Row>({ columns, row }: CellsProps<Row>): JSX.Element {
  return (
    <>
      {columns.map((column) => (
        <td key={column.title} class={column.kind}>
          {column.cell(row)}
        </td>
      ))}
    </>
  );
}

/** Returns rows in the order of a column. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting): Row[] {
  const sort = columns.find(({ title }) => title === sorting.by)?.sort;
  if (sort === undefined) return [...rows];
  const direction = sorting.isReversed ? -1 : 1;
  return [...rows].sort((one, other) => direction * compare(sort(one), sort(other)));
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one).localeCompare(String(other), 'en');
}

interface TitleProps<Row> {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: ((sorting: Sorting) => void) | undefined;
}

function Title<Row>({ column, sorting, onSort }: TitleProps<Row>): JSX.Element {
  const { title, isTitleHidden = false, sort } = column;
  if (sort === undefined || onSort === undefined)
    return <span class={isTitleHidden ? 'hidden' : ''}>{title}</span>;
  const isCurrent = sorting?.by === title;
  const isReversed = isCurrent && !sorting.isReversed;
  return (
    <button
      type="button"
      class={isCurrent ? 'sort current' : 'sort'}
      onClick={() => {
        onSort({ by: title, isReversed });
      }}
    >
      {title}
      <span class={isCurrent && sorting.isReversed ? 'sort-mark down' : 'sort-mark'}>
        <Icon name="chevron" size={10} />
      </span>
    </button>
  );
}

function ariaSort<Row>(
  { title, sort }: Column<Row>,
  sorting?: Sorting,
): 'ascending' | 'descending' | 'none' | undefined {
  if (sort === undefined || sorting === undefined) return undefined;
  if (sorting.by !== title) return 'none';
  return sorting.isReversed ? 'descending' : 'ascending';
}
