import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../daemon/contract/types.ts';
import { asProblem } from '../api/call.ts';
import { Button } from './button.tsx';
import { InTerminal } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { Failure } from './states.tsx';

interface FormDialogProps {
  readonly title: string;
  /** What the button does. */
  readonly action: string;
  readonly isDanger?: boolean;
  /** Whether the form can be sent. */
  readonly isReady?: boolean;
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  /** Called when it has succeeded. Default: closes the dialog. */
  readonly onDone?: () => void;
  /** The command that does the same. */
  readonly command?: string;
  readonly children?: ComponentChildren;
}

/** A dialog with a form, or a question before something is destroyed. Shows why the request failed. */
export function FormDialog(props: FormDialogProps): JSX.Element {
  const { title, action, isDanger = false, isReady = true, onSubmit, onClose, command, children } = props;
  const { onDone = onClose } = props;
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = async (): Promise<void> => {
    if (isBusy || !isReady) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onSubmit();
      onDone();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        noValidate
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {children}
        {problem !== undefined && <Failure problem={problem} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={isDanger ? 'danger' : 'primary'} type="submit" isBusy={isBusy} disabled={!isReady}>
            {action}
          </Button>
        </footer>
      </form>
      {command !== undefined && <InTerminal>{command}</InTerminal>}
    </Dialog>
  );
}
