import type { JSX } from 'preact';
import { grouped } from '../format/counts.ts';

interface SegmentsProps<Value extends string> {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly count?: number }[];
  readonly onSelect: (value: Value) => void;
}

/** A choice of one of a few values, all of which are visible. */
export function Segments<Value extends string>(props: SegmentsProps<Value>): JSX.Element {
  const { label, value: selected, options, onSelect } = props;
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(({ value, label: text, count }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === selected}
          onClick={() => {
            onSelect(value);
          }}
        >
          {text}
          {count !== undefined && <span class="segment-count">{grouped(count)}</span>}
        </button>
      ))}
    </div>
  );
}
