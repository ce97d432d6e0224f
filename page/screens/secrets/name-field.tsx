import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { whyInvalid } from '../../../daemon/contract/secret-name-rule.ts';
import { Field } from '../../components/field.tsx';

interface NameFieldProps {
  readonly name: string;
  /** Whether the person tried to save. */
  readonly isTried: boolean;
  readonly onChange: (name: string) => void;
}

/** A field for the name of a secret. It reports an error at once only if more typing cannot correct it. */
export function NameField({ name, isTried, onChange }: NameFieldProps): JSX.Element {
  const [isDone, setDone] = useState(false);
  const reason = whyInvalid(name);
  const isShown = isTried || (name !== '' && (isDone || !canBecomeValid(name)));
  return (
    <Field
      label="Name"
      error={reason !== undefined && isShown ? `Invalid name: ${reason}.` : undefined}
      hint="Letters, digits and single underscores, as Nextflow requires."
    >
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          class="mono"
          data-first
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder="DB_PASSWORD"
          value={name}
          onBlur={() => {
            setDone(name !== '');
          }}
          onInput={(event) => {
            onChange(event.currentTarget.value);
          }}
        />
      )}
    </Field>
  );
}

function canBecomeValid(name: string): boolean {
  return /^[A-Za-z_]\w{0,49}$/.test(name) && !name.includes('__');
}
