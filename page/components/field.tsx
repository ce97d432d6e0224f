import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

/** Attributes that connect a control with its label and its texts. */
export interface FieldAttributes {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

interface FieldProps {
  readonly label: string;
  /** A short remark next to the label, such as "Required". */
  readonly remark?: string | undefined;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly children: (attributes: FieldAttributes) => ComponentChildren;
}

/** A control with its label, a hint, and the error of its value. The layout reserves the space of the error. */
export function Field({ label, remark, hint, error, children }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label}
        {remark !== undefined && <span class="remark">{remark}</span>}
      </label>
      {children({ id, 'aria-describedby': `${id}-text`, 'aria-invalid': error !== undefined })}
      <div
        id={`${id}-text`}
        class={error === undefined ? 'field-text' : 'field-text bad-text'}
        aria-live="polite"
      >
        {error ?? hint}
      </div>
    </div>
  );
}

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
}

/** A field that filters a list. `/` focuses it, Escape empties it. */
export function Search({ label, value, onInput }: SearchProps): JSX.Element {
  return (
    <div class="search">
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          onInput(event.currentTarget.value);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}
