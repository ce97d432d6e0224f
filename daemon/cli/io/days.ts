import { EscrowError } from '../../errors.ts';

/** Returns the number of days in the option --days; undefined without it. `digits`: their maximum number. Throws `usage`. */
export function readDays(days: string | undefined, digits: number): number | undefined {
  if (days === undefined) return undefined;
  if (/^[1-9][0-9]*$/.test(days) && days.length <= digits) return Number(days);
  throw new EscrowError('usage', `--days must be a number of days, not "${days}".`);
}
