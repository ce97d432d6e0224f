import { EscrowError } from '../errors.ts';

/** The times between which something happened: `since` or later, and before `until`. */
interface Times {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Converts times to the form that the ledger compares. Throws `request-unprocessable`. */
export function timeFilter({ since, until }: Times): { since?: string; until?: string } {
  return {
    ...(since === undefined ? {} : { since: timeOf('since', since) }),
    ...(until === undefined ? {} : { until: timeOf('until', until) }),
  };
}

/** The schema has checked the form, but not whether the day exists. */
function timeOf(name: string, text: string): string {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new EscrowError('request-unprocessable', `Cannot filter by "${name}": there is no such time.`, {
    hint: 'Use a time such as 2026-11-28T10:00:00Z.',
  });
}
