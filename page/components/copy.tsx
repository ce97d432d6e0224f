import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { toast } from '../app/toast-list.ts';
import { shortened, visibleLines } from '../format/visible-text.ts';
import { IconButton } from './button.tsx';

const SHOWN_MS = 1600;
/** Number of characters of a command that are shown. All are copied. */
const COMMAND_MAX = 2000;

/** Copies a text and reports it. */
export async function copy(text: string, what = 'Copied'): Promise<void> {
  if (await write(text)) toast(what);
}

/** Copies a text. Returns whether that was possible, and reports a remedy if not. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    toast(
      'Cannot copy: the browser blocks access to the clipboard. Select the text and copy it manually.',
      'bad',
    );
    return false;
  }
}

/** A button that copies a text. */
export function CopyButton({
  text,
  label = 'Copy',
}: {
  readonly text: string;
  readonly label?: string;
}): JSX.Element {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => {
      setDone(false);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isDone]);
  return (
    <IconButton
      icon={isDone ? 'check' : 'copy'}
      label={isDone ? 'Copied' : label}
      onClick={() => void write(text).then(setDone)}
    />
  );
}

/** A command line with a button that copies it. */
export function Command({ children }: { readonly children: string }): JSX.Element {
  return (
    <div class="command">
      <code tabIndex={0}>{visibleLines(shortened(children, COMMAND_MAX))}</code>
      <CopyButton text={children} label="Copy the command" />
    </div>
  );
}

/** A command line for the same action, below a summary that opens it. */
export function InTerminal({ children }: { readonly children: string }): JSX.Element {
  return (
    <details class="as-command">
      <summary>Use a terminal instead</summary>
      <Command>{children}</Command>
    </details>
  );
}
