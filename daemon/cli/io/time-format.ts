import { count } from '../../system/count.ts';
import type { Display } from './display.ts';

/** How times are shown: as in the API (ISO 8601, UTC), or relative to now. */
export type TimeFormat = 'exact' | 'relative';

/** Options of commands that show times. */
export interface TimeOptions {
  readonly time?: TimeFormat;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Units from the largest on, with their length in milliseconds. */
const UNITS = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
] as const;

/** Returns a function that formats the times of one output, which are then relative to the same moment. */
export function timeFormatter(
  { isTerminal }: Pick<Display, 'isTerminal'>,
  { time = isTerminal ? 'relative' : 'exact' }: TimeOptions,
  now = Date.now(),
): (time: string) => string {
  return time === 'exact' ? (text) => text : (text) => relativeTime(text, now);
}

/** Returns a time as "5 minutes ago" or "in 2 hours", and any text that is not a time unchanged. */
export function relativeTime(text: string, now: number): string {
  const then = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(then)) return text;
  const distance = Math.abs(now - then);
  const [unit, length] = UNITS.find(([, size]) => distance >= size) ?? ['second', SECOND];
  const many = Math.floor(distance / length);
  if (many === 0) return 'just now';
  return then > now ? `in ${count(many, unit)}` : `${count(many, unit)} ago`;
}
