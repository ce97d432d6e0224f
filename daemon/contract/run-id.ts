import { randomBytes } from 'node:crypto';

/** 16 characters after the date; 8 in ids of version 0.1 and earlier, which stay valid. */
const RUN = /^r[0-9]{8}(?:[0-9a-z]{8}|[0-9a-z]{16})$/;
const PROBE = /^rprobe[0-9a-f]{12}$/;

/** 80 random bits in base 36 have at most 16 characters. */
const RANDOM_BYTES = 10;
const RANDOM_LENGTH = 16;

/**
 * Returns a new id for a run that is created at `time` (ISO 8601, UTC). Ids sort by day; 80 random bits make a collision
 * between machines, and a guess, infeasible. Ids hold no hyphen: AWS forbids some names that end in one.
 */
export function newRunId(time: string): string {
  const day = time.slice(0, 10).replaceAll('-', '');
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`)
    .toString(36)
    .padStart(RANDOM_LENGTH, '0');
  return `r${day}${random}`;
}

/** Returns a new id for what `doctor --probe` creates in the same way as for a run. */
export function newProbeId(): string {
  return `rprobe${randomBytes(6).toString('hex')}`;
}

export function isProbeId(name: string): boolean {
  return PROBE.test(name);
}

/** Whether nf-escrow can have created a directory of this name: its parent may hold other files of the user. */
export function isRunDirectoryName(name: string): boolean {
  return RUN.test(name) || isProbeId(name);
}
