import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { TextFormat } from '../../../api/import.ts';
import { Field } from '../../../components/field.tsx';
import { Segments } from '../../../components/segments.tsx';
import { bytes as size } from '../../../format/counts.ts';
import { FileButton } from '../file-button.tsx';
import { SecretText } from '../secret-text.tsx';
import { useChosenFile } from '../use-chosen-file.ts';

/** Files are read up to this size: a larger one is the wrong file. */
const FILE_MAX = 8 * 1_048_576;
const HINTS: Readonly<Record<TextFormat, string>> = {
  dotenv: 'One NAME=value per line.',
  json: 'An object that maps names to values, or an array of objects with name and value, as in the secrets store of Nextflow.',
};

interface ImportSourceProps {
  readonly text: Uint8Array | undefined;
  readonly format: TextFormat;
  readonly onText: (text: Uint8Array | undefined) => void;
  readonly onFormat: (format: TextFormat) => void;
}

/** A text with secrets, pasted or from a file. */
export function ImportSource({ text, format, onText, onFormat }: ImportSourceProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const tooLarge = (found: number): string =>
    `The size of the file is ${size(found)}. The maximum is ${size(FILE_MAX)}.`;
  const file = useChosenFile(FILE_MAX, tooLarge, (bytes) => {
    if (bytes !== undefined) onFormat(formatOf(bytes));
    onText(bytes);
  });
  return (
    <>
      <div class="section-head">
        <Segments
          label="Format"
          value={format}
          options={[
            { value: 'dotenv', label: '.env' },
            { value: 'json', label: 'JSON' },
          ]}
          onSelect={onFormat}
        />
        {text !== undefined && <span class="quiet-text">{size(text.length)}</span>}
      </div>
      <Field label="Names and values" hint={HINTS[format]} error={file.error}>
        {(attributes) => (
          <SecretText
            attributes={attributes}
            area={area}
            word="text"
            rows={8}
            hasFocus
            file={file.name}
            onInput={(bytes) => {
              if (text === undefined && bytes !== undefined) onFormat(formatOf(bytes));
              onText(bytes);
            }}
            onFile={(chosen) => void file.take(chosen)}
            onDiscard={file.discard}
          />
        )}
      </Field>
      {text === undefined && (
        <FileButton label="File with secrets" onChoose={(chosen) => void file.take(chosen)} />
      )}
    </>
  );
}

/** Guesses the format of a text by its first character. The person can choose the other one. */
function formatOf(bytes: Uint8Array): TextFormat {
  const first = bytes.find((byte) => byte > 32);
  return first === 0x7b || first === 0x5b ? 'json' : 'dotenv';
}
