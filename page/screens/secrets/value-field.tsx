import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Field } from '../../components/field.tsx';
import { VALUE_MAX } from '../../../daemon/contract/value-size.ts';
import { bytes as size } from '../../format/counts.ts';
import { FileButton } from './file-button.tsx';
import { SecretText } from './secret-text.tsx';
import { useChosenFile } from './use-chosen-file.ts';
import { ValueWarnings } from './value-warnings.tsx';

interface ValueFieldProps {
  readonly value: Uint8Array | undefined;
  readonly onChange: (value: Uint8Array | undefined) => void;
  /** Why the value cannot be saved, after an attempt to save it. */
  readonly error: string | undefined;
  readonly hasFocus: boolean;
}

/** Larger files are not read. They are never values. */
const FILE_MAX = 1_048_576;
const HINT = 'Stored encrypted. After you save the value, this page cannot show it again.';

/** A field for a value, typed or from a file. */
export function ValueField({ value, onChange, error, hasFocus }: ValueFieldProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const tooLarge = (found: number): string =>
    `The size of the file is ${size(found)}. The maximum size of a value is ${size(VALUE_MAX)}.`;
  const file = useChosenFile(FILE_MAX, tooLarge, onChange);
  const hint = value === undefined ? HINT : `${size(value.length)}. Tasks receive exactly these bytes.`;
  return (
    <>
      <Field label="Value" error={file.error ?? error} hint={hint}>
        {(attributes) => (
          <SecretText
            attributes={attributes}
            area={area}
            word="value"
            rows={4}
            hasFocus={hasFocus}
            file={file.name}
            onInput={onChange}
            onFile={(chosen) => void file.take(chosen)}
            onDiscard={file.discard}
          />
        )}
      </Field>
      <div class="value-below" aria-live="polite">
        {value !== undefined && (
          <ValueWarnings
            value={value}
            onChange={(changed) => {
              if (area.current !== null) area.current.value = new TextDecoder().decode(changed);
              onChange(changed);
            }}
          />
        )}
        {file.name === undefined && value === undefined && (
          <FileButton label="File with the value" onChoose={(chosen) => void file.take(chosen)} />
        )}
      </div>
    </>
  );
}
