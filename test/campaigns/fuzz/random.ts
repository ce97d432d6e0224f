import { createHash } from 'node:crypto';

/** Returns the next integer from 0 to `below - 1`. The same seed gives the same sequence. */
export type Random = (below: number) => number;

/** Returns a mulberry32 generator (public domain, by Tommy Ettinger), which is fast and sufficient for fuzzing. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Derives the seed of a part of a campaign from the campaign's seed and the part's name. */
export function seedOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\0')).digest().readInt32BE(0);
}
