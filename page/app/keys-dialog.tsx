import type { JSX } from 'preact';
import { Dialog } from '../components/dialog.tsx';
import { overlay } from './keys.ts';

const KEYS: readonly (readonly [keys: string, effect: string])[] = [
  ['Ctrl K', 'Find a screen, workspace, secret, run or action'],
  ['/', 'Move to the search field'],
  ['↓ ↑', 'Go to the next or previous run'],
  ['?', 'Show the keyboard shortcuts'],
  ['Esc', 'Close a dialog or menu'],
  ['Tab', 'Go to the next control'],
];

/** The keys of the page. */
export function KeysDialog(): JSX.Element {
  return (
    <Dialog title="Keyboard shortcuts" onClose={() => (overlay.value = undefined)}>
      <dl class="keys">
        {KEYS.map(([keys, effect]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
