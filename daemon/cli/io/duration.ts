import { EscrowError } from '../../errors.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Timers of Node have 31 bits of milliseconds, which is 24.8 days. */
const MAX_MS = 24 * 86_400_000;

/** Parses a duration such as `90`, `90s`, `1.5h` or `2d`, in seconds without a unit. Returns milliseconds. Throws `usage`. */
export function readDuration(option: string, text: string): number {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])?$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms <= MAX_MS) return Math.ceil(ms);
  throw new EscrowError('usage', `${option} must be a time from 1s to 24d, not "${text}".`, {
    hint: 'Give a number of seconds, or a number with a unit: 90, 90s, 30m, 2h, 1d.',
  });
}
