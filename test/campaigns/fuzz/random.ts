import { createHash } from 'node:crypto';

/** Whole numbers from 0 up to, not including, `below`; the same ones for the same seed. */
export type Random = (below: number) => number;

/** mulberry32 (public domain, by Tommy Ettinger): small, quick, and good enough to choose bytes by. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A seed for one part of a campaign: that of the campaign, and what names the part. */
export function seedOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\0')).digest().readInt32BE(0);
}
