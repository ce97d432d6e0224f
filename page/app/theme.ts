import { effect, signal } from '@preact/signals';
import { readStored, store } from './stored.ts';

export type Theme = 'system' | 'light' | 'dark';

const stored = readStored('theme');
export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');

const dark = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = signal(dark.matches ? 'dark' : 'light');

/** Applies the theme. theme.js applies it before the first paint. */
export function startTheme(): void {
  dark.addEventListener('change', () => {
    systemTheme.value = dark.matches ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value === 'system' ? systemTheme.value : theme.value;
    store('theme', theme.value === 'system' ? undefined : theme.value);
  });
}
