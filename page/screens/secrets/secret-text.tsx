import type { JSX, RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from '../../components/button.tsx';
import type { FieldAttributes } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Name } from '../../components/name.tsx';

interface SecretTextProps {
  readonly attributes: FieldAttributes;
  readonly area: RefObject<HTMLTextAreaElement>;
  /** What the text is, in the labels of the buttons. */
  readonly word: 'value' | 'text';
  readonly rows: number;
  readonly hasFocus: boolean;
  /** Name of the file that is used instead of a text. */
  readonly file: string | undefined;
  readonly onInput: (bytes: Uint8Array | undefined) => void;
  readonly onFile: (file: File | undefined) => void;
  readonly onDiscard: () => void;
}

const encoder = new TextEncoder();

/**
 * A masked text, or the file that is used instead. Only the text area itself contains the text: no attribute and no state of a
 * component does. The text is removed from it at the end.
 */
export function SecretText(props: SecretTextProps): JSX.Element {
  const { attributes, area, word, rows, hasFocus, file, onInput, onFile, onDiscard } = props;
  const [isShown, setShown] = useState(false);
  useEffect(
    () => () => {
      if (area.current !== null) area.current.value = '';
    },
    [],
  );
  if (file !== undefined)
    return (
      <div class="chosen-file">
        <Icon name="file" />
        <Name>{file}</Name>
        <IconButton icon="close" label="Discard the file" onClick={onDiscard} />
      </div>
    );
  return (
    <div
      class={isShown ? 'value' : 'value masked'}
      onDragOver={(event) => {
        event.preventDefault();
      }}
      onDrop={(event) => {
        event.preventDefault();
        onFile(event.dataTransfer?.files[0]);
      }}
    >
      <textarea
        {...attributes}
        ref={area}
        class="mono"
        rows={rows}
        {...(hasFocus ? { 'data-first': true } : {})}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        data-1p-ignore
        data-lpignore="true"
        onInput={({ currentTarget: { value } }) => {
          onInput(value === '' ? undefined : encoder.encode(value));
        }}
      />
      <IconButton
        icon="eye"
        label={isShown ? `Hide the ${word}` : `Show the ${word}`}
        onClick={() => {
          setShown(!isShown);
        }}
      />
    </div>
  );
}
