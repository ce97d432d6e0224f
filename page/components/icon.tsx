import type { JSX } from 'preact';

/** Paths of the icons in a square of 16, drawn for this page with one stroke width. */
const PATHS = {
  alert: 'M8 2.2 14.4 13.4H1.6ZM8 6.4v3.2M8 11.6v.1',
  archive: 'M2.2 3h11.6v3H2.2ZM3.4 6v7.2h9.2V6M6.4 8.8h3.2',
  audit: 'M3 2.6h10v10.8H3ZM5.6 5.6h4.8M5.6 8h4.8M5.6 10.4h2.8',
  bell: 'M4 11V7.2a4 4 0 0 1 8 0V11l1.2 1.6H2.8ZM6.6 14.2h2.8',
  check: 'M3 8.6 6.4 12 13 4.6',
  chevron: 'M6 3.6 10.4 8 6 12.4',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 4.8V8l2.2 1.6',
  close: 'M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4',
  command: 'M2.6 4.4 6 8l-3.4 3.6M8 12h5.4',
  copy: 'M5.6 5.6h7.8v7.8H5.6ZM3.4 10.4h-.8V2.6h7.8v.8',
  cross: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  done: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM5.2 8.2l2 2 3.6-4',
  edit: 'M2.8 13.2l.6-3 7-7 2.4 2.4-7 7ZM9 4.6 11.4 7',
  exit: 'M6.4 2.6H2.8v10.8h3.6M6.6 8h6.8M10.6 5l3 3-3 3',
  eye: 'M1.6 8C3 5.2 5.2 3.8 8 3.8S13 5.2 14.4 8c-1.4 2.8-3.6 4.2-6.4 4.2S3 10.8 1.6 8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z',
  file: 'M3.8 1.8h5.4l3 3v9.4H3.8ZM9 2v3h3',
  help: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.2v.1',
  info: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 7.4v3.4M8 5.2v.1',
  key: 'M5.4 6.2a3.2 3.2 0 1 1-.001 6.4A3.2 3.2 0 0 1 5.4 6.2ZM7.7 7.2l5.7-5M11 4.2l2 2.2',
  launch:
    'M6.2 9.8 3 9.2l2-3.4 2.4-.2c1.4-2 3.4-3.2 6-3 .2 2.6-1 4.6-3 6l-.2 2.4-3.4 2ZM4.6 11.4l-2 2M9.9 5.9v.1',
  menu: 'M2.4 4.4h11.2M2.4 8h11.2M2.4 11.6h11.2',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6Z',
  more: 'M3.4 8v.1M8 8v.1M12.6 8v.1',
  person: 'M8 2.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM2.8 13.6c.6-2.6 2.6-4 5.2-4s4.6 1.4 5.2 4',
  plus: 'M8 3v10M3 8h10',
  print: 'M4.4 5.6V2h7.2v3.6M4.4 11H2.2V5.6h11.6V11h-2.2M4.4 9h7.2v5H4.4Z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13.2 2v3h-3',
  run: 'M4.4 2.8 12.6 8l-8.2 5.2Z',
  search: 'M7 2.4a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 0 0 0-9.2ZM10.4 10.4l3.2 3.2',
  server: 'M2.4 2.6h11.2v4.2H2.4ZM2.4 9.2h11.2v4.2H2.4ZM5 4.7v.1M5 11.3v.1',
  shield: 'M8 1.8l5 1.8v4c0 3.2-2 5.4-5 6.6-3-1.2-5-3.4-5-6.6v-4ZM5.8 8l1.6 1.6 2.8-3',
  stop: 'M4 4h8v8H4Z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.6v1M8 13.4v1M1.6 8h1M13.4 8h1M3.5 3.5l.7.7M11.8 11.8l.7.7M12.5 3.5l-.7.7M4.2 11.8l-.7.7',
  switch: 'M5 6l3-3 3 3M5 10l3 3 3-3',
  system: 'M2.2 3h11.6v7.6H2.2ZM5.6 13.4h4.8',
  trash: 'M2.8 4.2h10.4M6 4V2.4h4V4M4.2 4.2l.6 9.4h6.4l.6-9.4M6.6 6.8v4M9.4 6.8v4',
  upload: 'M8 10.4V2.6M4.8 5.6 8 2.4l3.2 3.2M2.6 10.6v2.8h10.8v-2.8',
} as const;

export type IconName = keyof typeof PATHS;

/** The names of all icons, for the page of components. */
export const iconNames = Object.keys(PATHS) as IconName[];

/** An icon. Screen readers ignore it and read the text next to it, or the label of its button. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The logo: a keyhole in an open ring. */
export function Logo({ size = 22 }: { readonly size?: number }): JSX.Element {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 22 22" aria-hidden="true">
      <rect width="22" height="22" rx="6" />
      <path d="M15.6 7.4A5.6 5.6 0 1 0 16.6 11" />
      <path d="M11 8.4a1.7 1.7 0 0 1 .9 3.1l.5 2.3H9.6l.5-2.3a1.7 1.7 0 0 1 .9-3.1Z" class="logo-hole" />
    </svg>
  );
}
