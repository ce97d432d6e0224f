import { signal } from '@preact/signals';

/** Which of the overlays of the shell is open. */
export const overlay = signal<'palette' | 'keys' | 'navigation' | undefined>(undefined);

/** Handles the keys of the whole page: Ctrl-K, `/` and `?`. Dialogs handle Escape. */
export function startKeys(): void {
  addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      overlay.value = overlay.value === 'palette' ? undefined : 'palette';
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isModal()) return;
    if (event.key === '?') overlay.value = 'keys';
    else if (event.key === '/') focusSearch(event);
  });
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLInputElement>('input[type="search"]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
  search.select();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null;
}

function isModal(): boolean {
  return document.querySelector('dialog[open]') !== null;
}
