import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { Cells, TableHead, type Column } from './table.tsx';
import { useTurn } from './use-turn.ts';
import { useVisibleBlocks } from './use-visible-blocks.ts';

/** Rows that are requested together. */
export const BLOCK = 20;
/** Rows that appear in the same frame. More take longer than a frame. */
const GROUP = 5;
/** Time after which a block is requested that appears during a jump: dragging the scroll bar passes many. */
const JUMP_MS = 120;
/** Height of a row in pixels. The style sheet has the same value. */
const ROW_HEIGHT = 52;

interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Number of all rows. */
  readonly count: number;
  readonly keyOf: (row: Row) => string;
  /** Hook that requests the rows of a block; undefined until they are there. */
  readonly useRows: (offset: number, delayMs: number) => readonly Row[] | undefined;
}

/**
 * A table of any number of rows, of which only those near the window exist. The others are empty space of the same height.
 * Screen readers announce the position of each row and the number of all rows.
 */
export function VirtualTable<Row>({ count, ...table }: VirtualTableProps<Row>): JSX.Element {
  const frame = useRef<HTMLTableElement>(null);
  const blocks = Math.ceil(count / BLOCK);
  const { first, last, isJump } = useVisibleBlocks(frame, blocks, BLOCK * ROW_HEIGHT);
  const [focused, setFocused] = useState<number>();
  const shown = new Set(Array.from({ length: last - first + 1 }, (_, index) => first + index));
  // Otherwise the focus would be lost when its row is scrolled away.
  if (focused !== undefined && focused < blocks) shown.add(focused);
  const parts: JSX.Element[] = [];
  let next = 0;
  for (const block of [...shown].sort((one, other) => one - other)) {
    if (block > next) parts.push(<Space key={`before ${String(block)}`} rows={(block - next) * BLOCK} />);
    parts.push(
      <Block
        key={block}
        {...table}
        offset={block * BLOCK}
        size={Math.min(BLOCK, count - block * BLOCK)}
        delayMs={isJump ? JUMP_MS : 0}
      />,
    );
    next = block + 1;
  }
  if (next * BLOCK < count) parts.push(<Space key="after" rows={count - next * BLOCK} />);
  return (
    <div class="table-frame virtual">
      <table
        ref={frame}
        aria-label={table.label}
        aria-rowcount={count + 1}
        onFocusIn={({ target }) => {
          const index = indexOf(target);
          setFocused(index === undefined ? undefined : Math.floor(index / BLOCK));
        }}
        onFocusOut={() => {
          setFocused(undefined);
        }}
        onKeyDown={moveToRow}
      >
        <TableHead columns={table.columns} rowIndex={1} />
        {parts}
      </table>
    </div>
  );
}

interface BlockProps<Row> extends Omit<VirtualTableProps<Row>, 'count'> {
  readonly offset: number;
  readonly size: number;
  readonly delayMs: number;
}

/** The rows of a block, in groups that appear in turn. */
function Block<Row>({ offset, size, delayMs, useRows, ...table }: BlockProps<Row>): JSX.Element {
  const rows = useRows(offset, delayMs);
  return (
    <>
      {Array.from({ length: Math.ceil(size / GROUP) }, (_, index) => (
        <Group
          key={index}
          {...table}
          rows={rows}
          from={index * GROUP}
          size={Math.min(GROUP, size - index * GROUP)}
          rowIndex={offset + index * GROUP + 2}
        />
      ))}
    </>
  );
}

interface GroupProps<Row> extends Pick<VirtualTableProps<Row>, 'columns' | 'keyOf'> {
  /** The rows of the block. */
  readonly rows: readonly Row[] | undefined;
  readonly from: number;
  readonly size: number;
  /** Position of the first row in the table, for screen readers. */
  readonly rowIndex: number;
}

/** Some rows of a block. Before their turn, one element takes their place. */
function Group<Row>({ columns, keyOf, rows, from, size, rowIndex }: GroupProps<Row>): JSX.Element {
  const isShown = useTurn(rows !== undefined);
  // The same element again is not compared with its rows, while other blocks appear and disappear.
  return useMemo(
    () =>
      isShown && rows !== undefined ? (
        <tbody style={heightOf(size)}>
          {rows.slice(from, from + size).map((row, index) => (
            <tr key={keyOf(row)} aria-rowindex={rowIndex + index}>
              <Cells columns={columns} row={row} />
            </tr>
          ))}
        </tbody>
      ) : (
        <tbody class="space pending" aria-busy="true" style={heightOf(size)} />
      ),
    [columns, rows, isShown, from, size, rowIndex],
  );
}

function Space({ rows }: { readonly rows: number }): JSX.Element {
  return <tbody aria-hidden="true" class="space" style={heightOf(rows)} />;
}

function heightOf(rows: number): { readonly height: string } {
  return { height: `${String(rows * ROW_HEIGHT)}px` };
}

/** Returns the index of the row that contains an element. */
function indexOf(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest('tbody tr[aria-rowindex]') : null;
  return row === null ? undefined : Number(row.getAttribute('aria-rowindex')) - 2;
}

/** Moves the focus from the link of a row to that of the next or the previous one. */
function moveToRow(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const { target } = event;
  if (step === undefined || !(target instanceof Element) || !target.matches('.row-link')) return;
  const row = (indexOf(target) ?? 0) + 2 + step;
  const link = target
    .closest('table')
    ?.querySelector<HTMLElement>(`tr[aria-rowindex="${String(row)}"] .row-link`);
  event.preventDefault();
  link?.focus();
}
