/** The time in the browser. Before the time of any test, so that no session has expired. */
export const NOW = Date.parse('2025-01-15T12:00:00.000Z');

const MINUTE = 60_000;
/** Minutes before now, by the property. */
const TIMES: Readonly<Record<string, number>> = {
  dateCreated: 40_000,
  lastUpdated: 20_000,
  createdAt: 95,
  placedAt: 95,
  startedAt: 94,
  lastUsed: 90,
  endedAt: 52,
  goneAt: 52,
  purgedAt: 52,
  issuedAt: 51,
};
const OTHER_TIME = 95;
/** Numbers that differ at each execution, by the property. */
const NUMBERS: Readonly<Record<string, number>> = { pid: 1771, durationMs: 83_000, bytes: 81_234 };

/** A word that differs at each execution, and the word that is shown instead. */
export type Substitution = readonly [found: string, shown: string];

/** Returns the body of a response with fixed times, numbers, ids, names and paths. */
export function freezeJson(text: string, substitutions: readonly Substitution[]): string {
  return JSON.stringify(freeze(JSON.parse(text), '', substitutions));
}

/** Returns a text with fixed ids, names and paths. */
export function freezeText(text: string, substitutions: readonly Substitution[]): string {
  return substitute(text, substitutions).replaceAll(/(?<=Process: |fake_)\d+/g, '1771');
}

/** Replaces whole words: a host name may be part of another word. */
export function substitute(text: string, substitutions: readonly Substitution[]): string {
  return substitutions.reduce((result, [found, shown]) => {
    const pattern = found.replaceAll(/[^\w/]/g, '\\$&');
    return result.replaceAll(new RegExp(`(?<![\\w-])${pattern}(?![\\w-])`, 'g'), shown);
  }, text);
}

function freeze(value: unknown, key: string, substitutions: readonly Substitution[]): unknown {
  if (typeof value === 'number') return NUMBERS[key] ?? value;
  if (typeof value === 'string')
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? timeOf(key) : freezeText(value, substitutions);
  if (Array.isArray(value)) return value.map((item) => freeze(item, key, substitutions));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, freeze(item, name, substitutions)]),
  );
}

function timeOf(key: string): string {
  return new Date(NOW - (TIMES[key] ?? OTHER_TIME) * MINUTE).toISOString();
}
