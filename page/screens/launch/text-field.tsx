import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Field } from '../../components/field.tsx';
import { change, draft } from './draft.ts';

type TextName = 'pipeline' | 'revision' | 'profile' | 'launchDirectory' | 'workDirectory';

interface TextFieldProps {
  readonly name: TextName;
  readonly label: string;
  readonly remark?: string;
  readonly hint?: ComponentChildren;
  readonly placeholder?: string;
  readonly error: string | undefined;
  /** Values that the browser suggests. */
  readonly suggestions?: readonly string[];
}

/** A field for a text of the launch form. */
export function TextField(props: TextFieldProps): JSX.Element {
  const { name, label, remark, hint, placeholder, error, suggestions = [] } = props;
  const list = useId();
  return (
    <Field label={label} remark={remark} hint={hint} error={error}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            type="text"
            class="mono"
            list={suggestions.length === 0 ? undefined : list}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            placeholder={placeholder}
            value={draft.value[name]}
            onInput={(event) => {
              change({ [name]: event.currentTarget.value });
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
