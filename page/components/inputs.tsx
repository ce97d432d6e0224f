import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Field } from './field.tsx';

interface InputProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly value: string;
  readonly placeholder?: string;
  /** Whether it gets the focus when the dialog opens. */
  readonly isFirst?: boolean;
  /** Values that the browser suggests. */
  readonly suggestions?: readonly string[];
  readonly onChange: (value: string) => void;
}

/** A field for a name or another short text. */
export function Input(props: InputProps): JSX.Element {
  const { label, hint, error, value, placeholder, isFirst = false, suggestions = [], onChange } = props;
  const list = useId();
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            type="text"
            class="mono"
            {...(isFirst ? { 'data-first': true } : {})}
            list={suggestions.length === 0 ? undefined : list}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            placeholder={placeholder}
            value={value}
            onInput={(event) => {
              onChange(event.currentTarget.value);
            }}
          />
          {suggestions.length > 0 && (
            <datalist id={list}>
              {suggestions.map((text) => (
                <option key={text} value={text} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChange: (value: Value) => void;
}

/** A field for one of several values. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): JSX.Element {
  const { label, hint, value, options, onChange } = props;
  return (
    <Field label={label} hint={hint}>
      {(attributes) => (
        <select
          {...attributes}
          value={value}
          onChange={(event) => {
            const chosen = options.find((one) => one.value === event.currentTarget.value);
            if (chosen !== undefined) onChange(chosen.value);
          }}
        >
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckboxProps {
  readonly label: ComponentChildren;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

/** A field for yes or no. */
export function Checkbox({ label, isChecked, onChange }: CheckboxProps): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isChecked}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
        }}
      />
      {label}
    </label>
  );
}
