import { signal } from '@preact/signals';

/** A short message about the result of an action. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'plain';
}

const SHOWN_MS = 5000;

export const toasts = signal<readonly Toast[]>([]);
let count = 0;

/** Shows a message for a few seconds. Screen readers announce it. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  count += 1;
  const id = count;
  toasts.value = [...toasts.value.slice(-2), { id, text, tone }];
  setTimeout(() => {
    dismiss(id);
  }, SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
