import type { JSX } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { Name } from '../components/name.tsx';
import { useModal } from '../components/use-modal.ts';
import { product } from '../product.ts';
import { overlay } from './keys.ts';
import type { PaletteEntry } from './palette-entry.ts';

/** Maximum number of shown entries. A longer text finds the others. */
const SHOWN = 12;

/** The command palette: finds screens, secrets, runs and actions by their names. */
export function Palette(): JSX.Element {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const dialog = useModal();
  const id = useId();
  const entries = product().usePaletteEntries(text);
  const found = useMemo(() => matching(entries, text).slice(0, SHOWN), [entries, text]);
  const close = (): void => {
    overlay.value = undefined;
  };
  const select = (entry: PaletteEntry | undefined): void => {
    if (entry === undefined) return;
    close();
    entry.onSelect();
  };
  return (
    <dialog
      ref={dialog}
      class="dialog palette"
      aria-label="Command palette"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={found.length === 0 ? undefined : `${id}-${String(at)}`}
          aria-label="Find a screen, workspace, secret, run or action"
          placeholder="Find a screen, workspace, secret, run or action…"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (event.key === 'Enter') select(found[at]);
            else if (step !== undefined && found.length > 0) {
              event.preventDefault();
              setAt((at + step + found.length) % found.length);
            }
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <div id={id} role="listbox" aria-label="Results" class="palette-list">
        {found.map((entry, index) => (
          <div
            key={entry.key}
            id={`${id}-${String(index)}`}
            role="option"
            aria-selected={index === at}
            onPointerMove={() => {
              setAt(index);
            }}
            onClick={() => {
              select(entry);
            }}
          >
            <Icon name={entry.icon} />
            <Name>{entry.label}</Name>
            <span class="quiet-text">{entry.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="palette-none">No matches.</p>}
    </dialog>
  );
}

/** Returns the entries with all words of the text. Those whose label starts with the text come first. */
function matching(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter(({ label, kind }) => {
    const target = `${label} ${kind}`.toLowerCase();
    return words.every((word) => target.includes(word));
  });
  const starts = ({ label }: PaletteEntry): boolean => label.toLowerCase().startsWith(words[0] ?? '');
  return [...found.filter(starts), ...found.filter((entry) => !starts(entry))];
}
