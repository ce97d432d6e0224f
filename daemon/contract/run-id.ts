import { randomBytes } from 'node:crypto';

const RUN = /^r[0-9]{8}[0-9a-z]{8}$/;
const PROBE = /^rprobe[0-9a-f]{12}$/;

/**
 * A new id of a run that is made at `time` (ISO 8601, UTC). Sorts by day; 40 random bits keep two machines from meeting. No
 * hyphen: AWS forbids some names that end in one.
 */
export function newRunId(time: string): string {
  const day = time.slice(0, 10).replaceAll('-', '');
  const random = BigInt(`0x${randomBytes(5).toString('hex')}`)
    .toString(36)
    .padStart(8, '0');
  return `r${day}${random}`;
}

/** A new id of what `doctor --probe` places, as a run's is placed. */
export function newProbeId(): string {
  return `rprobe${randomBytes(6).toString('hex')}`;
}

export function isProbeId(name: string): boolean {
  return PROBE.test(name);
}

/** Whether a directory of this name can be one that we made: the directory around it may hold what a user keeps there. */
export function isRunDirectoryName(name: string): boolean {
  return RUN.test(name) || isProbeId(name);
}
