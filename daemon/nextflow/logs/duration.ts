const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A number without a unit is milliseconds: `trace.raw`. */
const RAW = /^[0-9]{1,15}$/;
const PARTS = /^(?:[0-9]{1,9}(?:\.[0-9]{1,3})?(?:ms|[smhd])(?: |$)){1,5}$/;
const PART = /([0-9.]+)(ms|[smhd])/g;

/** Returns the milliseconds of a duration as Nextflow writes it, such as `1h 2m 3s` or `450ms`; null for other text. */
export function readDuration(text: string | null): number | null {
  if (text === null) return null;
  if (RAW.test(text)) return Number(text);
  if (!PARTS.test(text)) return null;
  const parts = [...text.matchAll(PART)].map(([, count, unit = 'ms']) => Number(count) * (UNITS[unit] ?? 1));
  return Math.round(parts.reduce((sum, part) => sum + part, 0));
}
