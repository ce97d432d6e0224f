import type { JSX } from 'preact';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { visibleText } from '../format/visible-text.ts';
import { dismiss, toasts } from './toast-list.ts';

const TEXT_MAX = 600;

/** The messages about results of actions. Their live region always exists, so that screen readers announce new messages. */
export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone === 'bad' ? 'alert' : 'done'} />
          <span>{visibleText(text, TEXT_MAX)}</span>
          <IconButton
            icon="close"
            label="Dismiss"
            onClick={() => {
              dismiss(id);
            }}
          />
        </div>
      ))}
    </div>
  );
}
