import { signal } from '@preact/signals';

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

/** The current time, for relative times. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 15_000);

/** Returns a time relative to now: `5 minutes ago`. */
export function relativeTime(iso: string, at: number): string {
  const seconds = (Date.parse(iso) - at) / 1000;
  if (Math.abs(seconds) < 60) return 'just now'; // `now` can be older than a new time
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** Returns a time in the reader's time zone. */
export function exactTime(iso: string): string {
  return exact.format(new Date(iso));
}

/** Returns the time between two moments: `1 h 5 min`. */
export function duration(from: string, until: number): string {
  const seconds = Math.max(0, Math.round((until - Date.parse(from)) / 1000));
  return describeSeconds(seconds);
}

/** Returns a number of seconds with its two largest units. */
export function describeSeconds(seconds: number): string {
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${String(hours)} h ${String(minutes % 60)} min`;
  return `${String(Math.floor(hours / 24))} d ${String(hours % 24)} h`;
}
