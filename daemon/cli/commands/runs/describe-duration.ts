const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** Returns a duration in its two largest units, such as `1h 2m`. Below a minute, with one decimal place: `2.1s`. */
export function describeDuration(ms: number): string {
  if (ms < 1000) return `${String(ms)}ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const first = UNITS.findIndex(([, length]) => ms >= length);
  let left = ms;
  const parts = UNITS.slice(first, first + 2).map(([unit, length]) => {
    const count = Math.floor(left / length);
    left %= length;
    return `${String(count)}${unit}`;
  });
  return parts.join(' ');
}
