import { randomBytes } from 'node:crypto';

/** 16 characters after the date; 8 in ids of older versions, which remain valid. */
const RUN = /^r[0-9]{8}(?:[0-9a-z]{8}|[0-9a-z]{16})$/;
const PROBE = /^rprobe[0-9a-f]{12}$/;

/** 80 random bits in base 36 have at most 16 characters. */
const RANDOM_BYTES = 10;
const RANDOM_LENGTH = 16;

/**
 * Returns a new id for a run that is created at `time` (ISO 8601, UTC). Ids sort by day; 80 random bits make a collision
 * between machines, and a guess, infeasible. Ids contain no hyphen, because the name of an AWS secret must not end with a
 * hyphen and six characters.
 */
export function newRunId(time: string): string {
  const day = time.slice(0, 10).replaceAll('-', '');
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`)
    .toString(36)
    .padStart(RANDOM_LENGTH, '0');
  return `r${day}${random}`;
}

/** Returns a new id for the objects that `doctor --probe` creates like those of a run. */
export function newProbeId(): string {
  return `rprobe${randomBytes(6).toString('hex')}`;
}

/** Returns whether a name is the id of a probe. */
export function isProbeId(name: string): boolean {
  return PROBE.test(name);
}

/** Returns whether a directory of this name can be a run directory. Its parent may contain other files of the user. */
export function isRunDirectoryName(name: string): boolean {
  return RUN.test(name) || isProbeId(name);
}
