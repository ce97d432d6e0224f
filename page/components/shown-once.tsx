import type { ComponentChildren, JSX } from 'preact';
import { Button } from './button.tsx';
import { Command } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Note } from './states.tsx';

interface ShownOnceProps {
  readonly title: string;
  /** The token or link. */
  readonly text: string;
  /** Why it is secret. */
  readonly warning: string;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** A dialog with a token or a link that nobody can read again. */
export function ShownOnce({ title, text, warning, onClose, children }: ShownOnceProps): JSX.Element {
  return (
    <Dialog title={title} onClose={onClose}>
      <Note tone="warn">{warning}</Note>
      <Command>{text}</Command>
      {children}
      <footer>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </footer>
    </Dialog>
  );
}
