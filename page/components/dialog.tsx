import type { ComponentChildren, JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { visibleText } from '../format/visible-text.ts';
import { IconButton } from './button.tsx';
import { useModal } from './use-modal.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** `panel`: at the right edge of the screen, for details; `small`: for questions. */
  readonly kind?: 'small' | 'large' | 'panel';
  readonly children: ComponentChildren;
}

/**
 * A modal dialog. The element with `data-first` gets the focus, or else the content. The browser keeps the focus in the dialog
 * and closes the dialog on Escape.
 */
export function Dialog({ title, onClose, kind = 'small', children }: DialogProps): JSX.Element {
  const pressed = useRef<EventTarget | null>(null);
  const id = useId();
  // Otherwise the browser focuses the first button, which closes the dialog.
  const dialog = useModal(
    (shown) => shown.querySelector('[data-first]') ?? shown.querySelector('.dialog-content'),
  );
  return (
    <dialog
      ref={dialog}
      class={`dialog ${kind}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault(); // the component removes the dialog
        onClose();
      }}
      onMouseDown={(event) => (pressed.current = event.target)}
      onClick={(event) => {
        // Not for a press in the dialog that is released outside, as when someone selects text.
        if (event.target === dialog.current && pressed.current === dialog.current) onClose();
      }}
    >
      <div class="dialog-content" tabIndex={-1}>
        <header>
          <h2 id={id}>{visibleText(title)}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
