import type { Tone } from '../components/badge.tsx';

const COLOURS: Readonly<Record<Tone, string>> = {
  plain: '#7a818d',
  accent: '#3451c6',
  good: '#1a7f4b',
  warn: '#b7791f',
  bad: '#c0272d',
};

/** Shows a state in the icon of the browser tab as a dot in its colour. Without a state, shows the logo of the product. */
export function setIcon(tone: Tone | undefined): void {
  const dot =
    tone === undefined
      ? ''
      : `<circle cx="24" cy="24" r="8" fill="${COLOURS[tone]}" stroke="#fff" stroke-width="2"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#16181d"/><path d="M23 10.6A8.2 8.2 0 1 0 24.2 16" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>${dot}</svg>`;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link !== null) link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
